//! Data that the database or the rules refuse: one culprit takes nobody with it, and is kept.

use std::collections::HashSet;

use tokenledger::database::SERVICE;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Refused;
use tokenledger::ledger::Verdict;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::event_sql;
use crate::world::token_id;
use crate::world::told;

const GROUP: u64 = 9;
const CULPRIT: u64 = 5;

fn is_internal(receipt: &Receipt) -> bool {
    (receipt.verdict, receipt.reason) == (Verdict::Quarantined, Some("internal"))
}

/// A group in which one delivery, of the token `CULPRIT`, is refused for its data.
async fn a_group_with_a_culprit(world: &World) -> Vec<Receipt> {
    let bodies: Vec<_> = (1..=GROUP).map(|number| approved(&token_id(number))).collect();
    let receipts = world.delivers_together(&bodies.iter().collect::<Vec<_>>()).await;
    for (number, receipt) in (1..).zip(&receipts) {
        assert_eq!(is_internal(receipt), number == CULPRIT, "{number}: {receipt:?}");
    }
    receipts
}

/// All others are applied, in the order of arrival and without holes.
async fn the_others_are_applied(world: &World) {
    let entries = world.events().await;
    let held: Vec<_> = entries.iter().map(|entry| entry.reference.clone()).collect();
    let others = (1..=GROUP).filter(|number| *number != CULPRIT);
    let others: Vec<_> = others.map(|number| world.ref_of(&token_id(number))).collect();
    assert_eq!(held, others);
    let projected: HashSet<_> = world.projection().await.into_iter().map(|row| row.r#ref).collect();
    assert_eq!(projected, others.iter().map(ToString::to_string).collect());
}

#[tokio::test]
async fn one_refused_event_of_many_is_kept_as_bytes_and_decided_anew_by_a_copy() {
    let world = World::new().await;
    let reference = world.ref_of(&token_id(CULPRIT));
    world.fails_on("events", &format!("NEW.aggregate_id = '{reference}'"), "22000").await;
    let receipts = a_group_with_a_culprit(&world).await;
    the_others_are_applied(&world).await;
    let culprit = receipts.iter().find(|receipt| is_internal(receipt)).unwrap();
    let kept = format!("SELECT count(*) FROM sealed_bodies WHERE input = {}", culprit.input);
    assert_eq!(world.one::<i64>(&kept).await, 1);

    let body = approved(&token_id(CULPRIT));
    assert!(is_internal(&world.delivers(&body).await), "it fails still");
    world.heals("events").await;
    let anew = world.delivers(&body).await;
    assert_eq!((anew.input, anew.copy), (culprit.input, true));
    assert_eq!((anew.verdict, anew.position), (Verdict::Applied, Some(9)));
    assert_eq!(world.timeline(&token_id(CULPRIT)).await, ["Activated"]);
    assert_eq!(world.delivers(&body).await.position, Some(9));
}

#[tokio::test]
async fn one_whose_bytes_are_refused_too_is_not_acknowledged() {
    let world = World::new().await;
    world.fails_on("inputs", "NEW.endpoint = 'cursed'", "22021").await;
    let body = approved(&token_id(1));
    let refused = world.ledger.submit(world.delivery_at("cursed", &body)).await;
    assert_eq!(refused, Err(Refused::Unavailable));
    assert_eq!((world.count("inputs").await, world.count("events").await), (0, 0));
    world.heals("inputs").await;
    assert_eq!(world.delivers_at("cursed", &body).await.verdict, Verdict::Applied);
}

/// A record that contradicts itself: an event from the future, which no rule can stand behind.
async fn damaged(world: &World, token: &str) {
    world.execute(&event_sql(&world.ref_of(token), "1000000")).await;
}

async fn repaired(world: &World) {
    world
        .execute(
            "ALTER TABLE events DISABLE TRIGGER history_is_final;
            DELETE FROM events WHERE position = 1000000;
            ALTER TABLE events ENABLE ALWAYS TRIGGER history_is_final",
        )
        .await;
}

#[tokio::test]
async fn a_panic_while_one_of_many_is_decided_is_caught_and_its_bytes_are_kept() {
    let world = World::new().await;
    damaged(&world, &token_id(CULPRIT)).await;
    // The damaged token's own event says the same: another one is needed to panic.
    let mut bodies: Vec<_> = (1..=GROUP).map(|number| approved(&token_id(number))).collect();
    bodies[4] = told(&token_id(CULPRIT), Happened::Disabled, NOW_MS - 10);
    let receipts = world.delivers_together(&bodies.iter().collect::<Vec<_>>()).await;
    let internal: Vec<bool> = receipts.iter().map(is_internal).collect();
    assert_eq!(internal.iter().position(|internal| *internal), Some(4));
    assert_eq!(internal.iter().filter(|internal| **internal).count(), 1);
    repaired(&world).await;
    the_others_are_applied(&world).await;
    let anew = world.delivers(&bodies[4]).await;
    assert_eq!((anew.verdict, anew.position), (Verdict::Applied, Some(9)));
}

#[tokio::test]
async fn a_claim_that_cannot_be_decided_is_refused_and_the_head_is_free_at_once() {
    let world = World::new().await;
    damaged(&world, &token_id(1)).await;
    let claimed = world.claim(&token_id(1), claim("s1", "C-1"));
    assert_eq!(world.ledger.submit(claimed).await, Err(Refused::Unavailable));
    let holders = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    assert_eq!(world.one::<i64>(holders).await, 0);
    let other = world.second_ledger();
    let answer = other.submit(world.delivery(&approved(&token_id(2)))).await.unwrap();
    assert_eq!(answer.verdict, Verdict::Applied);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_refuses_the_group() {
    let world = World::new().await;
    world.stalls_on("events").await;
    let impatient = world.options(SERVICE).options([("statement_timeout", "50")]);
    let ledger = world.ledger_on(impatient);
    let delivery = world.delivery(&approved(&token_id(1)));
    assert_eq!(ledger.submit(delivery.clone()).await, Err(Refused::Unavailable));
    assert_eq!(world.count("inputs").await, 0);
    world.heals("events").await;
    assert_eq!(ledger.submit(delivery).await.unwrap().verdict, Verdict::Applied);
}
