//! Deliveries over HTTP: listed, shown, decided anew.

use serde_json::Value;
use serde_json::json;
use tokenledger::database::SERVICE;
use tokenledger::ledger::BodyReader;
use tokenledger::ledger::Content;
use tokenledger::ledger::Refused;
use tokenledger::ledger::Reprocessing;
use tokenledger::ledger::Submission;
use tokenledger::ledger::Verdict;
use tokenledger::smartpay::EventId;
use tokenledger::smartpay::Mode;

use crate::bodies::TOKEN;
use crate::bodies::TYPE;
use crate::bodies::WINDOW_MS;
use crate::bodies::base;
use crate::bodies::with;
use crate::proxy::Fault;
use crate::proxy::Proxy;
use crate::wire::Answer;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::write;

async fn reprocess(served: &Served, id: &str) -> Answer {
    served.sends(&write("POST", &format!("/v1/deliveries/{id}/reprocess"))).await
}

fn verdicts(delivery: &Value) -> Vec<&str> {
    let verdicts = delivery["verdicts"].as_array().unwrap();
    verdicts.iter().map(|given| given["verdict"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn deliveries_are_listed_newest_first_by_verdict_and_page_by_page() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    world.delivers(&with(TYPE, json!("order.created"))).await;
    world.delivers(&with(TYPE, json!("token.unheard_of"))).await;
    let ids = |list: &Value| -> Vec<String> {
        let data = list["data"].as_array().unwrap();
        data.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let list = served.reads("/v1/deliveries").await;
    assert_eq!(ids(&list), ["in_3", "in_2", "in_1"]);
    assert_eq!((&list["as_of"], &list["has_more"]), (&json!(1), &json!(false)));
    let applied = &list["data"][2];
    assert_eq!(applied["ref"], world.ref_of(&token_id(1)).as_str());
    assert_eq!(
        (&applied["verdict"], &applied["position"], &applied["copies"], &applied["conflict"]),
        (&json!("applied"), &json!(1), &json!(0), &json!(false))
    );
    for (verdict, id) in [("applied", "in_1"), ("ignored", "in_2"), ("quarantined", "in_3")] {
        let list = served.reads(&format!("/v1/deliveries?verdict={verdict}")).await;
        assert_eq!(ids(&list), [id]);
    }
    let first = served.reads("/v1/deliveries?limit=2").await;
    assert_eq!((ids(&first).len(), &first["has_more"]), (2, &json!(true)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = served.reads(&format!("/v1/deliveries?limit=2&cursor={cursor}")).await;
    assert_eq!(ids(&second), ["in_1"]);
    let foreign = format!("/v1/deliveries?verdict=applied&cursor={cursor}");
    served.gets(&foreign).await.refuses(400, "cursor_invalid");
    for wrong in ["verdict=lost", "verdict=", "limit=0", "kind=delivery", "verdict=a&verdict=b"] {
        let path = format!("/v1/deliveries?{wrong}");
        served.gets(&path).await.refuses(400, "parameter_invalid");
    }
}

#[tokio::test]
async fn a_delivery_shows_how_it_was_signed_and_never_what_it_said() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&base()).await;
    world.delivers(&base()).await;
    let delivery = served.reads("/v1/deliveries/in_1").await;
    assert_eq!((&delivery["copies"], verdicts(&delivery).len()), (&json!(1), 1));
    assert_eq!(delivery["copies_received_at"].as_array().unwrap().len(), 1);
    assert_eq!(delivery["digest"].as_str().unwrap().len(), 64);
    assert!(!delivery.to_string().contains(TOKEN), "{delivery}");
    for unknown in ["in_2", "in_0", "in_01", "in_-1", "1", "in_", "in_99999999999999999999", "%00"]
    {
        let path = format!("/v1/deliveries/{unknown}");
        served.gets(&path).await.refuses(404, "not_found");
        reprocess(&served, unknown).await.refuses(404, "not_found");
    }
}

#[tokio::test]
async fn one_that_could_not_be_recorded_is_applied_when_it_is_decided_anew() {
    let world = World::new().await;
    let served = world.serves().await;
    world.fails_on("events", "true", "22000").await;
    assert_eq!(world.delivers(&base()).await.verdict, Verdict::Quarantined);
    let still = reprocess(&served, "in_1").await;
    still.refuses(503, "busy");
    world.heals("events").await;
    let decided = reprocess(&served, "in_1").await;
    assert_eq!((decided.status, decided.header("ledger-position")), (200, Some("1")));
    assert_eq!(verdicts(&decided.json()), ["quarantined", "applied"]);
    assert_eq!(world.timeline(TOKEN).await, ["Activated"]);
    let event = served.reads("/v1/events/1").await;
    assert_eq!(event["cause"]["kind"], "webhook");
    assert_eq!(event["cause"]["input"], "in_1");
    assert_eq!(event["cause"]["actor"], "key bootstrap");

    let again = reprocess(&served, "in_1").await.json();
    assert_eq!(verdicts(&again), ["quarantined", "applied"], "what was applied stays");
    assert_eq!(world.count("events").await, 1);
    let copy = world.delivers(&base()).await;
    assert_eq!((copy.verdict, copy.position, copy.copy), (Verdict::Applied, Some(1), true));
}

#[tokio::test]
async fn a_type_that_was_ignored_once_is_applied_when_it_is_understood() {
    let world = World::new().await;
    let served = world.serves().await;
    let Submission::Delivery(mut delivery) = world.delivery(&base()) else { unreachable!() };
    let event_id = EventId::parse("evt_test_X").unwrap();
    delivery.content = Content::Ignored { event_id, kind: "token.approved".to_owned() };
    world.ledger.submit(Submission::Delivery(delivery)).await.unwrap();
    world.delivers(&with(TYPE, json!("order.created"))).await;
    let decided = reprocess(&served, "in_1").await.json();
    assert_eq!(verdicts(&decided), ["ignored", "applied"]);
    assert_eq!(world.timeline(TOKEN).await, ["Activated"]);
    let list = served.reads("/v1/deliveries?verdict=applied").await;
    assert_eq!(list["data"][0]["id"], "in_1");
    let ignored = reprocess(&served, "in_2").await.json();
    assert_eq!(verdicts(&ignored), ["ignored", "ignored"], "that it was asked for is kept");
}

#[tokio::test]
async fn a_differing_header_says_nothing_against_the_signed_body_any_more() {
    let world = World::new().await;
    let served = world.serves().await;
    let doubtful = world.signed(&base()).set("Smartpay-Event-Id", "evt_test_other");
    let answer = served.sends(&doubtful).await.json();
    assert_eq!(answer["reason"], "header_id_mismatch");
    let decided = reprocess(&served, "in_1").await.json();
    assert_eq!(verdicts(&decided), ["quarantined", "applied"]);
    assert_eq!(decided["reason"], Value::Null);
}

#[tokio::test]
async fn a_destroyed_body_and_one_in_the_request_are_refused() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&with(TYPE, json!("order.created"))).await;
    let with_body = write("POST", "/v1/deliveries/in_1/reprocess").body("{}");
    served.sends(&with_body).await.refuses(413, "payload_too_large");
    world.execute("DELETE FROM sealed_bodies").await;
    reprocess(&served, "in_1").await.refuses(410, "gone");
    assert_eq!(world.count("verdicts").await, 0);
}

/// The group has no other row to be recognised by than its verdict.
#[tokio::test]
async fn a_verdict_whose_commit_was_lost_is_not_taken_for_given_and_one_that_was_not_is() {
    let world = World::new().await;
    world.delivers(&with(TYPE, json!("order.created"))).await;
    let reader = BodyReader { vault: &world.vault, mode: Mode::Test, window_ms: WINDOW_MS };
    let mut connection = world.sql_as(SERVICE).await;
    let old = Reprocessing::of(&mut connection, &reader, 1, "a test".to_owned()).await.unwrap();
    let old = Submission::Reprocess(old);
    let proxy = Proxy::to(&world.options(SERVICE));
    let ledger = world.ledger_on(proxy.options());
    let last = world.one::<String>("SELECT pg_current_xact_id()::text").await;
    proxy.will(Fault::Forged { columns: 7, last });
    proxy.will(Fault::BeforeRequest("COMMIT"));
    assert_eq!(ledger.submit(old.clone()).await, Err(Refused::Unavailable));
    assert!(proxy.did());
    assert_eq!(world.count("verdicts").await, 0);

    proxy.will(Fault::BeforeAnswer("COMMIT"));
    assert_eq!(ledger.submit(old).await.unwrap().verdict, Verdict::Ignored);
    assert!(proxy.did());
    assert_eq!(world.count("verdicts").await, 1);
}
