//! Webhooks: to whom, signed how, until when, and into the real service.

use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::signature::Timestamp;

use crate::pretend::Inbox;
use crate::pretend::Pretend;
use crate::pretend::Received;
use crate::pretend::text;
use crate::pretend::until;
use crate::world::DEV;
use crate::world::SECRET;
use crate::world::ask;

async fn whole_life(pretend: &Pretend) -> String {
    let token = pretend.active_token().await;
    for change in ["disable", "enable"] {
        pretend.calls("PUT", &format!("/v1/tokens/{token}/{change}")).await;
    }
    pretend.calls("DELETE", &format!("/v1/tokens/{token}")).await;
    token
}

fn kinds(received: &[Received]) -> HashSet<String> {
    received.iter().map(Received::kind).collect()
}

#[tokio::test]
async fn each_change_is_told_to_whom_it_may_concern() {
    let pretend = Pretend::new().await;
    let (all, some, inactive) = (Inbox::new([]).await, Inbox::new([]).await, Inbox::new([]).await);
    let endpoint = async |inbox: &Inbox, more: Value| {
        let mut body = json!({"url": inbox.url});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let path = "/v1/webhook-endpoints";
        pretend.calls_with("POST", path, &body.to_string()).await.json()
    };
    let everything = endpoint(&all, json!({})).await;
    let chosen = json!({"eventSubscriptions": ["token.approved", "token.deleted"]});
    let part = endpoint(&some, chosen).await;
    let paused = endpoint(&inactive, json!({})).await;
    let path = format!("/v1/webhook-endpoints/{}", text(&paused, "/id"));
    pretend.calls_with("PATCH", &path, "{\"active\":false}").await;

    let token = whole_life(&pretend).await;
    let received = all.until(5).await;
    let expected =
        ["token.created", "token.approved", "token.disabled", "token.enabled", "token.deleted"];
    assert_eq!(kinds(&received), HashSet::from(expected.map(str::to_owned)));
    for one in &received {
        assert!(one.verifies_with(text(&everything, "/signingSecret")));
        assert_eq!(one.header("Smartpay-Subscription-Id"), text(&everything, "/id"));
        assert_eq!(one.header("Content-Type"), "application/json");
        let body = one.json();
        assert_eq!(one.header("Smartpay-Event-Id"), text(&body, "/id"));
        assert_eq!(text(&body, "/eventData/data/id"), token);
        assert_eq!(body["createdAt"], body["eventData"]["data"]["updatedAt"]);
    }
    let received = some.until(2).await;
    let expected = ["token.approved", "token.deleted"].map(str::to_owned);
    assert_eq!(kinds(&received), HashSet::from(expected));
    assert!(received.iter().all(|one| one.verifies_with(text(&part, "/signingSecret"))));
    assert!(inactive.now().is_empty());
}

#[tokio::test]
async fn what_is_not_answered_200_comes_again_later_and_signed_anew() {
    let pretend = Pretend::new().await;
    let refusals =
        [StatusCode::BAD_REQUEST, StatusCode::ACCEPTED, StatusCode::FOUND, StatusCode::BAD_GATEWAY];
    let inbox = Inbox::new(refusals).await;
    pretend.tells(&inbox.url).await;
    pretend.session().await;
    let mut passed_ms = 0;
    until(async || {
        passed_ms += 500;
        pretend.waits(500);
        inbox.now().len() == 5
    })
    .await;
    assert!(passed_ms >= 15_000, "the pauses of 1, 2, 4 and 8 s took {passed_ms} ms");
    let received = inbox.until(5).await;
    let first = &received[0];
    assert!(received.iter().all(|one| one.verifies_with(SECRET)));
    assert!(received.iter().all(|one| one.body == first.body));
    let id = first.header("Smartpay-Event-Id");
    assert!(received.iter().all(|one| one.header("Smartpay-Event-Id") == id));
    let times: Vec<i64> = received
        .iter()
        .map(|one| Timestamp::parse(one.header("Smartpay-Signature-Timestamp")).unwrap().millis())
        .collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    // Nothing more comes of what was taken.
    pretend.waits(86_400_000);
    pretend.session().await;
    let received = inbox.until(6).await;
    assert_ne!(received[5].header("Smartpay-Event-Id"), id);
}

#[tokio::test]
async fn a_restart_goes_on_with_everything() {
    let mut pretend = Pretend::new().await;
    let inbox = Inbox::new([StatusCode::SERVICE_UNAVAILABLE]).await;
    pretend.tells(&inbox.url).await;
    pretend.faults(json!({"seed": 7, "webhooks": {"delay_ms": 100}})).await;
    let session = pretend.session().await;
    let before = pretend.truth().await;
    pretend.waits(100);
    inbox.until(1).await;
    pretend.shopper(&session, "approve").await;
    pretend.stops().await;
    pretend.starts().await;
    assert_eq!(pretend.truth().await[0]["createdAt"], before[0]["createdAt"]);
    pretend.waits(60_000);
    let received = inbox.until(3).await;
    let kinds: Vec<String> = received.iter().map(Received::kind).collect();
    assert!(kinds.contains(&"token.approved".to_owned()), "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| *kind == "token.created").count(), 2);
}

#[tokio::test]
async fn the_real_service_takes_them_and_ends_with_the_same_tokens() {
    let pretend = Pretend::new().await;
    let served = pretend.world.serves().await;
    pretend.tells(&format!("http://{}{DEV}", served.address)).await;
    pretend
        .faults(json!({"seed": 3, "webhooks": {
            "duplicate": 0.5, "bad_signature": 0.4, "shuffle_ms": 900, "rerender": 0.5,
        }}))
        .await;
    let mut tokens = Vec::new();
    for _ in 0..3 {
        tokens.push(whole_life(&pretend).await);
        let token = pretend.active_token().await;
        pretend.calls("PUT", &format!("/v1/tokens/{token}/disable")).await;
        tokens.push(token);
        tokens.push(pretend.active_token().await);
    }
    let outstanding = "SELECT count(*) FROM sandbox.deliveries WHERE state = 'waiting'";
    let mut owner = pretend.world.sql_as("postgres").await;
    until(async || {
        pretend.waits(300);
        ask::<i64>(&mut owner, outstanding).await == 0
    })
    .await;
    for truth in pretend.truth().await {
        let token = text(&truth, "/id");
        assert!(TokenId::parse(token).is_ok() && tokens.contains(&token.to_owned()));
        assert_eq!(pretend.world.status(token).await, text(&truth, "/status"));
    }
    let delivered: i64 = pretend.world.one("SELECT count(*) FROM inputs").await;
    assert!(delivered > 33, "{delivered} deliveries");
}
