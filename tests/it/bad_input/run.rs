//! Runs files of cases.

use std::path::PathBuf;

use tokio::task::JoinSet;

use crate::bad_input::alone;
use crate::bad_input::case::Case;
use crate::bad_input::case::read;
use crate::bad_input::check;
use crate::bad_input::rest;
use crate::bad_input::sending::Sent;
use crate::bad_input::sending::send;
use crate::merchant::Merchant;
use crate::world::World;

#[tokio::test]
async fn every_case_of_bad_input_is_met_as_its_file_says() {
    let (theirs, ours) = tokio::join!(
        wrong_cases(PathBuf::from("tests/bad-input/bad-input.json")),
        wrong_cases(PathBuf::from("tests/bad-input/own.json")),
    );
    let wrong = [theirs, ours].concat();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
async fn every_case_of_further_files_is_met_as_they_say() {
    let further = std::env::var("TOKENLEDGER_TEST_BAD_INPUT").unwrap_or_default();
    for path in std::env::split_paths(&further).filter(|path| !path.as_os_str().is_empty()) {
        let wrong = wrong_cases(path.clone()).await;
        assert!(wrong.is_empty(), "{}: {wrong:#?}", path.display());
    }
}

#[test]
fn the_files_hold_enough_and_no_case_is_forgotten() {
    let theirs = read("tests/bad-input/bad-input.json".as_ref());
    let ours = read("tests/bad-input/own.json".as_ref());
    assert!(theirs.len() >= 141 && ours.len() >= 60);
    let alone: Vec<_> = theirs.iter().filter(|case| case.is_alone()).collect();
    for case in &alone {
        let places = alone::TESTED.iter().chain(&alone::LATER).filter(|(id, _)| *id == case.id);
        assert_eq!(places.count(), 1, "{}: {}", case.id, case.words);
    }
    assert_eq!(alone.len(), alone::TESTED.len() + alone::LATER.len());
    assert!(ours.iter().all(|case| !case.is_alone()), "own cases are all run from the file");
}

/// On a ledger of its own: what each case did that it should not.
async fn wrong_cases(path: PathBuf) -> Vec<String> {
    let cases = read(&path);
    let Merchant { world, served, gateway: _between, .. } = Merchant::deaf().await;
    let webhooks: Vec<Case> = cases.iter().filter(|case| case.is_webhook()).cloned().collect();
    let (nothing, rest): (Vec<_>, Vec<_>) = webhooks.into_iter().partition(Case::may_store_nothing);
    let address = served.address;
    let before = check::traces(&world).await;
    let mut wrong = Vec::new();
    let literal = rest::wrong_answers(address, &cases, false);
    let (refused, literal) = tokio::join!(all_at_once(address, nothing), literal);
    for (case, sent) in &refused {
        note(&mut wrong, case, check::of_answers(case, &sent.answers));
    }
    wrong.extend(literal);
    if check::traces(&world).await != before {
        wrong.push(format!("something was stored: {}", stored(&world).await));
    }
    wrong.extend(rest::wrong_answers(address, &cases, true).await);
    for (case, sent) in &all_at_once(address, rest).await {
        let answered = check::of_answers(case, &sent.answers);
        note(&mut wrong, case, answered.clone());
        if answered.is_ok() {
            note(&mut wrong, case, check::of_row(&world, case, sent).await);
        }
    }
    wrong
}

async fn all_at_once(address: std::net::SocketAddr, cases: Vec<Case>) -> Vec<(Case, Sent)> {
    let mut sending = JoinSet::new();
    for case in cases {
        sending.spawn(async move { (case.clone(), send(address, case).await) });
    }
    sending.join_all().await
}

fn note(wrong: &mut Vec<String>, case: &Case, outcome: Result<(), String>) {
    if let Err(what) = outcome {
        wrong.push(format!("{} ({}): {what}", case.id, case.words));
    }
}

async fn stored(world: &World) -> String {
    world.one("SELECT coalesce(string_agg(coalesce(event_id, '?'), ' '), '') FROM inputs").await
}
