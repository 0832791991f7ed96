//! Checkout sessions: made once at Smartpay, known to the ledger at once.

use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::creation;
use crate::merchant::text;

#[tokio::test]
async fn a_session_makes_a_token_that_the_ledger_knows_by_its_consumer() {
    let merchant = Merchant::new().await;
    let answer = merchant.sends(&creation(&asked())).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let session = answer.json();
    let reference = text(&session, "/token/ref");
    assert_eq!(answer.header("location"), Some(format!("/v1/tokens/{reference}").as_str()));
    assert_eq!(text(&session, "/token/consumer"), "C-1");
    assert_eq!(text(&session, "/token/status"), "awaiting_authorization");
    assert_eq!(text(&session, "/token/reference"), "sub-1");
    assert!(text(&session, "/session_id").starts_with("checkout_test_"));

    merchant.shopper(&session, "approve").await;
    merchant.is(reference, "active").await;
    assert_eq!(merchant.token(reference).await.get("usable"), Some(&json!(true)));
    assert_eq!(merchant.types(reference).await, ["SessionCreated", "Activated"]);
    assert_eq!(merchant.truth().await.len(), 1);
}

#[tokio::test]
async fn the_same_request_again_is_the_same_session() {
    let merchant = Merchant::new().await;
    let request = creation(&asked());
    let first = merchant.sends(&request).await;
    let again = merchant.sends(&request).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.body, again.body);
    assert_eq!(merchant.truth().await.len(), 1);
}

#[tokio::test]
async fn what_was_refused_for_now_can_be_asked_for_again_under_its_key() {
    let merchant = Merchant::new().await;
    merchant.faults(json!({"seed": 1, "api": {"error_rate": 1}})).await;
    let request = creation(&asked());
    let first = merchant.sends(&request).await;
    assert!([202, 502].contains(&first.status), "{first:?}");
    merchant.faults(json!({"seed": 1})).await;
    merchant
        .world
        .execute(
            "UPDATE ledger.intents SET state = 'refused', settled_at = now(), \
        next_at = NULL, error_code = 'too_many_requests'",
        )
        .await;
    merchant
        .world
        .execute(
            "UPDATE ledger.idempotency SET status = NULL, salt = NULL, \
        sealed = NULL, leased_until = created_at",
        )
        .await;
    assert_eq!(merchant.sends(&request).await.status, 201);
    assert_eq!(merchant.truth().await.len(), 1);
    assert_eq!(merchant.world.one::<i64>("SELECT count(*) FROM intents").await, 2);
}
