//! What the pretend Smartpay keeps: whole, private, and changed by one process at a time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use chrono::TimeDelta;
use rand::SeedableRng;
use rand::rngs::StdRng;

use tokenledger::sandbox::ActError;
use tokenledger::sandbox::Action;
use tokenledger::sandbox::Sandbox;
use tokenledger::sandbox::StateError;
use tokenledger::token::Said;

use crate::sandbox::create;
use crate::sandbox::noon;
use crate::sandbox::rng;

fn damaged(path: &Path, text: &str) -> StateError {
    fs::write(path, text).unwrap();
    Sandbox::open(path).unwrap_err()
}

#[test]
fn only_what_was_saved_is_there_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("smartpay.json");
    let mut rng = rng();
    let mut sandbox = Sandbox::open(&path).unwrap();
    let id = create(&mut sandbox, &mut rng).token().clone();
    sandbox.save().unwrap();
    sandbox.apply(&id, Action::Approve, noon(), &mut rng).unwrap();
    drop(sandbox);
    fs::write(folder.path().join("smartpay.json.new"), "half a file").unwrap();

    let mut sandbox = Sandbox::open(&path).unwrap();
    assert_eq!(sandbox.token(&id).unwrap().status(), Said::RequiresAuthorization);
    let later = noon() + TimeDelta::seconds(5);
    sandbox.apply(&id, Action::Approve, later, &mut rng).unwrap();
    let kept = sandbox.tokens().to_vec();
    sandbox.save().unwrap();
    drop(sandbox);
    assert_eq!(Sandbox::open(&path).unwrap().tokens(), kept);
    for entry in fs::read_dir(folder.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn adopted_tokens_do_not_undo_what_happened_since() {
    let folder = tempfile::tempdir().unwrap();
    let mut sandbox = Sandbox::open(&folder.path().join("smartpay.json")).unwrap();
    let mut rng = rng();
    let id = create(&mut sandbox, &mut rng).token().clone();
    let before = sandbox.tokens().to_vec();
    sandbox.apply(&id, Action::Approve, noon(), &mut rng).unwrap();
    sandbox.adopt(&before);
    assert_eq!(sandbox.tokens().len(), 1);
    assert_eq!(sandbox.token(&id).unwrap().status(), Said::Active);
    let other = Sandbox::open(&folder.path().join("other.json")).map(|mut other| {
        other.adopt(&before);
        other.apply(&id, Action::Use, noon(), &mut rng)
    });
    assert!(matches!(other, Ok(Err(ActError::Illegal(_)))));
}

#[test]
fn a_damaged_file_is_named_without_repeating_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("smartpay.json");
    let mut sandbox = Sandbox::open(&path).unwrap();
    create(&mut sandbox, &mut rng());
    sandbox.save().unwrap();
    drop(sandbox);
    let good = fs::read_to_string(&path).unwrap();
    let token = &good[good.find("paytok_").unwrap()..][..34];
    let cut = damaged(&path, &good[..good.len() / 2]);
    let swapped = damaged(&path, &good.replace("requires_authorization", token));
    let prefix = damaged(&path, &good.replace("paytok_test_", "paytok_nest_"));
    for error in [&cut, &swapped, &prefix] {
        assert!(matches!(error, StateError::Damaged { .. }), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("smartpay.json") && !shown.contains("paytok_"), "{shown}");
    }
    let newer = damaged(&path, &good.replace("\"format\": 1", "\"format\": 2"));
    assert!(matches!(newer, StateError::Format { found: 2, .. }), "{newer}");
    let row = &good[good.find("    {").unwrap()..=good.rfind('}').unwrap() - 5];
    let twice = damaged(&path, &good.replace(row, &format!("{row},{row}")));
    assert!(matches!(twice, StateError::Twice { .. }), "{twice}");
}

#[test]
fn processes_change_the_file_in_turn() {
    const PROCESSES: u64 = 8;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("smartpay.json");
    thread::scope(|scope| {
        for seed in 0..PROCESSES {
            let path = &path;
            scope.spawn(move || {
                let mut sandbox = Sandbox::open(path).unwrap();
                create(&mut sandbox, &mut StdRng::seed_from_u64(seed));
                thread::yield_now();
                sandbox.save().unwrap();
            });
        }
    });
    let made = u64::try_from(Sandbox::open(&path).unwrap().tokens().len()).unwrap();
    assert_eq!(made, PROCESSES);
}
