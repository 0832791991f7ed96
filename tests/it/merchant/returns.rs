//! The shopper comes back: a hint that is confirmed, and a way on that is always there.

use std::time::Duration;
use std::time::Instant;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::text;
use crate::request::Request;
use crate::wire::Answer;
use crate::world::approved;

/// The paths of our return URLs, as Smartpay was given them.
async fn ways(merchant: &Merchant, session: &Value) -> (String, String) {
    let path = format!("/v1/checkout-sessions/{}", text(session, "/session_id"));
    let request = Request::new("GET", &path).with("Authorization", "Basic sk_test_a");
    let known = merchant.tells_smartpay(&request).await.json();
    let path = |name| text(&known, name).strip_prefix("https://ledger.example").unwrap().to_owned();
    (path("/successUrl"), path("/cancelUrl"))
}

#[tokio::test]
async fn a_return_is_confirmed_and_the_shopper_sent_on() {
    let merchant = Merchant::deaf().await;
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    let (success, cancel) = ways(&merchant, &session).await;

    let answer = merchant.sends(&Request::new("GET", &cancel)).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("location"), Some("https://shop.example/back"));
    assert_eq!(text(&merchant.token(reference).await, "/status"), "canceled");

    // Canceled, then approved: legal, and the newer word.
    merchant.shopper(&session, "approve").await;
    for _ in 0..2 {
        let answer = merchant.sends(&Request::new("GET", &success)).await;
        assert_eq!(answer.header("location"), Some("https://shop.example/ok?order=1"));
        assert_eq!(merchant.token(reference).await.get("usable"), Some(&json!(true)));
    }
    let types = merchant.types(reference).await;
    assert_eq!(types, ["SessionCreated", "Canceled", "Activated"]);
}

#[tokio::test]
async fn a_forged_state_changes_nothing() {
    let merchant = Merchant::deaf().await;
    let session = merchant.creates().await;
    let (_, cancel) = ways(&merchant, &session).await;
    let forged = format!("{}x", &cancel[..cancel.len() - 1]);
    merchant.sends(&Request::new("GET", &forged)).await.refuses(404, "not_found");
    let reference = text(&session, "/token/ref");
    assert_eq!(text(&merchant.token(reference).await, "/status"), "awaiting_authorization");
}

/// A pending session, its ref, and the ways back.
async fn pending(merchant: &Merchant) -> (Value, String, String, String) {
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref").to_owned();
    let (success, cancel) = ways(merchant, &session).await;
    (session, reference, success, cancel)
}

async fn visits(merchant: &Merchant, path: &str) -> Answer {
    let began = Instant::now();
    let answer = merchant.sends(&Request::new("GET", path)).await;
    assert!(began.elapsed() < Duration::from_secs(8), "the shopper is not kept waiting");
    answer
}

#[tokio::test]
async fn what_is_not_a_state_of_this_ledger_leads_nowhere() {
    let merchant = Merchant::deaf().await;
    let foreign = Merchant::deaf().await;
    let (_, reference, _, cancel) = pending(&merchant).await;
    let (_, other, _, others_cancel) = pending(&foreign).await;
    let asked = merchant.gateway.count("GET");
    let state = cancel.strip_prefix("/return/").unwrap();
    let swapped =
        state.replacen(&state[20..22], if &state[20..22] == "AA" { "BB" } else { "AA" }, 1);
    for bad in [
        &others_cancel,
        &format!("/return/{swapped}"),
        &cancel[..cancel.len() - 1],
        &cancel[..cancel.len() / 2],
        &format!("{cancel}A"),
        &format!("{cancel}="),
        "/return/x",
        "/return/%00",
        &format!("/return/{}", "A".repeat(4_097)),
    ]
    .map(str::to_owned)
    {
        let answer = visits(&merchant, &bad).await;
        answer.refuses(404, "not_found");
        assert_eq!(answer.header("location"), None);
    }
    assert_eq!(merchant.gateway.count("GET"), asked, "nobody was asked for it");
    let status = merchant.token(&reference).await["status"].clone();
    assert_eq!(status, "awaiting_authorization");
    assert_eq!(foreign.token(&other).await["status"], "awaiting_authorization");
    // Other methods change nothing either.
    for method in ["POST", "PUT", "DELETE"] {
        let answer = merchant.sends(&Request::new(method, &cancel)).await;
        answer.refuses(405, "method_not_allowed");
    }
    assert_eq!(merchant.types(&reference).await, ["SessionCreated"]);
}

#[tokio::test]
async fn fifty_returns_at_once_are_one_event_and_fifty_ways_on() {
    let merchant = Merchant::deaf().await;
    let (session, reference, success, cancel) = pending(&merchant).await;
    for (path, place) in
        [(&cancel, "https://shop.example/back"), (&success, "https://shop.example/ok?order=1")]
    {
        if path == &success {
            merchant.shopper(&session, "approve").await;
        }
        let visits = (0..50).map(|_| visits(&merchant, path));
        for answer in futures(visits).await {
            assert_eq!(answer.status, 303, "{answer:?}");
            assert_eq!(answer.header("location"), Some(place));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        }
    }
    // Replayed once more, when all is over.
    assert_eq!(visits(&merchant, &cancel).await.status, 303);
    merchant.is(&reference, "active").await;
    let types = merchant.types(&reference).await;
    assert_eq!(types, ["SessionCreated", "Canceled", "Activated"]);
}

/// All of them at once.
async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = all.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        pending.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => {
                done.push(value);
                false
            }
            std::task::Poll::Pending => true,
        });
        if pending.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn with_smartpay_away_the_shopper_goes_on_and_the_check_is_made_later() {
    let merchant = Merchant::deaf().await;
    let (_, reference, _, cancel) = pending(&merchant).await;
    let (_, approved, success, _) = pending(&merchant).await;
    merchant.gateway.closes().await;
    let answer = visits(&merchant, &cancel).await;
    assert_eq!(answer.header("location"), Some("https://shop.example/back"));
    let answer = visits(&merchant, &success).await;
    assert_eq!(answer.header("location"), Some("https://shop.example/ok?order=1"));
    for reference in [&reference, &approved] {
        let status = merchant.token(reference).await["status"].clone();
        assert_eq!(status, "awaiting_authorization", "nothing is concluded from a hint");
    }
    let due = format!("SELECT cause FROM readings_due WHERE ref = '{approved}'");
    assert_eq!(merchant.world.one::<String>(&due).await, "return");
    merchant.gateway.opens().await;
    merchant.waits(TimeDelta::minutes(4));
    merchant.is(&reference, "canceled").await;
    let history = merchant.served.reads(&format!("/v1/tokens/{reference}/events")).await;
    assert_eq!(text(&history, "/data/1/data/reason"), "shopper", "{history}");
}

#[tokio::test]
async fn with_smartpay_silent_the_shopper_still_goes_on() {
    let merchant = Merchant::deaf().await;
    let (_, reference, success, cancel) = pending(&merchant).await;
    merchant.faults(json!({"api": {"timeout_rate": 1}})).await;
    for path in [&cancel, &success] {
        assert_eq!(visits(&merchant, path).await.status, 303);
    }
    merchant.faults(json!({})).await;
    assert_eq!(merchant.token(&reference).await["status"], "awaiting_authorization");
    merchant.waits(TimeDelta::minutes(4));
    merchant.is(&reference, "canceled").await;
}

#[tokio::test]
async fn a_success_return_of_a_pending_token_only_asks_for_a_reading() {
    let merchant = Merchant::deaf().await;
    let (_, reference, success, _) = pending(&merchant).await;
    assert_eq!(visits(&merchant, &success).await.status, 303);
    assert_eq!(merchant.types(&reference).await, ["SessionCreated"]);
    let due = format!("SELECT count(*) FROM readings_due WHERE ref = '{reference}'");
    assert_eq!(merchant.world.one::<i64>(&due).await, 1);
    // HEAD is a way on too.
    let head = merchant.sends(&Request::new("HEAD", &success)).await;
    assert_eq!((head.status, head.body.len()), (303, 0), "{head:?}");
    assert_eq!(head.header("location"), Some("https://shop.example/ok?order=1"));
}

#[tokio::test]
async fn a_rejection_is_recorded_as_such_whichever_way_the_shopper_comes() {
    let merchant = Merchant::deaf().await;
    let (session, reference, _, cancel) = pending(&merchant).await;
    merchant.shopper(&session, "reject").await;
    assert_eq!(visits(&merchant, &cancel).await.status, 303);
    assert_eq!(merchant.token(&reference).await["status"], "rejected");
    assert_eq!(merchant.types(&reference).await, ["SessionCreated", "Canceled"]);
}

#[tokio::test]
async fn a_cancel_return_of_an_approved_token_records_the_approval() {
    let merchant = Merchant::deaf().await;
    let (session, reference, _, cancel) = pending(&merchant).await;
    merchant.shopper(&session, "approve").await;
    assert_eq!(visits(&merchant, &cancel).await.status, 303);
    assert_eq!(merchant.types(&reference).await, ["SessionCreated", "Activated"]);
    // An old link, pressed again when all is over.
    merchant.waits(TimeDelta::seconds(10));
    assert_eq!(merchant.changes("disable", &reference).await.status, 200);
    assert_eq!(visits(&merchant, &cancel).await.status, 303);
    assert_eq!(merchant.token(&reference).await["status"], "disabled");
}

#[tokio::test]
async fn a_session_whose_time_is_over_is_canceled_by_a_reading_and_an_approval_still_wins() {
    let merchant = Merchant::deaf().await;
    let (_, reference, ..) = pending(&merchant).await;
    let (approved_session, active, ..) = pending(&merchant).await;
    merchant.shopper(&approved_session, "approve").await;
    merchant.waits(TimeDelta::hours(24) + TimeDelta::minutes(9));
    let asked = merchant.gateway.count("GET");
    merchant.world.until("count(*) = 2 FROM intents WHERE check_at IS NOT NULL").await;
    assert_eq!(merchant.token(&reference).await["status"], "awaiting_authorization", "not yet");
    assert_eq!(merchant.gateway.count("GET"), asked);
    merchant.waits(TimeDelta::minutes(2));
    merchant.is(&reference, "canceled").await;
    // The look found out about the other one too.
    merchant.is(&active, "active").await;
    let history = merchant.served.reads(&format!("/v1/tokens/{reference}/events")).await;
    assert_eq!(text(&history, "/data/1/data/reason"), "expired", "{history}");
    assert_eq!(text(&history, "/data/1/cause/kind"), "schedule", "{history}");
    merchant.world.until("count(check_at) = 0 FROM intents").await;
    let asked = merchant.gateway.count("GET");
    merchant.waits(TimeDelta::hours(30));
    let late = approved(&merchant.id(&reference).await);
    merchant.world.delivers(&late).await;
    assert_eq!(merchant.token(&reference).await["usable"], json!(true));
    assert_eq!(merchant.gateway.count("GET"), asked, "nobody looks again");
}

#[tokio::test]
async fn a_session_that_was_answered_is_not_looked_at_when_its_time_is_over() {
    let merchant = Merchant::new().await;
    merchant.active().await;
    let asked = merchant.gateway.count("GET");
    merchant.waits(TimeDelta::hours(25));
    merchant.world.until("count(check_at) = 0 FROM intents").await;
    assert_eq!(merchant.gateway.count("GET"), asked);
}
