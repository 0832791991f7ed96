//! The rules against their executable reference: the same random inputs, the same events.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Command as Process;
use std::process::Stdio;

use proptest::collection::vec;
use proptest::strategy::Strategy;
use proptest::strategy::ValueTree;
use proptest::test_runner::Config;
use proptest::test_runner::RngAlgorithm;
use proptest::test_runner::TestRng;
use proptest::test_runner::TestRunner;
use serde::Serialize;

use tokenledger::token::Command;

use crate::seed::seed;
use crate::token_inputs::Input;
use crate::token_inputs::ModelEvent;
use crate::token_inputs::after;
use crate::token_inputs::in_model_words;
use crate::token_random::any_input;

const HISTORIES: usize = 3000;
const INPUTS_MAX: usize = 14;

/// One line of the form that the model replays.
#[derive(Serialize)]
struct History {
    name: String,
    inputs: Vec<Input>,
    events: Vec<ModelEvent>,
    status: String,
}

/// `TOKENLEDGER_TEST_SEED` replays a failure; `TOKENLEDGER_TEST_NO_SKIP=1` insists on Python.
#[test]
fn the_rules_and_the_reference_model_agree_on_random_histories() {
    let seed = seed();
    let mut lines = String::new();
    for history in histories(seed) {
        lines.push_str(&serde_json::to_string(&history).unwrap());
        lines.push('\n');
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(lines.as_bytes()).unwrap();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/token_model.py");
    let mut python = Process::new("python3");
    python.arg("-B").arg(&model).arg(file.path()).stdin(Stdio::null());
    let Ok(output) = python.output() else {
        let insists = env::var_os("TOKENLEDGER_TEST_NO_SKIP").is_some_and(|value| value == "1");
        assert!(!insists, "python3 is missing, install it or unset TOKENLEDGER_TEST_NO_SKIP");
        skipped("python3 is missing, the reference model was not asked");
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "TOKENLEDGER_TEST_SEED={seed}: {complaint}");
    assert_eq!(said.trim(), format!("{HISTORIES} histories agree"));
}

fn histories(seed: u64) -> impl Iterator<Item = History> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let inputs = vec(any_input(), 0..INPUTS_MAX);
    (0..HISTORIES).map(move |number| {
        let inputs = inputs.new_tree(&mut runner).unwrap().current();
        let commands: Vec<Command> = inputs.iter().map(Input::command).collect();
        let token = after(&commands);
        let status = token.status().as_str().to_owned();
        History { name: format!("r{number}"), inputs, events: in_model_words(&token), status }
    })
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
