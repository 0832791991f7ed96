//! Bodies of ignored deliveries are destroyed in their time, and of no others.

use chrono::TimeDelta;
use serde_json::json;
use tokenledger::audit::Check;
use tokenledger::audit::Snapshot;
use tokenledger::clock::Clock;
use tokenledger::database::SERVICE;
use tokenledger::ledger::Content;
use tokenledger::ledger::Submission;
use tokenledger::ledger::retention::IGNORED_BODY_DAYS;
use tokenledger::ledger::retention::destroy_ignored_bodies;
use tokenledger::smartpay::EventId;

use crate::bodies::TYPE;
use crate::bodies::base;
use crate::bodies::set;
use crate::bodies::with;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::write;

/// What `verify` finds about inputs and signatures.
async fn findings(world: &World) -> Vec<String> {
    let options = world.options(SERVICE);
    let mut snapshot = Snapshot::open(&options, Some(&world.master_key)).await.unwrap();
    let report = snapshot.check(Check::Inputs).await.unwrap();
    snapshot.close().await.unwrap();
    report.findings.iter().map(|finding| finding.place.to_string()).collect()
}

async fn destroys(world: &World) -> i64 {
    destroy_ignored_bodies(&world.pool, world.clock.now()).await.unwrap()
}

#[tokio::test]
async fn the_body_of_an_ignored_delivery_is_kept_thirty_days_and_no_longer() {
    let world = World::new().await;
    let recorded = world.clock.now();
    world.delivers(&approved(&token_id(1))).await;
    world.delivers(&with(TYPE, json!("order.created"))).await;
    world.delivers(&with(TYPE, json!("token.unheard_of"))).await;
    world.clock.set(recorded + TimeDelta::days(IGNORED_BODY_DAYS));
    assert_eq!(destroys(&world).await, 0, "to the microsecond");
    world.clock.set(recorded + TimeDelta::days(IGNORED_BODY_DAYS) + TimeDelta::microseconds(1));
    let mut young = with(TYPE, json!("order.created"));
    set(&mut young, "/id", Some(json!("evt_test_young")));
    world.delivers(&young).await;
    assert_eq!(destroys(&world).await, 1);
    assert_eq!(destroys(&world).await, 0);
    assert_eq!(world.count("sealed_bodies").await, 3);
    assert_eq!(world.count("inputs").await, 4, "digest, type and verdict stay");

    let served = world.serves().await;
    let kept = |delivery: serde_json::Value| delivery["body_kept"].as_bool().unwrap();
    assert!(kept(served.reads("/v1/deliveries/in_1").await));
    assert!(!kept(served.reads("/v1/deliveries/in_2").await));
    let anew = write("POST", "/v1/deliveries/in_2/reprocess");
    served.sends(&anew).await.refuses(410, "gone");
    assert_eq!(findings(&world).await, Vec::<String>::new());
    world.execute("DELETE FROM sealed_bodies WHERE input = 1").await;
    assert_eq!(findings(&world).await, ["in_1"]);
}

#[tokio::test]
async fn a_verdict_given_later_decides_whether_the_body_is_kept() {
    let world = World::new().await;
    let Submission::Delivery(mut delivery) = world.delivery(&base()) else { unreachable!() };
    let event_id = EventId::parse("evt_test_X").unwrap();
    delivery.content = Content::Ignored { event_id, kind: "token.approved".to_owned() };
    world.ledger.submit(Submission::Delivery(delivery)).await.unwrap();
    world.delivers(&with(TYPE, json!("token.unheard_of"))).await;
    let later = |input: i32, verdict: &str| {
        format!("INSERT INTO verdicts VALUES ({input}, 1, '{verdict}', NULL, NULL, now(), 9)")
    };
    world.execute(&later(1, "applied")).await;
    world.execute(&later(2, "ignored")).await;
    world.clock.set(world.clock.now() + TimeDelta::days(IGNORED_BODY_DAYS + 1));
    assert_eq!(destroys(&world).await, 1);
    assert_eq!(findings(&world).await, Vec::<String>::new());
    world.execute("DELETE FROM sealed_bodies").await;
    assert_eq!(findings(&world).await, ["in_1"]);
}

#[tokio::test]
async fn a_body_that_is_missing_before_its_time_is_found() {
    let world = World::new().await;
    world.clock.set(Clock::system().now() - TimeDelta::days(IGNORED_BODY_DAYS - 1));
    world.delivers(&with(TYPE, json!("order.created"))).await;
    world.execute("DELETE FROM sealed_bodies").await;
    assert_eq!(findings(&world).await, ["in_1"]);
}

#[tokio::test]
async fn a_service_destroys_what_is_due_when_it_starts() {
    let world = World::new().await;
    world.delivers(&with(TYPE, json!("order.created"))).await;
    world.clock.set(world.clock.now() + TimeDelta::days(IGNORED_BODY_DAYS + 1));
    let _served = world.serves().await;
    while world.count("sealed_bodies").await > 0 {
        tokio::task::yield_now().await;
    }
}
