//! Recorded histories: each gives the events and the status that the reference model gave.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;

use tokenledger::token::Command;

use crate::token_inputs::Input;
use crate::token_inputs::ModelEvent;
use crate::token_inputs::after;
use crate::token_inputs::in_model_words;
use crate::token_inputs::rebuilt;

#[derive(Deserialize)]
struct History {
    name: String,
    inputs: Vec<Input>,
    events: Vec<ModelEvent>,
    status: String,
}

#[test]
fn every_recorded_history_gives_its_events_and_its_status() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/token-histories.jsonl");
    assert_eq!(replay(&own), 800, "histories are missing");
}

/// Colon-separated paths to further files of the same form.
#[test]
fn so_does_every_history_given_from_outside() {
    let Some(paths) = env::var_os("TOKENLEDGER_TEST_HISTORIES") else { return };
    for path in env::split_paths(&paths).filter(|path| *path != PathBuf::new()) {
        assert!(replay(&path) > 0, "{} holds no history", path.display());
    }
}

fn replay(path: &Path) -> usize {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let histories = text.lines().filter(|line| !line.trim().is_empty());
    histories.map(check).count()
}

fn check(line: &str) {
    let history: History = serde_json::from_str(line).unwrap();
    let commands: Vec<Command> = history.inputs.iter().map(Input::command).collect();
    let token = after(&commands);
    assert_eq!(in_model_words(&token), history.events, "events of {}", history.name);
    assert_eq!(token.status().as_str(), history.status, "status of {}", history.name);
    assert_eq!(rebuilt(&token).status(), token.status(), "rebuilding {}", history.name);
}
