//! While it is open whether a token was disabled or deleted, no answer about it says that it can be
//! charged.
#![expect(clippy::indexing_slicing, reason = "a document without what is looked for fails")]

use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::Value;
use serde_json::json;
use tokenledger::database::SERVICE;

use crate::merchant::Merchant;
use crate::merchant::change;
use crate::merchant::gateway::Doing;
use crate::merchant::text;
use crate::place::Place;
use crate::request::Request;
use crate::world::LEDGER;
use crate::world::get;

async fn checks(merchant: &Merchant, of: &Value) -> Value {
    let request = Request { method: "POST".to_owned(), ..get("/v1/usability-checks") };
    let request = request.with("Content-Type", "application/json").body(of.to_string());
    let answer = merchant.sends(&request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Every place where a service reads whether the token can be charged.
async fn everywhere(merchant: &Merchant, reference: &str) -> Vec<Value> {
    let read = async |path: &str| merchant.served.reads(path).await;
    let mut told = vec![read(&format!("/v1/tokens/{reference}")).await];
    for path in ["/v1/tokens", "/v1/consumers/C-1/tokens"] {
        for filter in ["", "?limit=200", "?usable=false", "?usable=true"] {
            let page = read(&format!("{path}{filter}")).await;
            let rows = page["data"].as_array().unwrap();
            let row = rows.iter().find(|row| row["ref"] == reference);
            let usable = told[0]["usable"] == json!(true);
            let wanted = filter.is_empty() || filter == "?limit=200";
            assert_eq!(row.is_some(), wanted || (filter == "?usable=true") == usable, "{page}");
            told.extend(row.cloned());
        }
    }
    let by_ref = checks(merchant, &json!({"tokens": [reference]})).await;
    told.push(by_ref["data"][0].clone());
    let by_consumer = checks(merchant, &json!({"consumers": ["C-1"]})).await;
    let of_consumer = by_consumer["data"][0].clone();
    assert_eq!(of_consumer["usable"], told[0]["usable"], "{of_consumer}");
    told
}

#[tokio::test]
async fn every_answer_says_change_in_flight_until_it_is_known() {
    for how in ["disable", "delete"] {
        let merchant = Merchant::new().await;
        let reference = merchant.active().await;
        merchant.waits(TimeDelta::seconds(10));
        for told in everywhere(&merchant, &reference).await {
            assert_eq!(told["usable"], json!(true), "{told}");
        }
        let path = format!("/v1/tokens/{reference}");
        let before = merchant.served.gets(&path).await.header("etag").unwrap().to_owned();

        let method = if how == "delete" { "DELETE" } else { "PUT" };
        merchant.gateway.will(method, "", Doing::Cuts);
        assert_eq!(merchant.changes(how, &reference).await.status, 202);
        for told in everywhere(&merchant, &reference).await {
            assert_eq!(told["usable"], json!(false), "{told}");
            assert_eq!(told["unusable_reason"], "change_in_flight", "{told}");
        }
        // Who holds the old answer is told the new one, and who acts upon it is refused.
        let conditional = get(&path).with("If-None-Match", &before);
        let answer = merchant.sends(&conditional).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let now = answer.header("etag").unwrap().to_owned();
        assert_eq!(merchant.sends(&get(&path).with("If-None-Match", &now)).await.status, 304);
        let upon = change("enable", &reference).with("If-Match", &before);
        merchant.sends(&upon).await.refuses(412, "precondition_failed");

        merchant.waits(TimeDelta::minutes(1));
        merchant.open_are(0).await;
        let status = if how == "delete" { "deleted" } else { "disabled" };
        for told in everywhere(&merchant, &reference).await {
            assert_eq!(told["unusable_reason"], status, "{told}");
        }
        let events = merchant.types(&reference).await;
        assert_eq!(events.len(), 3, "{events:?}");
    }
}

#[tokio::test]
async fn a_change_under_way_is_in_flight_before_smartpay_has_it() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    merchant.waits(TimeDelta::seconds(10));
    let go = merchant.gateway.holds("PUT", "/disable");
    let asking = {
        let (address, request) = (merchant.served.address, change("disable", &reference));
        tokio::spawn(async move {
            let mut wire = crate::wire::Wire::connect(address).await;
            wire.send(&request.set("Connection", "close").bytes()).await;
            wire.answer(false).await
        })
    };
    while !merchant.gateway.did() {
        tokio::task::yield_now().await;
    }
    assert_eq!(merchant.token(&reference).await["unusable_reason"], "change_in_flight");
    go.send(()).unwrap();
    let answer = asking.await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(text(&answer.json(), "/unusable_reason"), "disabled");
}

#[tokio::test]
async fn an_enable_under_way_changes_no_answer() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    merchant.waits(TimeDelta::seconds(10));
    merchant.gateway.will("PUT", "/enable", Doing::Cuts);
    assert_eq!(merchant.changes("enable", &reference).await.status, 202);
    for told in everywhere(&merchant, &reference).await {
        assert_eq!(told["usable"], json!(true), "{told}");
    }
}

#[tokio::test]
async fn the_commands_of_the_terminal_say_so_too_and_doctor_counts_it() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    merchant.waits(TimeDelta::seconds(10));
    let place = Place::new()
        .with("MODE", "test")
        .with("LEDGER", LEDGER)
        .with("MASTER_KEY", merchant.world.master_key.to_text().expose_secret())
        .with("DATABASE_URL", &merchant.world.url(SERVICE));
    let doctor = || {
        let said = place.run(&["doctor", "-o", "json"]);
        let document: Value = serde_json::from_str(&said.stdout).unwrap();
        let lines = document["data"].as_array().unwrap();
        lines.iter().find(|line| line["check"] == "intents").unwrap().clone()
    };
    assert_eq!(doctor()["result"], "ok");
    merchant.gateway.will("PUT", "", Doing::Cuts);
    assert_eq!(merchant.changes("disable", &reference).await.status, 202);
    for command in [["token", "show", &reference], ["consumer", "tokens", "C-1"]] {
        let said = place.run(&command);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let text = said.stdout.to_lowercase().replace('_', " ");
        assert!(text.contains("change in flight"), "{command:?}: {text}");
    }
    let line = doctor();
    assert_eq!(line["facts"][0]["state"], "open", "{line}");
    assert_eq!(line["facts"][0]["count"], 1, "{line}");
    merchant.faults(json!({"api": {"error_rate": 1}})).await;
    merchant.waits(TimeDelta::hours(6));
    merchant.world.until("count(*) = 1 FROM intents WHERE state = 'unresolved'").await;
    let line = doctor();
    assert_eq!(line["result"], "warning", "{line}");
    assert_eq!(line["facts"][0]["state"], "unresolved", "{line}");
}
