//! Of a shopper the ledger passes on what it is given, and keeps nothing.
#![expect(clippy::disallowed_methods, reason = "tests look at tables as no product code does")]
#![expect(clippy::indexing_slicing, reason = "a document without what is looked for fails")]

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use sqlx::Row;
use tokenledger::vault::Place;
use tokenledger::vault::Salt;

use crate::logged::Logged;
use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::creation;
use crate::merchant::gateway::Doing;
use crate::merchant::gateway::says;
use crate::merchant::gateway::says_json;
use crate::merchant::text;
use crate::world::World;
use crate::world::ask;

const NAME: &str = "Hanako-4b1f";
const STREET: &str = "Jingumae 9-9-9";

fn of_a_shopper() -> Value {
    let mut body = asked();
    body["customer_info"] = json!({
        "firstName": NAME,
        "accountAge": 12_345_678_901_u64,
        "address": {"line1": STREET, "country": "JP", "line5": null},
        "note": "\"quoted\" \\ \u{1f600}",
        "list": [1, 2.5, true],
    });
    body
}

fn told(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains(NAME) || text.contains(STREET)
}

/// All bodies that the ledger keeps, opened; and what lies sealed with intents.
async fn opened(world: &World) -> Vec<u8> {
    let mut all = Vec::new();
    let rows = sqlx::query(
        "SELECT input, sealed_bodies.ref, sealed, coalesce(sealed_bodies.salt, vault.salt)
        FROM sealed_bodies LEFT JOIN vault ON vault.ref = sealed_bodies.ref",
    );
    for row in rows.fetch_all(&world.pool).await.unwrap() {
        let number = row.get::<i64, _>(0).to_string();
        let place = Place { table: "sealed_bodies", row: &number, field: "body" };
        let subject = row.get::<Option<String>, _>(1);
        let salt = Salt::try_from(row.get::<Vec<u8>, _>(3).as_slice()).unwrap();
        let sealed = row.get::<Vec<u8>, _>(2);
        let subject = subject.as_deref().unwrap_or("-");
        all.extend(world.vault.unseal(&place, subject, &salt, &sealed).unwrap());
    }
    let rows = sqlx::query(
        "SELECT id, salt, field, sealed FROM intents,
            LATERAL (VALUES ('request', sealed_request), ('page', sealed_page)) AS x (field, sealed)
        WHERE sealed IS NOT NULL",
    );
    for row in rows.fetch_all(&world.pool).await.unwrap() {
        let (id, field) = (row.get::<String, _>(0), row.get::<String, _>(2));
        let place = Place { table: "intents", row: &id, field: &field };
        let salt = Salt::try_from(row.get::<Vec<u8>, _>(1).as_slice()).unwrap();
        let sealed = row.get::<Vec<u8>, _>(3);
        all.extend(world.vault.unseal(&place, "-", &salt, &sealed).unwrap());
    }
    all
}

/// Every row of every table of the ledger, as text.
async fn clear(world: &World) -> String {
    let mut connection = world.sql_as("postgres").await;
    let all = "SELECT string_agg(
        query_to_xml(format('SELECT * FROM ledger.%I', tablename), true, false, '')::text, ' ')
        FROM pg_tables WHERE schemaname = 'ledger'";
    ask(&mut connection, all).await
}

#[tokio::test]
async fn what_is_told_of_a_shopper_passes_through_unchanged_and_is_not_kept() {
    let (log, _guard) = Logged::begin();
    Logged::insist();
    let merchant = Merchant::new().await;
    let answer = merchant.sends(&creation(&of_a_shopper())).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let sent = merchant.gateway.sent().pop().unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(sent["customerInfo"], of_a_shopper()["customer_info"]);
    assert_eq!(sent["mode"], "token");
    assert_eq!(sent["reference"], "sub-1");
    let known = text(&sent, "/metadata/tokenledger_intent").to_owned();
    assert!(known.starts_with("int_"), "{known}");

    let world = &merchant.world;
    assert!(told(answer.text().as_bytes()) == told(b""), "{answer:?}");
    assert_eq!(world.one::<i64>("SELECT count(sealed_request) FROM intents").await, 0);
    let opened = opened(world).await;
    assert!(String::from_utf8_lossy(&opened).contains("checkout_test_"), "it is looked at");
    assert!(!told(&opened), "{}", String::from_utf8_lossy(&opened));
    let page = text(&answer.json(), "/url").to_owned();
    let state = text(&sent, "/cancelUrl").rsplit('/').next().unwrap().to_owned();
    for (what, text) in [("table", clear(world).await), ("log", log.text())] {
        assert!(text.len() > 200, "{what}: {text}");
        assert!(!told(text.as_bytes()), "{what}: {text}");
        assert!(!text.contains(&page) && !text.contains(&state), "{what}: {text}");
    }
}

#[tokio::test]
async fn an_answer_that_repeats_it_in_an_error_or_a_page_is_kept_without_it() {
    let merchant = Merchant::deaf().await;
    let error = json!({"statusCode": 422, "errorCode": "request.invalid", "message": NAME});
    let html = says(502, "Content-Type: text/html\r\n", &format!("<html>{NAME} {STREET}</html>"));
    for (answer, status) in [(says_json(422, &error.to_string()), 422), (html, 202)] {
        merchant.gateway.will("POST", "", Doing::Says(answer));
        let answer = merchant.sends(&creation(&of_a_shopper())).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(!told(&answer.body), "{answer:?}");
    }
    let open = merchant.world.one::<i64>("SELECT count(sealed_request) FROM intents").await;
    assert_eq!(open, 1, "the request of the open one");
    merchant.world.execute("UPDATE intents SET sealed_request = NULL").await;
    assert!(!told(&opened(&merchant.world).await));
}

#[tokio::test]
async fn the_request_of_one_that_stays_open_is_destroyed_before_six_hours() {
    let merchant = Merchant::deaf().await;
    merchant.gateway.will("POST", "", Doing::Cuts);
    assert_eq!(merchant.sends(&creation(&of_a_shopper())).await.status, 202);
    assert!(told(&opened(&merchant.world).await), "it is kept sealed, to be sent again");
    assert!(!told(clear(&merchant.world).await.as_bytes()));
    // Also if nobody gets round to it in all that time.
    let later = "UPDATE intents SET next_at = next_at + interval '9 hours'";
    merchant.world.execute(later).await;
    merchant.waits(TimeDelta::minutes(6 * 60 - 1));
    merchant.world.until("count(sealed_request) = 0 FROM intents").await;
    assert!(!told(&opened(&merchant.world).await));
}
