//! Deliveries in an order that nobody planned.

use std::net::SocketAddr;

use serde_json::Value;
use serde_json::json;
use tokenledger::ledger::Verdict;
use tokenledger::token::Happened;
use tokio::task::JoinSet;

use crate::bodies::NOW_MS;
use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::SECOND;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;
use crate::world::used;

async fn taken(served: &Served, request: &Request) -> Value {
    let answer: Answer = served.sends(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn verdict(served: &Served, request: &Request) -> Verdict {
    let answer = taken(served, request).await;
    Verdict::parse(answer.get("verdict").unwrap().as_str().unwrap()).unwrap()
}

/// The token as the service shows it.
async fn shown(world: &World, served: &Served, token: &str) -> Value {
    served.reads(&format!("/v1/tokens/{}", world.ref_of(token))).await
}

#[tokio::test]
async fn the_same_event_at_two_endpoints_is_applied_once_and_witnessed_once() {
    let world = World::new().await;
    let served = world.serves().await;
    let body = approved(&token_id(1));
    let second = world.signed_by(SECOND, "/webhooks/smartpay/second", &body);
    assert_eq!(verdict(&served, &world.signed(&body)).await, Verdict::Applied);
    assert_eq!(verdict(&served, &second).await, Verdict::Witness);
    assert_eq!((world.count("inputs").await, world.count("events").await), (2, 1));
    // A secret is one endpoint's alone.
    let strayed = world.signed_by(SECOND, "/webhooks/smartpay/dev", &body);
    served.sends(&strayed).await.refuses(401, "webhook_refused");
}

#[tokio::test]
async fn a_charge_before_anything_else_is_usage_and_asks_for_a_reading() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    let charge = world.signed(&used(&token, NOW_MS - 500));
    let answer = taken(&served, &charge).await;
    assert_eq!(answer.get("verdict").unwrap(), "applied");
    assert_eq!(answer.get("position").unwrap(), &Value::Null);
    assert_eq!((world.count("usage").await, world.count("events").await), (1, 0));
    assert_eq!(world.count("readings_due").await, 1);
    let path = format!("/v1/tokens/{}", world.ref_of(&token));
    served.gets(&path).await.refuses(404, "not_found");
    served.gets(&format!("{path}/events")).await.refuses(404, "not_found");
    taken(&served, &world.signed(&approved(&token))).await;
    assert_eq!(shown(&world, &served, &token).await.get("usable").unwrap(), true);
}

#[tokio::test]
async fn an_older_approval_that_comes_later_leaves_the_token_disabled() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    taken(&served, &world.signed(&told(&token, Happened::Disabled, NOW_MS - 10))).await;
    taken(&served, &world.signed(&told(&token, Happened::Approved, NOW_MS - 20))).await;
    let shown = shown(&world, &served, &token).await;
    assert_eq!(shown.get("status").unwrap(), "disabled");
    assert_eq!(shown.get("unusable_reason").unwrap(), "disabled");
    assert_eq!(shown.get("sequence").unwrap(), 2);
}

#[tokio::test]
async fn what_comes_after_a_deletion_is_an_anomaly_and_stays_unusable() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    taken(&served, &world.signed(&told(&token, Happened::Deleted, NOW_MS - 20))).await;
    taken(&served, &world.signed(&told(&token, Happened::Enabled, NOW_MS - 10))).await;
    let shown = shown(&world, &served, &token).await;
    assert_eq!(shown.get("status").unwrap(), "deleted");
    assert_eq!(shown.get("usable").unwrap(), false);
    assert_eq!(shown.get("anomalies").unwrap(), 1);
    assert_eq!(world.count("readings_due").await, 1);
}

#[tokio::test]
async fn a_webhook_before_the_claim_is_linked_when_the_claim_comes() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    taken(&served, &world.signed(&approved(&token))).await;
    let alone = shown(&world, &served, &token).await;
    assert_eq!(alone.get("consumer").unwrap(), &Value::Null);
    assert_eq!(alone.get("attributed").unwrap(), false);
    world.claims(&token, claim("s1", "c1")).await;
    let linked = shown(&world, &served, &token).await;
    assert_eq!(linked.get("consumer").unwrap(), "c1");
    assert_eq!(linked.get("session_id").unwrap(), "checkout_test_s1");
    assert_eq!(linked.get("usable").unwrap(), true);
    let list = served.reads("/v1/consumers/c1/tokens").await;
    assert_eq!(list.pointer("/data/0"), Some(&linked));
}

#[tokio::test]
async fn an_approval_after_a_rejection_decides_and_is_an_anomaly() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    taken(&served, &world.signed(&told(&token, Happened::Rejected, NOW_MS - 20))).await;
    taken(&served, &world.signed(&told(&token, Happened::Approved, NOW_MS - 10))).await;
    let shown = shown(&world, &served, &token).await;
    assert_eq!(shown.get("status").unwrap(), "active");
    assert_eq!(shown.get("anomalies").unwrap(), 1);
    assert_eq!(world.timeline(&token).await, ["Canceled", "Activated"]);
    assert_eq!(world.count("readings_due").await, 1);
}

#[tokio::test]
async fn every_order_of_five_notices_gives_the_same_answer() {
    let world = World::new().await;
    let served = world.serves().await;
    let history = [
        (Happened::Created, NOW_MS - 50),
        (Happened::Approved, NOW_MS - 40),
        (Happened::Disabled, NOW_MS - 30),
        (Happened::Enabled, NOW_MS - 20),
        (Happened::Disabled, NOW_MS - 10),
    ];
    let mut sending = JoinSet::new();
    for (number, order) in (1..).zip(orders(&history)) {
        let deliveries = order.iter().map(|(what, at)| told(&token_id(number), *what, *at));
        let requests: Vec<Request> = deliveries.map(|body| world.signed(&body)).collect();
        let address = served.address;
        sending.spawn(async move { taken_in_a_row(address, &requests).await });
    }
    sending.join_all().await;
    let mut answers = Vec::new();
    for number in 1..=120 {
        let mut shown = shown(&world, &served, &token_id(number)).await;
        // Who it is, and the event that happened to be recorded last.
        for differing in ["ref", "token_id_masked", "position", "occurred_at"] {
            shown.as_object_mut().unwrap().remove(differing).unwrap();
        }
        answers.push(shown);
    }
    let first = answers.first().unwrap();
    assert_eq!(first.get("status"), Some(&json!("disabled")));
    assert!(answers.iter().all(|answer| answer == first), "{answers:#?}");
}

/// On one connection, which keeps their order.
async fn taken_in_a_row(address: SocketAddr, requests: &[Request]) {
    let mut wire = Wire::connect(address).await;
    wire.send(&requests.iter().flat_map(Request::bytes).collect::<Vec<u8>>()).await;
    for _ in requests {
        assert_eq!(wire.answer(false).await.status, 200);
    }
}

fn orders<T: Copy>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut orders = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let (before, after) = items.split_at(place);
        let others = [before, after.split_at(1).1].concat();
        orders.extend(self::orders(&others).into_iter().map(|rest| [vec![*item], rest].concat()));
    }
    orders
}
