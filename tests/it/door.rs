//! The door: what comes in is recorded once, with its whole effect, whatever way it arrives.

use std::collections::BTreeSet;

use serde_json::json;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Verdict;
use tokenledger::token::Happened;
use tokio::task::JoinSet;

use crate::bodies::NOW_MS;
use crate::bodies::TYPE;
use crate::bodies::set;
use crate::token_inputs::ms;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;
use crate::world::used;

fn quarantined(receipt: &Receipt) -> Option<&'static str> {
    receipt.reason.filter(|_| receipt.verdict == Verdict::Quarantined)
}

#[tokio::test]
async fn a_notice_is_applied_once_and_its_copy_changes_nothing() {
    let world = World::new().await;
    let body = approved(&token_id(1));
    let first = world.delivers(&body).await;
    assert_eq!((first.verdict, first.position, first.copy), (Verdict::Applied, Some(1), false));
    let before = (world.events().await, world.projection().await);
    let again = world.delivers(&body).await;
    assert_eq!(again, Receipt { copy: true, ..first });
    assert_eq!((world.events().await, world.projection().await), before);
    assert_eq!((world.count("inputs").await, world.count("copies").await), (1, 1));
    assert_eq!(world.count("sealed_bodies").await, 1);
}

#[tokio::test]
async fn a_second_endpoint_gives_a_witness_of_the_same_event() {
    let world = World::new().await;
    let body = approved(&token_id(1));
    let one = world.delivers_at("one", &body).await;
    let two = world.delivers_at("two", &body).await;
    assert_eq!((one.verdict, two.verdict), (Verdict::Applied, Verdict::Witness));
    assert_eq!((one.position, two.position), (Some(1), Some(1)));
    assert_eq!((world.count("events").await, world.count("inputs").await), (1, 2));
    assert_eq!((world.count("witnesses").await, world.count("copies").await), (1, 0));
    assert!(!world.one::<bool>("SELECT bool_or(conflict) FROM inputs").await);
}

#[tokio::test]
async fn another_body_under_a_known_event_id_is_a_conflict_and_is_decided_all_the_same() {
    let world = World::new().await;
    let token = token_id(1);
    let first = approved(&token);
    let mut second = told(&token, Happened::Disabled, NOW_MS - 500);
    set(&mut second, "/id", Some(first["id"].clone()));
    world.delivers(&first).await;
    let receipt = world.delivers(&second).await;
    assert_eq!((receipt.verdict, receipt.copy), (Verdict::Applied, false));
    assert_eq!(world.timeline(&token).await, ["Activated", "Disabled"]);
    let flags: Vec<bool> =
        world.one("SELECT array_agg(conflict ORDER BY number) FROM inputs").await;
    assert_eq!(flags, [false, true]);
}

#[tokio::test]
async fn a_conflict_within_one_group_is_seen_too() {
    let world = World::new().await;
    let first = approved(&token_id(1));
    let mut second = approved(&token_id(2));
    set(&mut second, "/id", Some(first["id"].clone()));
    let receipts = world.delivers_together(&[&first, &second, &first]).await;
    let copies: Vec<bool> = receipts.iter().map(|receipt| receipt.copy).collect();
    assert_eq!(copies, [false, false, true]);
    let flags = "SELECT array_agg(conflict ORDER BY number) FROM inputs WHERE endpoint = 'main'";
    assert_eq!(world.one::<Vec<bool>>(flags).await, [false, true]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_quarantined_and_a_copy_is_decided_anew() {
    let world = World::new().await;
    let token = token_id(1);
    // It speaks of the future, until that has come.
    let body = told(&token, Happened::Approved, NOW_MS + 3_600_000);
    let early = world.delivers(&body).await;
    assert_eq!(quarantined(&early), Some("implausible_time"));
    assert_eq!(early.position, None);
    let still = world.delivers(&body).await;
    assert_eq!((quarantined(&still), still.copy), (Some("implausible_time"), true));
    assert_eq!(world.count("verdicts").await, 0);

    world.clock.set(ms(NOW_MS + 3_600_010).to_datetime());
    let late = world.delivers(&body).await;
    assert_eq!((late.verdict, late.reason, late.position), (Verdict::Applied, None, Some(1)));
    assert_eq!((late.input, late.copy), (early.input, true));
    let later: String = world.one("SELECT verdict FROM verdicts WHERE number = 1").await;
    assert_eq!(later, "applied");
    let first: String = world.one("SELECT verdict FROM inputs").await;
    assert_eq!(first, "quarantined");

    let copy = world.delivers(&body).await;
    assert_eq!((copy.verdict, copy.position), (Verdict::Applied, Some(1)));
    assert_eq!((world.count("copies").await, world.count("events").await), (3, 1));
}

#[tokio::test]
async fn what_is_not_about_tokens_is_kept_and_ignored() {
    let world = World::new().await;
    let mut body = approved(&token_id(1));
    set(&mut body, TYPE, Some(json!("order.authorized")));
    let receipt = world.delivers(&body).await;
    assert_eq!((receipt.verdict, receipt.position), (Verdict::Ignored, None));
    assert_eq!((world.count("inputs").await, world.count("sealed_bodies").await), (1, 1));
    assert_eq!((world.count("events").await, world.count("vault").await), (0, 0));
}

#[tokio::test]
async fn bytes_that_are_no_json_are_quarantined_and_kept() {
    let world = World::new().await;
    let submission = world.delivery_of_bytes("main", b"\xff{".to_vec());
    let receipt = world.ledger.submit(submission).await.unwrap();
    assert_eq!(quarantined(&receipt), Some("malformed_json"));
    assert_eq!((world.count("sealed_bodies").await, world.count("events").await), (1, 0));
}

#[tokio::test]
async fn a_charge_is_evidence_and_counts_once_through_two_endpoints() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    let body = used(&token, NOW_MS - 10);
    let one = world.delivers_at("one", &body).await;
    let two = world.delivers_at("two", &body).await;
    assert_eq!((one.verdict, two.verdict), (Verdict::Applied, Verdict::Witness));
    assert_eq!((one.position, two.position), (None, None));
    assert_eq!((world.count("usage").await, world.count("events").await), (1, 1));
    assert_eq!(world.count("readings_due").await, 0);
    world.delivers(&used(&token, NOW_MS - 9)).await;
    assert_eq!(world.count("usage").await, 2);
}

#[tokio::test]
async fn a_charge_of_an_unknown_token_asks_for_a_reading_once() {
    let world = World::new().await;
    let token = token_id(1);
    for at in 1..4 {
        world.delivers(&used(&token, NOW_MS - at)).await;
    }
    let due: String =
        world.one("SELECT string_agg(ref || ' ' || cause, ',') FROM readings_due").await;
    assert_eq!(due, format!("{} unknown_token", world.ref_of(&token)));
}

#[tokio::test]
async fn a_claim_is_kept_before_and_after_the_webhook() {
    let world = World::new().await;
    let (early, late) = (token_id(1), token_id(2));
    world.claims(&early, claim("s1", "C-1")).await;
    for token in [&early, &late] {
        world.delivers(&told(token, Happened::Created, NOW_MS - 2_000)).await;
        world.delivers(&approved(token)).await;
    }
    let receipt = world.claims(&late, claim("s2", "C-1")).await;
    assert_eq!((receipt.verdict, receipt.position), (Verdict::Applied, Some(5)));
    assert_eq!(world.timeline(&early).await, ["SessionCreated", "Activated"]);
    assert_eq!(world.timeline(&late).await, ["SessionCreated", "Activated", "SessionCreated"]);
    let owners: i64 = world.one("SELECT count(*) FROM tokens WHERE consumer = 'C-1'").await;
    assert_eq!(owners, 2);
    let again = world.claims(&late, claim("s2", "C-1")).await;
    assert_eq!((again.verdict, again.position), (Verdict::Witness, Some(5)));
}

#[tokio::test]
async fn twenty_concurrent_copies_are_one_event_and_all_are_taken() {
    let world = World::new().await;
    let ledgers = [world.second_ledger(), world.second_ledger()];
    let body = approved(&token_id(1));
    let mut copies = JoinSet::new();
    for ledger in ledgers.iter().cycle().take(20) {
        let (ledger, submission) = (ledger.clone(), world.delivery(&body));
        copies.spawn(async move { ledger.submit(submission).await.unwrap() });
    }
    let receipts = copies.join_all().await;
    assert_eq!(receipts.iter().filter(|receipt| !receipt.copy).count(), 1);
    let told: BTreeSet<_> =
        receipts.iter().map(|receipt| (receipt.input, receipt.position)).collect();
    assert_eq!(told, BTreeSet::from([(1, Some(1))]));
    assert_eq!((world.count("events").await, world.count("copies").await), (1, 19));
}
