//! What Smartpay may answer instead of what it should: a clear refusal or an open outcome, and never
//! an event that nobody saw.

use serde_json::Value;
use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::creation;
use crate::merchant::gateway::Doing;
use crate::merchant::gateway::says;
use crate::merchant::gateway::says_json;
use crate::merchant::text;

fn error(status: u16, code: &str) -> Vec<u8> {
    let body = json!({"statusCode": status, "errorCode": code, "message": "no", "details": []});
    says_json(status, &body.to_string())
}

fn unauthorized() -> Vec<u8> {
    says_json(401, r#"{"statusCode":401,"scheme":"Basic","realm":"smartpay"}"#)
}

fn too_many() -> Vec<u8> {
    let body = r#"{"statusCode":429,"errorCode":"x","message":"slow down","details":[]}"#;
    says(429, "Content-Type: application/json\r\nRetry-After: 60\r\n", body)
}

#[tokio::test]
async fn a_session_that_smartpay_refuses_is_refused() {
    let merchant = Merchant::deaf().await;
    for (answer, status, code) in [
        (error(422, "request.invalid"), 422, "smartpay_rejected"),
        (error(400, "request.malformed"), 422, "smartpay_rejected"),
        (error(409, "some.conflict"), 422, "smartpay_rejected"),
        (unauthorized(), 502, "smartpay_unavailable"),
        (too_many(), 502, "smartpay_unavailable"),
    ] {
        merchant.gateway.will("POST /v1/checkout-sessions", "", Doing::Says(answer));
        let request = creation(&asked());
        let problem = merchant.sends(&request).await.refuses(status, code);
        if status == 422 {
            assert!(problem.get("smartpay_error_code").is_some(), "{problem}");
            assert!(!problem.to_string().contains("\"no\""), "not Smartpay's own words: {problem}");
            let again = merchant.sends(&request).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{again:?}");
        } else {
            // What was refused for now is tried anew under the same key.
            let again = merchant.sends(&request).await;
            assert_eq!(again.status, 201, "{again:?}");
        }
    }
    assert_eq!(merchant.truth().await.len(), 2);
    assert_eq!(merchant.world.count("events").await, 2);
}

#[tokio::test]
async fn a_session_whose_answer_is_odd_is_neither_made_nor_lost() {
    let merchant = Merchant::deaf().await;
    let made = merchant.creates().await;
    let path = format!("/checkout-sessions/{}", text(&made, "/session_id"));
    let whole: Value = merchant.at_smartpay("GET", &path).await.json();
    let id = text(&whole, "/token").to_owned();
    let spoiled = |change: &dyn Fn(&mut Value)| {
        let mut body = whole.clone();
        change(&mut body);
        says_json(200, &body.to_string())
    };
    let odd = [
        spoiled(&|body| drop(body.as_object_mut().unwrap().remove("token"))),
        spoiled(&|body| body["token"] = json!({"object": "token"})),
        spoiled(&|body| body["token"] = json!({"id": null})),
        spoiled(&|body| body["token"] = json!("tok_1")),
        spoiled(&|body| body["token"] = json!(id.replace("_test_", "_live_"))),
        spoiled(&|body| body["test"] = json!(false)),
        spoiled(&|body| body["object"] = json!("order")),
        spoiled(&|body| body["url"] = json!("javascript:alert(1)")),
        spoiled(&|body| drop(body.as_object_mut().unwrap().remove("url"))),
        says_json(200, ""),
        says_json(200, "{}"),
        says_json(200, "[]"),
        says_json(204, ""),
        says(200, "Content-Type: text/html\r\n", "<html>welcome</html>"),
        says(302, "Location: https://elsewhere.example/\r\n", ""),
        says(403, "Content-Type: text/html\r\n", "<html>gateway</html>"),
        says_json(200, &"x".repeat(50_000_000)),
    ];
    for answer in odd {
        let events = merchant.world.count("events").await;
        merchant.gateway.will("POST /v1/checkout-sessions", "", Doing::Says(answer));
        let request = creation(&asked());
        let problem = merchant.sends(&request).await.refuses(502, "smartpay_unavailable");
        assert!(text(&problem, "/detail").contains("/v1/intents/int_"), "{problem}");
        assert_eq!(merchant.world.count("events").await, events, "no event of what nobody saw");
        // The same request goes on with its intent: one call more, under the same key.
        let again = merchant.sends(&request).await;
        assert_eq!(again.status, 201, "{again:?}");
        let calls = merchant.gateway.sent();
        let keys: Vec<_> = calls.iter().rev().take(2).map(|sent| key(&sent.head)).collect();
        assert_eq!(keys.first(), keys.last());
        assert_eq!(merchant.world.count("events").await, events + 1);
    }
}

fn key(head: &str) -> String {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("idempotency-key"));
    line.unwrap().to_owned()
}

#[tokio::test]
async fn a_change_that_smartpay_refuses_changes_nothing() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    for (answer, status, code) in [
        (error(422, "request.invalid"), 422, "smartpay_rejected"),
        (error(400, "token.invalid"), 422, "smartpay_rejected"),
        (unauthorized(), 502, "smartpay_unavailable"),
        (too_many(), 502, "smartpay_unavailable"),
    ] {
        merchant.gateway.will("PUT", "/disable", Doing::Says(answer));
        merchant.changes("disable", &reference).await.refuses(status, code);
        let token = merchant.token(&reference).await;
        assert_eq!(token["usable"], json!(true), "{token}");
    }
    // Not there for the command, but there for the reading: so it is in a state that forbids it.
    merchant.gateway.will("PUT", "/disable", Doing::Says(error(404, "token.not-found")));
    merchant.changes("disable", &reference).await.refuses(409, "token_state_conflict");
    assert_eq!(merchant.token(&reference).await["usable"], json!(true));
    assert_eq!(merchant.types(&reference).await, ["SessionCreated", "Activated"]);
    let states = merchant.states().await;
    assert_eq!(states.iter().filter(|state| *state == "refused").count(), 5, "{states:?}");
}

#[tokio::test]
async fn a_change_whose_answer_is_odd_is_decided_by_what_is_read_back() {
    let merchant = Merchant::deaf().await;
    let odd = || {
        [
            says(502, "Content-Type: text/html\r\n", "<html>bad gateway</html>"),
            says(403, "Content-Type: text/html\r\n", "<html>gateway</html>"),
            says(302, "Location: https://elsewhere.example/\r\n", ""),
            says_json(200, r#"{"id":"something else"}"#),
            says_json(201, ""),
        ]
    };
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    merchant.shopper(&session, "approve").await;
    merchant.waits(chrono::TimeDelta::seconds(10));
    let id = merchant.id(reference).await;
    for answer in odd() {
        // Done in truth: 200, unless it may yet come again (5xx).
        merchant.at_smartpay("PUT", &format!("/tokens/{id}/enable")).await;
        merchant.waits(chrono::TimeDelta::seconds(10));
        merchant.gateway.will("PUT", "/disable", Doing::ActsAndSays(answer));
        let answer = merchant.changes("disable", reference).await;
        assert!([200, 202].contains(&answer.status), "{answer:?}");
        merchant.waits(chrono::TimeDelta::minutes(1));
        merchant.open_are(0).await;
        assert_eq!(merchant.token(reference).await["unusable_reason"], "disabled");
        merchant.waits(chrono::TimeDelta::seconds(10));
        assert_eq!(merchant.changes("enable", reference).await.status, 200);
    }
    for answer in odd() {
        // Not done: it stays open, and is done by whoever is on duty.
        merchant.waits(chrono::TimeDelta::seconds(10));
        merchant.gateway.will("PUT", "/disable", Doing::Says(answer));
        let answer = merchant.changes("disable", reference).await;
        if answer.status == 202 {
            let token = merchant.token(reference).await;
            assert_eq!(token["unusable_reason"], "change_in_flight");
            merchant.waits(chrono::TimeDelta::minutes(1));
            merchant.open_are(0).await;
        }
        let told = merchant.token(reference).await;
        let truth = merchant.truth().await;
        let truth = truth.iter().find(|token| token["id"] == json!(id)).unwrap();
        assert_eq!(told["status"], truth["status"], "{told} {truth}");
        assert_eq!(told["status"], "disabled", "{answer:?}");
        merchant.waits(chrono::TimeDelta::seconds(10));
        assert_eq!(merchant.changes("enable", reference).await.status, 200);
    }
}
