//! Faults on purpose: each does what it says, and a seed repeats them.

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::pretend::Inbox;
use crate::pretend::Pretend;
use crate::pretend::Received;
use crate::pretend::asked;
use crate::pretend::call;
use crate::pretend::text;
use crate::pretend::until;
use crate::request::Request;
use crate::wire::Wire;
use crate::world::SECRET;
use crate::world::ask;

/// The numbers under which nothing happens by chance.
const QUIET: &str = r#"{"seed":0,"webhooks":{"duplicate":0,"drop":0,"shuffle_ms":0,"delay_ms":0,
    "bad_signature":0,"before_response":false,"rerender":0},"api":{"error_rate":0,"timeout_rate":0,
    "timeout_after_effect":false,"latency_ms":0}}"#;

async fn statuses(pretend: &Pretend, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(pretend.calls("GET", "/v1/tokens").await.status);
    }
    statuses
}

#[tokio::test]
async fn they_are_shown_and_set_as_a_whole_and_outlive_a_restart() {
    let mut pretend = Pretend::new().await;
    let get = Request::new("GET", "/sandbox/faults");
    let quiet: Value = serde_json::from_str(QUIET).unwrap();
    assert_eq!(pretend.sends(&get).await.json(), quiet);
    pretend.faults(json!({"seed": 9, "api": {"error_rate": 0.25}})).await;
    pretend.stops().await;
    pretend.starts().await;
    let mut expected = quiet.clone();
    expected["seed"] = json!(9);
    expected["api"]["error_rate"] = json!(0.25);
    assert_eq!(pretend.sends(&get).await.json(), expected);
    for wrong in [
        json!({"api": {"error_rate": 1.5}}),
        json!({"api": {"eror_rate": 1}}),
        json!({"webhooks": {"delay_ms": 90_000_000}}),
        json!({"seed": -1}),
        json!([]),
    ] {
        let put = Request::new("PUT", "/sandbox/faults").body(wrong.to_string());
        assert_eq!(pretend.sends(&put).await.status, 400, "{wrong}");
    }
    assert_eq!(pretend.sends(&get).await.json(), expected);
    pretend.faults(quiet.clone()).await;
    assert_eq!(pretend.sends(&get).await.json(), quiet);
}

#[tokio::test]
async fn a_seed_repeats_the_faults_of_the_api() {
    let pretend = Pretend::new().await;
    let faults = |seed: u64| json!({"seed": seed, "api": {"error_rate": 0.4}});
    pretend.faults(faults(5)).await;
    let first = statuses(&pretend, 30).await;
    pretend.faults(faults(5)).await;
    assert_eq!(statuses(&pretend, 30).await, first);
    pretend.faults(faults(6)).await;
    assert_ne!(statuses(&pretend, 30).await, first);
    let failed = first.iter().filter(|status| **status == 500).count();
    assert!((5..20).contains(&failed), "{first:?}");
}

#[tokio::test]
async fn a_failed_call_has_done_nothing_and_can_be_sent_again_under_its_key() {
    let pretend = Pretend::new().await;
    let create = call("POST", "/v1/checkout-sessions", &asked().to_string());
    let create = create.with("Idempotency-Key", "k1");
    pretend.faults(json!({"api": {"error_rate": 1}})).await;
    let failed = pretend.sends(&create).await;
    assert_eq!(failed.status, 500);
    assert_eq!(failed.header("content-type"), Some("application/json"));
    assert!(pretend.truth().await.is_empty());
    pretend.faults(json!({})).await;
    assert_eq!(pretend.sends(&create).await.status, 200);
    assert_eq!(pretend.truth().await.len(), 1);
}

/// Until the faults of a call have been decided.
async fn is_drawn(pretend: &Pretend) {
    let mut owner = pretend.world.sql_as("postgres").await;
    until(async || ask::<i64>(&mut owner, "SELECT calls FROM sandbox.faults").await > 0).await;
}

#[tokio::test]
async fn an_answer_can_be_slow() {
    let mut pretend = Pretend::new().await;
    pretend.faults(json!({"api": {"latency_ms": 3_600_000}})).await;
    let mut wire = Wire::connect(pretend.running().address).await;
    wire.send(&call("POST", "/v1/checkout-sessions", &asked().to_string()).bytes()).await;
    is_drawn(&pretend).await;
    assert!(pretend.truth().await.is_empty());
    pretend.stops().await;
    assert_eq!(wire.answer(false).await.status, 200);
    pretend.starts().await;
    assert_eq!(pretend.truth().await.len(), 1);
}

/// What is not answered is cut off by the client; whether it happened is to be found out.
#[tokio::test]
async fn a_call_that_times_out_has_happened_or_not_as_set() {
    for after_effect in [true, false] {
        let mut pretend = Pretend::new().await;
        let faults = json!({"api": {"timeout_rate": 1, "timeout_after_effect": after_effect}});
        pretend.faults(faults).await;
        let create = call("POST", "/v1/checkout-sessions", &asked().to_string());
        let create = create.with("Idempotency-Key", "k1");
        let mut wire = Wire::connect(pretend.running().address).await;
        wire.send(&create.bytes()).await;
        is_drawn(&pretend).await;
        until(async || !after_effect || !pretend.truth().await.is_empty()).await;
        // Only its end makes the sandbox answer early.
        pretend.stops().await;
        assert_eq!(wire.answer(false).await.status, 504);
        pretend.starts().await;
        pretend.faults(json!({})).await;
        let again = pretend.sends(&create).await;
        assert_eq!(again.status, 200);
        assert_eq!(again.header("idempotent-replayed").is_some(), after_effect);
        assert_eq!(pretend.truth().await.len(), 1);
    }
}

#[tokio::test]
async fn webhooks_are_doubled_dropped_and_forged_as_set_and_again_the_same() {
    let pretend = Pretend::new().await;
    let inbox = Inbox::new([]).await;
    pretend.tells(&inbox.url).await;
    let faults = json!({"seed": 11, "webhooks": {
        "duplicate": 0.3, "drop": 0.3, "before_response": true,
    }});
    let mut runs = Vec::new();
    for _ in 0..2 {
        pretend.faults(faults.clone()).await;
        let mut copies = Vec::new();
        for _ in 0..20 {
            let before = inbox.now().len();
            pretend.session().await;
            copies.push(inbox.now().len() - before);
        }
        runs.push(copies);
    }
    assert_eq!(runs[0], runs[1]);
    for copies in 0..=2 {
        assert!(runs[0].contains(&copies), "{:?}", runs[0]);
    }
    let received = inbox.now();
    assert!(received.iter().all(|one| one.verifies_with(SECRET)));

    pretend.faults(json!({"webhooks": {"bad_signature": 1, "before_response": true}})).await;
    pretend.session().await;
    assert!(!inbox.now().last().unwrap().verifies_with(SECRET));
}

#[tokio::test]
async fn a_repetition_can_show_the_token_as_it_is_by_then() {
    for (chance, expected) in [(1, "disabled"), (0, "requires_authorization")] {
        let pretend = Pretend::new().await;
        let inbox = Inbox::new([StatusCode::INTERNAL_SERVER_ERROR]).await;
        pretend.tells(&inbox.url).await;
        pretend.faults(json!({"webhooks": {"rerender": chance, "before_response": true}})).await;
        let session = pretend.session().await;
        pretend.shopper(&session, "approve").await;
        let token = text(&session, "/token/id");
        pretend.calls("PUT", &format!("/v1/tokens/{token}/disable")).await;
        assert_eq!(inbox.now().len(), 3);
        pretend.waits(1_000);
        let received = inbox.until(4).await;
        let (first, again) = (received[0].json(), received[3].json());
        assert_eq!(again["id"], first["id"]);
        assert_eq!(again["createdAt"], first["createdAt"]);
        assert_eq!(text(&again, "/eventData/type"), "token.created");
        assert_eq!(text(&first, "/eventData/data/status"), "requires_authorization");
        assert_eq!(text(&again, "/eventData/data/status"), expected);
    }
}

#[tokio::test]
async fn webhooks_are_held_back_and_shuffled() {
    let pretend = Pretend::new().await;
    let inbox = Inbox::new([]).await;
    pretend.tells(&inbox.url).await;
    let faults = json!({"seed": 2, "webhooks": {"delay_ms": 1_000, "shuffle_ms": 60_000}});
    pretend.faults(faults).await;
    let mut made = Vec::new();
    for _ in 0..8 {
        made.push(text(&pretend.session().await, "/token/id").to_owned());
    }
    pretend.waits(999);
    assert!(inbox.now().is_empty());
    until(async || {
        pretend.waits(500);
        inbox.now().len() == 8
    })
    .await;
    let arrived = inbox.now();
    let of = |one: &Received| text(&one.json(), "/eventData/data/id").to_owned();
    let order: Vec<String> = arrived.iter().map(of).collect();
    assert_ne!(order, made);
    made.sort();
    let mut sorted = order;
    sorted.sort();
    assert_eq!(sorted, made);
}
