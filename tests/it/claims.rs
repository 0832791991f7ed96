//! `claim`: whose a token is, corrected through the door.

use serde_json::Value;
use serde_json::json;
use tokenledger::access::Scope;

use crate::bodies::NOW_MS;
use crate::request::Request;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::used;
use crate::world::write;

fn correction(reference: &str, body: &Value) -> Request {
    write("POST", &format!("/v1/tokens/{reference}/claim")).json(body)
}

async fn corrects(served: &Served, reference: &str, consumer: &str) -> Value {
    let body = json!({"consumer": consumer, "reason": "the shopper says so"});
    let answer = served.sends(&correction(reference, &body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn refs(served: &Served, consumer: &str) -> Vec<Value> {
    let list = served.reads(&format!("/v1/consumers/{consumer}/tokens")).await;
    list.get("data")
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|token| token.get("ref").unwrap().clone())
        .collect()
}

/// Case 11 of the rules: claim (s1, A), correction (s1, B) gives B.
#[tokio::test]
async fn a_correction_moves_the_token_to_the_right_consumer() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.claims(&token, claim("s1", "A")).await;
    world.delivers(&approved(&token)).await;
    let reference = world.ref_of(&token).to_string();
    assert_eq!(refs(&served, "A").await, [reference.as_str()]);
    let key = world.key(&[Scope::TokensWrite]).await;
    let body = json!({"consumer": "B", "reason": "a typing error"});
    let answer = served.sends(&key.on(correction(&reference, &body))).await;
    assert_eq!((answer.status, answer.header("ledger-position")), (200, Some("3")));
    let corrected = answer.json();
    assert_eq!((&corrected["consumer"], &corrected["sequence"]), (&json!("B"), &json!(3)));
    assert_eq!(corrected["session_id"], "checkout_test_s1", "nobody said anything against it");
    assert_eq!(corrected, served.reads(&format!("/v1/tokens/{reference}")).await);
    assert_eq!((refs(&served, "A").await.len(), refs(&served, "B").await.len()), (0, 1));
    let history = served.reads(&format!("/v1/tokens/{reference}/events")).await;
    let last = &history["data"][2];
    assert_eq!((&last["type"], &last["basis"]), (&json!("SessionCreated"), &json!("claim")));
    let cause = json!({
        "kind": "api",
        "id": "in_3",
        "input": "in_3",
        "actor": format!("key {}", key.id),
        "reason": "a typing error",
    });
    assert_eq!(last["cause"], cause);
    assert_eq!(corrected["usable"], true, "whose it is decides nothing else");
}

#[tokio::test]
async fn what_is_so_already_adds_no_event_and_every_change_is_kept() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.claims(&token, claim("s1", "A")).await;
    let reference = world.ref_of(&token).to_string();
    for (consumer, events) in [("A", 1), ("B", 2), ("B", 2), ("A", 3), ("A", 3)] {
        assert_eq!(corrects(&served, &reference, consumer).await["consumer"], consumer);
        assert_eq!(world.count("events").await, events, "{consumer}");
    }
    let session = json!({"consumer": "A", "reason": "found", "session_id": "checkout_test_s2"});
    let moved = served.sends(&correction(&reference, &session)).await.json();
    assert_eq!((&moved["session_id"], &moved["sequence"]), (&json!("checkout_test_s2"), &json!(4)));
    assert_eq!(corrects(&served, &reference, "C").await["session_id"], "checkout_test_s2");
    // What Smartpay's answer once said stays on record, and does not come back by itself.
    world.claims(&token, claim("s1", "A")).await;
    let shown = served.reads(&format!("/v1/tokens/{reference}")).await;
    assert_eq!(shown["consumer"], "C");
}

/// The claim must not be newer than what Smartpay said: its next reading would count as stale.
#[tokio::test]
async fn a_token_that_nobody_claimed_gets_its_first_consumer() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    let reference = world.ref_of(&token).to_string();
    let before = served.reads(&format!("/v1/tokens/{reference}")).await;
    assert_eq!(before["attributed"], false);
    let corrected = corrects(&served, &reference, "C-1").await;
    assert_eq!((&corrected["attributed"], &corrected["session_id"]), (&json!(true), &Value::Null));
    assert_eq!((&corrected["status"], &corrected["since"]), (&before["status"], &before["since"]));
    let events = world.events().await;
    assert_eq!(events[1].occurred_at, events[0].occurred_at);
}

#[tokio::test]
async fn what_is_no_correction_is_refused_by_its_field() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.claims(&token, claim("s1", "A")).await;
    let reference = world.ref_of(&token).to_string();
    let long = "c".repeat(129);
    for (body, pointer) in [
        (json!({"reason": "r"}), "/consumer"),
        (json!({"consumer": "", "reason": "r"}), "/consumer"),
        (json!({"consumer": null, "reason": "r"}), "/consumer"),
        (json!({"consumer": "c\u{1}", "reason": "r"}), "/consumer"),
        (json!({"consumer": long, "reason": "r"}), "/consumer"),
        (json!({"consumer": token, "reason": "r"}), "/consumer"),
        (json!({"consumer": "c"}), "/reason"),
        (json!({"consumer": "c", "reason": "  "}), "/reason"),
        (json!({"consumer": "c", "reason": "r", "session_id": "s1"}), "/session_id"),
        (json!({"consumer": "c", "reason": "r", "session_id": null}), "/session_id"),
        (json!({"consumer": "c", "reason": "r", "session": "checkout_test_s"}), "/session"),
    ] {
        let problem = served.sends(&correction(&reference, &body)).await;
        let problem = problem.refuses(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(!problem.to_string().contains("paytok_test_0"), "{problem}");
    }
    let body = json!({"consumer": "c", "reason": "r"});
    let charged = token_id(3);
    world.delivers(&used(&charged, NOW_MS)).await;
    for unknown in [world.ref_of(&token_id(2)), world.ref_of(&charged)] {
        let refused = served.sends(&correction(unknown.as_str(), &body)).await;
        refused.refuses(404, "not_found");
    }
    served.sends(&correction("tok_live_1", &body)).await.refuses(404, "not_found");
    assert_eq!(world.count("events").await, 1);
}
