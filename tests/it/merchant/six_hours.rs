//! When Smartpay's window is over, nothing is sent again: what is true is read, or not known.

use chrono::TimeDelta;
use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::creation;
use crate::merchant::gateway::Doing;
use crate::merchant::text;
use crate::request::Request;

const WINDOW: TimeDelta = TimeDelta::minutes(6 * 60 - 5);

/// A service that is away from the moment a command has gone out, until after the window.
async fn sleeps_through(merchant: &Merchant) {
    merchant.gateway.closes().await;
    merchant.waits(WINDOW);
    merchant.gateway.opens().await;
}

#[tokio::test]
async fn a_session_that_was_lost_is_found_by_the_intent_in_its_metadata() {
    let merchant = Merchant::deaf().await;
    merchant.creates().await;
    merchant.gateway.will("POST /v1/checkout-sessions", "", Doing::ActsAndCuts);
    let answer = merchant.sends(&creation(&asked())).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    for _ in 0..25 {
        merchant.creates().await;
    }
    let posts = merchant.gateway.count("POST");
    sleeps_through(&merchant).await;
    merchant.open_are(0).await;
    let intent = merchant.served.gets(answer.header("location").unwrap()).await.json();
    assert_eq!(intent["state"], "settled", "{intent}");
    assert_eq!(merchant.token(text(&intent, "/ref")).await["consumer"], "C-1");
    assert_eq!(merchant.gateway.count("POST"), posts, "nothing is sent again");
    assert_eq!(merchant.truth().await.len(), 27);
    assert_eq!(merchant.world.count("tokens").await, 27);
}

#[tokio::test]
async fn a_session_that_is_nowhere_was_not_created_and_may_be_asked_for_again() {
    let merchant = Merchant::deaf().await;
    merchant.creates().await;
    merchant.gateway.will("POST /v1/checkout-sessions", "", Doing::Cuts);
    let answer = merchant.sends(&creation(&asked())).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    sleeps_through(&merchant).await;
    merchant.open_are(0).await;
    let intent = merchant.served.gets(answer.header("location").unwrap()).await.json();
    assert_eq!(intent["state"], "not_created", "{intent}");
    assert_eq!(merchant.truth().await.len(), 1);
}

#[tokio::test]
async fn a_change_is_settled_by_what_is_read_whether_it_was_done_or_not() {
    let merchant = Merchant::deaf().await;
    for (doing, state, status) in
        [(Doing::ActsAndCuts, "settled", "disabled"), (Doing::Cuts, "overtaken", "active")]
    {
        let session = merchant.creates().await;
        let reference = text(&session, "/token/ref");
        merchant.shopper(&session, "approve").await;
        merchant.waits(TimeDelta::seconds(10));
        merchant.gateway.will("PUT", "/disable", doing);
        assert_eq!(merchant.changes("disable", reference).await.status, 202);
        let puts = merchant.gateway.count("PUT");
        sleeps_through(&merchant).await;
        merchant.open_are(0).await;
        assert_eq!(merchant.states().await.pop().unwrap(), state);
        assert_eq!(merchant.token(reference).await["status"], status);
        assert_eq!(merchant.gateway.count("PUT"), puts, "nothing is sent again");
    }
    // Of a deletion, a 404 is what was wanted.
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    merchant.shopper(&session, "approve").await;
    merchant.waits(TimeDelta::seconds(10));
    merchant.gateway.will("DELETE", "", Doing::ActsAndCuts);
    assert_eq!(merchant.changes("delete", reference).await.status, 202);
    sleeps_through(&merchant).await;
    merchant.open_are(0).await;
    assert_eq!(merchant.states().await.pop().unwrap(), "settled");
    let token = merchant.token(reference).await;
    assert_eq!(token["status"], "deleted", "{token}");
}

#[tokio::test]
async fn what_cannot_be_found_out_is_unresolved_shown_everywhere_and_looked_at_again() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    merchant.waits(TimeDelta::seconds(10));
    merchant.faults(json!({"api": {"error_rate": 1}})).await;
    let change = merchant.changes("disable", &reference).await;
    let session = merchant.sends(&creation(&asked())).await;
    assert_eq!((change.status, session.status), (202, 202));
    let metrics = async || {
        let answer = merchant.sends(&Request::new("GET", "/metrics")).await.text();
        let lines = answer.lines().filter(|line| line.starts_with("tokenledger_intents"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    // Other tests' services share the recorder of this process: only that there are such lines.
    let shown = metrics().await;
    assert!(shown.iter().any(|line| line.contains("state=\"open\"")), "{shown:?}");
    assert!(shown.iter().any(|line| line.contains("state=\"unresolved\"")), "{shown:?}");

    merchant.waits(WINDOW);
    merchant.world.until("count(*) = 2 FROM intents WHERE state = 'unresolved'").await;
    merchant.world.until("count(sealed_request) = 0 FROM intents").await;
    for answer in [&change, &session] {
        let intent = merchant.served.gets(answer.header("location").unwrap()).await.json();
        assert_eq!(intent["state"], "unresolved", "{intent}");
        assert_eq!(intent["settled_at"], json!(null), "{intent}");
    }
    let token = merchant.token(&reference).await;
    assert_eq!(token["unusable_reason"], "change_in_flight", "a guess is not made");

    merchant.faults(json!({})).await;
    merchant.waits(TimeDelta::hours(1));
    merchant.world.until("count(*) = 0 FROM intents WHERE state = 'unresolved'").await;
    let mut states = merchant.states().await;
    states.sort();
    assert_eq!(states, ["not_created", "overtaken", "settled"]);
    assert_eq!(merchant.token(&reference).await["usable"], json!(true), "Smartpay never did it");
}

/// A token that has no other beside it: its 404 proves nothing by itself.
#[tokio::test]
async fn a_change_of_a_token_that_is_known_to_be_gone_ends() {
    for (how, state) in [("delete", "settled"), ("disable", "overtaken")] {
        let merchant = Merchant::new().await;
        let reference = merchant.active().await;
        merchant.waits(TimeDelta::seconds(10));
        let doing = if how == "delete" { Doing::ActsAndCuts } else { Doing::Cuts };
        merchant.gateway.will(if how == "delete" { "DELETE" } else { "PUT" }, "", doing);
        assert_eq!(merchant.changes(how, &reference).await.status, 202);
        merchant.gateway.closes().await;
        if how == "disable" {
            let id = text(&merchant.truth().await[0], "/id").to_owned();
            let path = format!("/v1/tokens/{id}");
            let request = Request::new("DELETE", &path).with("Authorization", "Basic sk_test_a");
            assert_eq!(merchant.tells_smartpay(&request).await.status, 204);
        }
        merchant.is(&reference, "deleted").await;
        merchant.waits(WINDOW);
        merchant.gateway.opens().await;
        merchant.open_are(0).await;
        assert_eq!(merchant.states().await.pop().unwrap(), state, "{how}");
    }
}
