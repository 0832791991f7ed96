//! Tokens that vanish: believed up to a number, above it by somebody who looked.

use serde_json::json;
use tokenledger::reconcile::Done;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::Options;
use tokenledger::reconcile::State;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::reconcile::AT_ONCE;
use crate::reconcile::Account;
use crate::reconcile::fake::Fake;
use crate::reconcile::fake::active;
use crate::reconcile::fake::is_list;
use crate::reconcile::fake::not_found;
use crate::reconcile::fake::page;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::told;

async fn deleted(account: &Account) -> usize {
    let mut deleted = 0;
    for (token, _) in account.truth().await {
        deleted += usize::from(account.world.status(&token).await == "deleted");
    }
    deleted
}

#[tokio::test]
async fn more_than_are_believed_in_a_day_need_somebody_to_accept_them() {
    let account = Account::new().await;
    let mut tokens = Vec::new();
    for number in 0..25 {
        tokens.push(account.active_token(number).await);
    }
    account.settles().await;
    account.faults(json!({"webhooks": {"drop": 1}})).await;
    for token in &tokens[..4] {
        account.changes(token, "delete").await;
    }
    let run = account.compares(AT_ONCE).await;
    assert_eq!((run.state, run.counts.absent, run.counts.recorded), (State::Done, 4, 4));
    for token in &tokens[4..11] {
        account.changes(token, "delete").await;
    }
    // Four of today and seven more: one too many, and none of them is taken.
    let before = account.world.position().await;
    let run = account.compares(AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::TooManyAbsences)));
    assert_eq!((run.counts.absent, run.counts.recorded), (7, 0));
    assert_eq!((run.absences_before, run.absences_allowed), (4, 10));
    assert_eq!((account.world.position().await, deleted(&account).await), (before, 4));
    assert!(account.world.found(&run).await.iter().all(|one| one.done == Done::NotRecorded));
    let accepted = Options { accept: Some(11), ..AT_ONCE };
    let run = account.compares(accepted).await;
    assert_eq!((run.state, run.counts.recorded), (State::Done, 7));
    assert_eq!(account.differing().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_smartpay_that_finds_one_token_and_none_of_the_others_deletes_none() {
    let world = World::new().await;
    for number in 0..30 {
        world.delivers(&approved(&token_id(number))).await;
    }
    let rows = [active(&token_id(0))];
    let fake = Fake::of(move |path, _| if is_list(path) { page(&rows, None) } else { not_found() });
    let fake = fake.await;
    let before = world.position().await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::TooManyAbsences)));
    assert_eq!((run.counts.absent, world.position().await), (29, before));
}

#[tokio::test]
async fn pending_tokens_that_are_gone_are_known_to_be_gone_afterwards() {
    let world = World::new().await;
    for number in 0..3 {
        world.delivers(&told(&token_id(number), Happened::Created, NOW_MS - 9_000)).await;
    }
    world.delivers(&approved(&token_id(9))).await;
    let rows = [active(&token_id(9))];
    let fake = Fake::of(move |path, _| if is_list(path) { page(&rows, None) } else { not_found() });
    let fake = fake.await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.counts.absent, run.counts.recorded), (3, 3));
    assert_eq!(world.count("words WHERE said = 'absent'").await, 3);
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.counts.different, run.counts.matched), (0, 4));
}
