//! What an import does to the ledger, and what it leaves alone.

use serde_json::Value;
use serde_json::json;
use tokenledger::ledger::import::SUPERSEDED;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Consumer;

use crate::world::World;
use crate::world::claim;
use crate::world::token_id;

#[tokio::test]
async fn an_imported_token_awaits_its_first_reading() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    let line = json!({
        "token_id": token,
        "consumer": "C-1",
        "session": "checkout_test_s1",
        "since": "2023-01-31T09:00:00+09:00",
        "reference": "order 7",
    });
    world.imports(line.to_string().as_bytes()).await;
    let reference = world.ref_of(&token);
    let answer = served.reads(&format!("/v1/tokens/{reference}")).await;
    for (field, value) in [
        ("status", json!("awaiting_authorization")),
        ("usable", json!(false)),
        ("provider_checked_at", Value::Null),
        ("consumer", json!("C-1")),
        ("attributed", json!(true)),
        ("session_id", json!("checkout_test_s1")),
        ("reference", json!("order 7")),
        ("occurred_at", json!("2023-01-31T00:00:00Z")),
    ] {
        assert_eq!(answer[field], value, "{field}");
    }
    let event = served.reads("/v1/events/1").await;
    assert_eq!(event["cause"]["kind"], "import");
    assert!(event["cause"]["id"].as_str().unwrap().starts_with("imp_"), "{event}");
    assert_eq!(event["cause"]["reason"], "it has a file");
    let due: String = world.one("SELECT ref || ' ' || cause FROM readings_due").await;
    assert_eq!(due, format!("{reference} import"));
    let kind: String = world.one("SELECT kind FROM inputs").await;
    assert_eq!(kind, "import");
}

#[tokio::test]
async fn what_was_corrected_since_an_import_is_not_taken_back_by_running_it_again() {
    let world = World::new().await;
    let file = format!("token_id,consumer\n{},A\n{},A\n", token_id(1), token_id(2));
    world.imports(file.as_bytes()).await;
    let corrected = Claim {
        session: None,
        consumer: Some(Consumer::parse("B").unwrap()),
        origin: ClaimOrigin::Correction,
        ..claim("unused", "unused")
    };
    world.claims(&token_id(1), corrected.clone()).await;
    world.execute("DELETE FROM ledger.readings_due").await;
    let events = world.events().await.len();
    let again = world.imports(file.as_bytes()).await;
    let reasons: Vec<_> = again.iter().map(|(_, line)| line.as_ref().unwrap().reason).collect();
    assert_eq!(reasons, [Some(SUPERSEDED), None]);
    assert_eq!(world.events().await.len(), events);
    assert_eq!(world.count("readings_due").await, 0);
    // A correction may come back to what was said before.
    let back = Claim { consumer: Some(Consumer::parse("A").unwrap()), ..corrected.clone() };
    for (correction, sequence) in [(back, 3), (corrected, 4)] {
        world.claims(&token_id(1), correction).await;
        assert_eq!(world.timeline(&token_id(1)).await.len(), sequence);
    }
}
