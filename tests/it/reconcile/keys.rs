//! Keys that are not this ledger's: nothing is concluded from what they show.

use serde_json::json;
use tokenledger::reconcile::CannotBegin;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::State;
use tokenledger::token::Said;

use crate::bodies::NOW_MS;
use crate::reconcile::AT_ONCE;
use crate::reconcile::fake::Fake;
use crate::reconcile::fake::active;
use crate::reconcile::fake::is_list;
use crate::reconcile::fake::not_found;
use crate::reconcile::fake::object;
use crate::reconcile::fake::page;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::told;

async fn world(tokens: u64) -> World {
    let world = World::new().await;
    for number in 0..tokens {
        world.delivers(&approved(&token_id(number))).await;
    }
    world
}

#[tokio::test]
async fn a_key_that_is_refused_ends_the_run() {
    let world = world(3).await;
    let fake =
        Fake::of(|_, _| (401, json!({"statusCode": 401, "scheme": "Basic", "realm": "smartpay"})));
    let fake = fake.await;
    let before = world.position().await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::KeyRefused)));
    assert_eq!((world.position().await, fake.count()), (before, 1));
}

#[tokio::test]
async fn a_key_that_finds_nothing_deletes_nothing() {
    for tokens in [1, 3, 40] {
        let world = world(tokens).await;
        let fake = Fake::of(|path, _| if is_list(path) { page(&[], None) } else { not_found() });
        let fake = fake.await;
        let head = "SELECT row(position, input)::text FROM head";
        let before: String = world.one(head).await;
        let run = world.compares(&fake.url, AT_ONCE).await;
        assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::KeyUnproven)));
        assert_eq!(world.one::<String>(head).await, before);
        assert_eq!(
            world.count("tokens WHERE status = 'active'").await,
            i64::try_from(tokens).unwrap()
        );
        // What a person accepts is how many, not whose key.
        let accepted = tokenledger::reconcile::Options { accept: Some(100), ..AT_ONCE };
        let run = world.compares(&fake.url, accepted).await;
        assert_eq!(run.ending, Some(Ending::KeyUnproven));
        assert_eq!(world.one::<String>(head).await, before);
    }
}

#[tokio::test]
async fn the_tokens_of_another_account_are_not_taken_in() {
    let world = world(3).await;
    let rows: Vec<_> = (500..520).map(|number| active(&token_id(number))).collect();
    let fake = Fake::of(move |path, _| if is_list(path) { page(&rows, None) } else { not_found() });
    let fake = fake.await;
    let before = world.position().await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::KeyUnproven)));
    assert_eq!(world.position().await, before);
    assert_eq!(world.count("tokens").await, 3);
}

#[tokio::test]
async fn an_empty_ledger_takes_in_what_there_is() {
    let world = world(0).await;
    let rows: Vec<_> = (0..5).map(|number| active(&token_id(number))).collect();
    let fake = Fake::of(move |_, _| page(&rows, None)).await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.state, run.counts.only_at_smartpay), (State::Done, 5));
    assert_eq!(run.counts.unattributed, 5);
    assert_eq!(world.count("tokens WHERE status = 'active'").await, 5);
}

#[tokio::test]
async fn a_key_of_the_other_mode_does_not_begin() {
    let world = world(1).await;
    let fake = Fake::of(|_, _| not_found()).await;
    let reconciler = world.reconciler_with(&fake.url, "sk_live_5f0c1d9e7a3b486295ce8d17f4a06b3c");
    let refused = reconciler.begin(AT_ONCE, "a test").await;
    assert!(matches!(refused, Err(CannotBegin::WrongMode)));
    assert_eq!((fake.count(), world.count("runs").await), (0, 0));
}

#[tokio::test]
async fn an_absence_that_is_refuted_comes_back() {
    let world = world(3).await;
    let gone = token_id(0);
    let rows = [active(&token_id(1)), active(&token_id(2))];
    let fake = Fake::of(move |path, _| if is_list(path) { page(&rows, None) } else { not_found() });
    let run = world.compares(&fake.await.url, AT_ONCE).await;
    assert_eq!((run.counts.absent, run.counts.recorded), (1, 1));
    assert_eq!(world.status(&gone).await, "deleted");
    // As old as the approval: the deletion was no statement of Smartpay's.
    let back = [active(&token_id(0)), active(&token_id(1)), active(&token_id(2))];
    let fake = Fake::of(move |_, _| page(&back, None)).await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.counts.different, run.counts.recorded), (1, 1));
    assert_eq!(world.status(&gone).await, "active");
    assert_eq!(world.timeline(&gone).await, ["Activated", "Deleted", "Enabled"]);
    // Really gone now.
    let said = object(&gone, Said::Deleted, NOW_MS - 500);
    world.delivers(&told(&gone, tokenledger::token::Happened::Deleted, NOW_MS - 500)).await;
    let rows = [said, active(&token_id(1)), active(&token_id(2))];
    let fake = Fake::of(move |_, _| page(&rows, None)).await;
    assert_eq!(world.compares(&fake.url, AT_ONCE).await.counts.different, 0);
}
