//! Disable, enable, delete: done at Smartpay, read back, one right history.

use chrono::TimeDelta;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::merchant::Merchant;
use crate::merchant::change;
use crate::merchant::gateway::Doing;
use crate::merchant::gateway::says_json;
use crate::merchant::text;
use crate::wire::Answer;
use crate::wire::Wire;

#[tokio::test]
async fn a_change_is_read_back_and_its_webhook_is_a_witness() {
    for merchant in [Merchant::new().await, Merchant::deaf().await] {
        let session = merchant.creates().await;
        let reference = text(&session, "/token/ref").to_owned();
        merchant.shopper(&session, "approve").await;
        for (how, status) in [
            ("disable", "disabled"),
            ("disable", "disabled"),
            ("enable", "active"),
            ("delete", "deleted"),
        ] {
            merchant.waits(TimeDelta::seconds(10));
            let answer = merchant.changes(how, &reference).await;
            assert_eq!(answer.status, 200, "{how}: {answer:?}");
            let token = answer.json();
            assert_eq!(text(&token, "/status"), status);
            assert_eq!(token.get("usable"), Some(&json!(status == "active")));
        }
        assert_eq!(merchant.world.one::<i64>("SELECT count(*) FROM intents").await, 5);
        merchant.world.until("count(*) = 5 FROM intents WHERE state = 'settled'").await;
        let types = merchant.types(&reference).await;
        let told: Vec<&str> =
            types.iter().map(String::as_str).filter(|t| *t != "Activated").collect();
        assert_eq!(told.first(), Some(&"SessionCreated"));
        assert_eq!(told.iter().filter(|told| **told == "Disabled").count(), 1, "{types:?}");
        assert_eq!(told.iter().filter(|told| **told == "Enabled").count(), 1, "{types:?}");
    }
}

#[tokio::test]
async fn a_pending_token_cannot_be_disabled_and_is_told_so() {
    let merchant = Merchant::new().await;
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    let answer = merchant.changes("disable", reference).await;
    answer.refuses(409, "token_state_conflict");
    assert_eq!(merchant.types(reference).await, ["SessionCreated"]);
    assert_eq!(
        text(&merchant.token(reference).await, "/unusable_reason"),
        "awaiting_authorization"
    );
}

/// The updatedAt of a token's own words at Smartpay.
async fn object(merchant: &Merchant, id: &str) -> String {
    let answer = merchant.at_smartpay("GET", &format!("/tokens/{id}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text()
}

/// A change that is on its way while the test does something else.
fn asks(merchant: &Merchant, how: &str, reference: &str) -> JoinHandle<Answer> {
    let (address, request) = (merchant.served.address, change(how, reference));
    tokio::spawn(async move {
        let mut wire = Wire::connect(address).await;
        wire.send(&request.set("Connection", "close").bytes()).await;
        wire.answer(false).await
    })
}

#[tokio::test]
async fn what_is_so_already_is_200_and_no_event() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    for (how, events) in [
        ("enable", 2),
        ("disable", 3),
        ("disable", 3),
        ("enable", 4),
        ("enable", 4),
        ("delete", 5),
        ("delete", 5),
    ] {
        merchant.waits(TimeDelta::seconds(10));
        let answer = merchant.changes(how, &reference).await;
        assert_eq!(answer.status, 200, "{how}: {answer:?}");
        let types = merchant.types(&reference).await;
        assert_eq!(types.len(), events, "{how}: {types:?}");
        assert_eq!(merchant.token(&reference).await["anomalies"], 0);
    }
    for how in ["disable", "enable"] {
        merchant.changes(how, &reference).await.refuses(409, "token_state_conflict");
        assert_eq!(merchant.types(&reference).await.len(), 5);
    }
}

#[tokio::test]
async fn the_webhook_may_come_before_the_read_back_or_after_it_or_never() {
    for (how, name) in [("disable", "Disabled"), ("delete", "Deleted")] {
        let merchant = Merchant::new().await;
        for before in [true, false] {
            let reference = merchant.active().await;
            merchant.waits(TimeDelta::seconds(10));
            let asking = if before {
                // Recorded from the webhook while the read-back is held.
                let go = merchant.gateway.holds("GET /v1/tokens", "");
                let asking = asks(&merchant, how, &reference);
                let status = if how == "delete" { "deleted" } else { "disabled" };
                merchant.is(&reference, status).await;
                go.send(()).unwrap();
                asking
            } else {
                // Held back until the read-back is recorded.
                merchant.faults(json!({"webhooks": {"delay_ms": 5_000}})).await;
                let asking = asks(&merchant, how, &reference);
                merchant
                    .world
                    .until(&format!(
                        "count(*) = 1 FROM intents WHERE ref = '{reference}' AND state = 'settled'
                        AND kind <> 'create_session'"
                    ))
                    .await;
                asking
            };
            let answer = asking.await.unwrap();
            assert_eq!(answer.status, 200, "{how} {before}: {answer:?}");
            merchant.faults(json!({})).await;
            merchant.waits(TimeDelta::seconds(10));
            let type_of = format!("type = 'token.{}'", name.to_lowercase());
            let came = if before { 1 } else { 2 };
            merchant.world.until(&format!("count(*) = {came} FROM inputs WHERE {type_of}")).await;
            let types = merchant.types(&reference).await;
            // Time stands still here: a 404 and the notice of a deletion name the same instant.
            assert_eq!(types.iter().filter(|told| *told == name).count(), 1, "{types:?}");
            let token = merchant.token(&reference).await;
            assert_eq!(token["unusable_reason"], name.to_lowercase(), "{token}");
            assert_eq!(token["anomalies"], 0, "{token}");
        }
    }
}

#[tokio::test]
async fn a_webhook_that_comes_before_the_command_is_answered_is_the_same_change() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    merchant.waits(TimeDelta::seconds(10));
    merchant.faults(json!({"webhooks": {"before_response": true, "duplicate": 1}})).await;
    for (how, status) in [("disable", "disabled"), ("enable", "active"), ("delete", "deleted")] {
        let answer = merchant.changes(how, &reference).await;
        assert_eq!(answer.status, 200, "{how}: {answer:?}");
        assert_eq!(text(&answer.json(), "/status"), status);
        merchant.waits(TimeDelta::seconds(10));
    }
    let types = merchant.types(&reference).await;
    assert_eq!(types, ["SessionCreated", "Activated", "Disabled", "Enabled", "Deleted"]);
}

#[tokio::test]
async fn somebody_else_s_newer_change_overtakes_ours() {
    let merchant = Merchant::deaf().await;
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    merchant.shopper(&session, "approve").await;
    merchant.waits(TimeDelta::seconds(10));
    let id = merchant.id(reference).await;
    let go = merchant.gateway.holds("GET /v1/tokens", "");
    let asking = asks(&merchant, "disable", reference);
    while !merchant.gateway.did() {
        tokio::task::yield_now().await;
    }
    assert_eq!(merchant.token(reference).await["unusable_reason"], "change_in_flight");
    merchant.waits(TimeDelta::seconds(10));
    let enabled = merchant.at_smartpay("PUT", &format!("/tokens/{id}/enable")).await;
    assert_eq!(enabled.status, 200);
    go.send(()).unwrap();
    let problem = asking.await.unwrap().refuses(409, "token_state_conflict");
    assert!(text(&problem, "/detail").contains("newer"), "{problem}");
    let token = merchant.token(reference).await;
    assert_eq!(token["usable"], json!(true), "{token}");
    assert_eq!(merchant.states().await, ["settled", "overtaken"]);
}

#[tokio::test]
async fn a_reading_that_lags_behind_ends_nothing() {
    for (how, status) in [("disable", "disabled"), ("delete", "deleted")] {
        let merchant = Merchant::deaf().await;
        let session = merchant.creates().await;
        let reference = text(&session, "/token/ref");
        merchant.shopper(&session, "approve").await;
        merchant.waits(TimeDelta::seconds(10));
        // Another token by which the key is known to be this ledger's, and it is known how ours is.
        merchant.spare().await;
        assert_eq!(merchant.changes("enable", reference).await.status, 200);
        let old = object(&merchant, &merchant.id(reference).await).await;
        merchant.gateway.will("GET /v1/tokens", "", Doing::Says(says_json(200, &old)));
        merchant.waits(TimeDelta::seconds(10));
        let answer = merchant.changes(how, reference).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let token = merchant.token(reference).await;
        assert_eq!(token["unusable_reason"], "change_in_flight", "{token}");
        merchant.waits(TimeDelta::minutes(1));
        merchant.open_are(0).await;
        assert_eq!(merchant.states().await.pop().unwrap(), "settled");
        assert_eq!(merchant.token(reference).await["unusable_reason"], status);
    }
}

#[tokio::test]
async fn a_change_needs_a_known_token_a_reason_and_the_newest_version() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    let unknown = format!("tok_test_{}", "a".repeat(reference.len() - "tok_test_".len()));
    for how in ["disable", "enable", "delete"] {
        merchant.changes(how, &unknown).await.refuses(404, "not_found");
        for reason in [json!(""), json!(" "), json!("x".repeat(201)), json!("a\nb"), json!(1)] {
            let body = json!({"reason": reason}).to_string();
            let request = change(how, &reference).body(body);
            merchant.sends(&request).await.refuses(422, "validation_failed");
        }
        let body = json!({"reason": merchant.id(&reference).await}).to_string();
        let said = merchant.sends(&change(how, &reference).body(body)).await;
        assert!(!said.refuses(422, "validation_failed").to_string().contains("paytok_test_"));
        let request = change(how, &reference).body("{}");
        merchant.sends(&request).await.refuses(422, "validation_failed");
        let request = change(how, &reference).without("Idempotency-Key");
        merchant.sends(&request).await.refuses(400, "idempotency_key_missing");
        for version in ["\"1-1\"", "\"0-2\"", "nonsense", "W/\"1-2\""] {
            let request = change(how, &reference).with("If-Match", version);
            merchant.sends(&request).await.refuses(412, "precondition_failed");
        }
    }
    assert_eq!(merchant.gateway.count("PUT") + merchant.gateway.count("DELETE"), 0);
    let path = format!("/v1/tokens/{reference}");
    let version = merchant.served.gets(&path).await.header("etag").unwrap().to_owned();
    merchant.waits(TimeDelta::seconds(10));
    let request = change("disable", &reference).with("If-Match", &version);
    let answer = merchant.sends(&request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let again = change("enable", &reference).with("If-Match", &version);
    merchant.sends(&again).await.refuses(412, "precondition_failed");
    let history = merchant.served.reads(&format!("{path}/events")).await;
    let cause = &history["data"][2]["cause"];
    if cause["kind"] == "api" {
        assert_eq!(cause["reason"], "the shopper called", "{cause}");
        assert!(text(cause, "/actor").starts_with("key "), "{cause}");
    }
}

#[tokio::test]
async fn a_token_that_is_gone_at_smartpay_is_a_conflict_and_asked_for() {
    let merchant = Merchant::deaf().await;
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    merchant.shopper(&session, "approve").await;
    merchant.waits(TimeDelta::seconds(10));
    let id = merchant.id(reference).await;
    assert_eq!(merchant.at_smartpay("DELETE", &format!("/tokens/{id}")).await.status, 204);
    for how in ["disable", "enable"] {
        merchant.changes(how, reference).await.refuses(409, "token_state_conflict");
    }
    let due = format!("count(*) = 1 FROM readings_due WHERE ref = '{reference}'");
    assert!(merchant.world.one::<bool>(&format!("SELECT {due}")).await);
    assert_ne!(merchant.token(reference).await["status"], "deleted", "one 404 proves nothing");
}
