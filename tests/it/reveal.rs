//! `reveal`: the one way out for a token id, and each time an act on record.

use std::slice::from_ref;

use serde_json::Value;
use serde_json::json;
use tokenledger::access::Scope;
use tokenledger::audit::Check;
use tokenledger::audit::Snapshot;
use tokenledger::database::SERVICE;

use crate::idempotency::is_replay;
use crate::logged::Logged;
use crate::no_token_id_at_rest::found;
use crate::request::Request;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::write;

fn reveal(reference: &str, reason: &str) -> Request {
    write("POST", &format!("/v1/tokens/{reference}/reveal")).json(&json!({"reason": reason}))
}

async fn acts(world: &World) -> Vec<Value> {
    let acts: Value = world
        .one(
            "SELECT coalesce(json_agg(json_build_object('kind', kind, 'actor', actor, 'reason',
                reason, 'details', details) ORDER BY number), '[]')
            FROM acts WHERE number > 1",
        )
        .await;
    acts.as_array().unwrap().clone()
}

#[tokio::test]
async fn the_id_comes_with_an_act_that_names_key_ref_and_reason() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    assert_eq!(served.sends(&world.signed(&approved(&token))).await.status, 200);
    let reference = world.ref_of(&token).to_string();
    let key = world.key(&[Scope::TokensReveal]).await;
    let answer = served.sends(&key.on(reveal(&reference, "refund 993, asked by Aiko"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json(), json!({"ref": reference, "token_id": token}));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("ledger-position"), Some("1"));
    let act = json!({
        "kind": "reveal",
        "actor": format!("key {}", key.id),
        "reason": "refund 993, asked by Aiko",
        "details": {"ref": reference},
    });
    assert_eq!(acts(&world).await, [act]);
    // Again is another act, and they are chained.
    assert_eq!(served.sends(&reveal(&reference, "once more")).await.status, 200);
    assert_eq!(acts(&world).await.len(), 2);
    assert_eq!(served.sends(&world.signed(&approved(&token_id(2)))).await.status, 200);
    let mut snapshot =
        Snapshot::open(&world.options(SERVICE), Some(&world.master_key)).await.unwrap();
    for check in Check::ALL {
        let report = snapshot.check(check).await.unwrap();
        assert!(report.is_good(), "{report:?}");
    }
}

#[tokio::test]
async fn no_act_is_written_for_what_was_not_revealed() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    let reference = world.ref_of(&token).to_string();
    let unknown = world.ref_of(&token_id(2)).to_string();
    for reference in [unknown.as_str(), "tok_live_0000000000000000000000", "tok_test_1", &token] {
        served.sends(&reveal(reference, "why not")).await.refuses(404, "not_found");
    }
    for reason in ["", " ", "two\nlines", "bell\u{7}", &"w".repeat(201), &format!("of {token}")] {
        let refused = served.sends(&reveal(&reference, reason)).await;
        let problem = refused.refuses(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], "/reason", "{problem}");
    }
    let path = format!("/v1/tokens/{reference}/reveal");
    for body in [json!({}), json!({"reason": 1}), json!({"reason": "x", "more": 1}), json!([])] {
        let refused = served.sends(&write("POST", &path).json(&body)).await;
        refused.refuses(422, "validation_failed");
    }
    let with_query = write("POST", &format!("{path}?reason=x")).json(&json!({"reason": "x"}));
    served.sends(&with_query).await.refuses(400, "parameter_invalid");
    assert!(acts(&world).await.is_empty());
    assert_eq!(served.sends(&reveal(&reference, &"w".repeat(200))).await.status, 200);
}

/// An id that was not put on record does not leave.
#[tokio::test]
async fn without_the_act_there_is_no_id() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    world.fails_on("acts", "true", "57014").await;
    let reference = world.ref_of(&token).to_string();
    let request = reveal(&reference, "to see");
    let refused = served.sends(&request).await;
    refused.refuses(503, "busy");
    assert!(!refused.text().contains(&token));
    world.heals("acts").await;
    let answer = served.sends(&request).await;
    assert_eq!((answer.status, is_replay(&answer)), (200, false));
    assert_eq!(acts(&world).await.len(), 1);
}

#[tokio::test]
async fn a_key_without_the_scope_is_refused_and_told_in_the_log() {
    let (log, _kept) = Logged::begin();
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(424_242);
    world.delivers(&approved(&token)).await;
    let reference = world.ref_of(&token).to_string();
    let others: Vec<Scope> =
        Scope::ALL.into_iter().filter(|scope| *scope != Scope::TokensReveal).collect();
    let key = world.key(&others).await;
    Logged::insist();
    let refused = served.sends(&key.on(reveal(&reference, "to see"))).await;
    assert!(refused.refuses(403, "scope_missing").to_string().contains("tokens:reveal"));
    assert!(acts(&world).await.is_empty());
    assert_eq!(served.sends(&reveal(&reference, "of 424242")).await.status, 200);
    let text = log.text();
    let line = text.lines().find(|line| line.contains("/reveal") && line.contains("403"));
    assert!(line.unwrap().contains(&key.id), "{text}");
    for secret in ["paytok_test_", "424242", reference.as_str(), "to see"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn the_kept_answer_is_the_same_and_lies_sealed() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = format!("paytok_test_{:016x}{:08x}", rand::random::<u64>(), 7);
    world.delivers(&approved(&token)).await;
    let request = reveal(world.ref_of(&token).as_str(), "to see");
    let first = served.sends(&request).await;
    let again = served.sends(&request).await;
    assert!(is_replay(&again) && again.body == first.body, "{again:?}");
    assert_eq!(again.header("cache-control"), Some("no-store"));
    assert_eq!(acts(&world).await.len(), 1, "it is the same reveal");
    for table in ["idempotency", "acts", "vault", "inputs", "sealed_bodies"] {
        let rows: String = world
            .one(&format!("SELECT coalesce(string_agg({table}::text, ','), '') FROM {table}"))
            .await;
        // Bytes are shown in hex.
        assert!(found(rows.as_bytes(), from_ref(&token)).is_empty(), "{table}: {rows}");
    }
    assert_eq!(world.count("idempotency").await, 1);
}
