//! The shopper comes back: a hint that is confirmed, and a way on that is always there.

use serde_json::Value;
use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::text;
use crate::request::Request;

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
