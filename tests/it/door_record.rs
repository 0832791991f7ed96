//! What the door writes beside its verdicts: words, wanted readings, times, leaves, sealed bytes.

use std::collections::HashMap;
use std::time::Duration;

use tokenledger::journal::Leaf;
use tokenledger::journal::leaf_hash;
use tokenledger::ledger::Verdict;
use tokenledger::token::EVENT_VERSION;
use tokenledger::token::Happened;
use tokenledger::token::Said;
use tokenledger::vault::Place;
use tokenledger::vault::Salt;

use crate::bodies::NOW_MS;
use crate::bodies::STATUS;
use crate::bodies::set;
use crate::world::Told;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;

#[tokio::test]
async fn a_word_that_said_absent_deletes_the_token_that_is_then_approved_and_is_cleared() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&told(&token, Happened::Created, NOW_MS - 2_000)).await;
    let reference = world.ref_of(&token);
    world
        .execute(&format!(
            "INSERT INTO words (ref, said, at, input, read_at)
            SELECT '{reference}', 'absent', recorded_at, 1, recorded_at FROM head"
        ))
        .await;
    // The word came past the door: only a process that did not write the token before reads it.
    let delivery = world.delivery(&approved(&token));
    let receipt = world.second_ledger().submit(delivery).await.unwrap();
    assert_eq!((receipt.verdict, receipt.position), (Verdict::Applied, Some(3)));
    assert_eq!(world.timeline(&token).await, ["SessionCreated", "Activated", "Deleted"]);
    assert_eq!(world.status(&token).await, "deleted");
    assert_eq!(world.count("words").await, 0);
    let absence = world.events().await.pop().unwrap();
    assert!(absence.payload.contains(r#""absence":3"#), "{}", absence.payload);
}

#[tokio::test]
async fn a_token_has_one_open_reading_and_the_first_cause_stands() {
    let world = World::new().await;
    let token = token_id(1);
    let at = NOW_MS - 1_000;
    let tied = [told(&token, Happened::Enabled, at), told(&token, Happened::Disabled, at)];
    for body in &tied {
        world.delivers(body).await;
    }
    let cause: String = world.one("SELECT string_agg(cause, ',') FROM readings_due").await;
    assert_eq!(cause, "equal_times");
    let (happened, said) = (Happened::Created, Said::Active);
    let late = Told { token: &token, happened, said, updated_at: at, created_at: at };
    world.delivers(&late.body()).await;
    let mut unknown = approved(&token);
    set(&mut unknown, STATUS, Some("frozen".into()));
    assert_eq!(world.delivers(&unknown).await.reason, Some("unknown_status"));
    assert_eq!(world.one::<String>("SELECT string_agg(cause, ',') FROM readings_due").await, cause);
}

#[tokio::test]
async fn a_quarantined_body_asks_about_known_tokens_only() {
    let world = World::new().await;
    let (known, unknown) = (token_id(1), token_id(2));
    world.delivers(&approved(&known)).await;
    for token in [&known, &unknown] {
        let mut body = told(token, Happened::Disabled, NOW_MS - 10);
        set(&mut body, STATUS, Some("frozen".into()));
        world.delivers(&body).await;
    }
    let due: String =
        world.one("SELECT string_agg(ref || ' ' || cause, ',') FROM readings_due").await;
    assert_eq!(due, format!("{} quarantined", world.ref_of(&known)));
}

#[tokio::test]
async fn recorded_at_never_goes_back_when_the_clock_does() {
    let world = World::new().await;
    let now = world.clock.now();
    world.delivers(&approved(&token_id(1))).await;
    world.clock.set(now - Duration::from_mins(1));
    world.delivers(&approved(&token_id(2))).await;
    world.clock.set(now + Duration::from_millis(1));
    world.delivers(&approved(&token_id(3))).await;
    let recorded: Vec<_> = world.events().await.iter().map(|entry| entry.recorded_at).collect();
    assert_eq!(recorded, [now, now, now + Duration::from_millis(1)]);
}

#[tokio::test]
async fn leaves_recomputed_from_stored_rows_chain_per_token() {
    let world = World::new().await;
    let tokens = [token_id(1), token_id(2)];
    world.delivers_together(&[&approved(&tokens[0]), &approved(&tokens[1])]).await;
    for (step, happened) in [Happened::Disabled, Happened::Enabled].into_iter().enumerate() {
        for token in &tokens {
            let at = NOW_MS - 500 + i64::try_from(step).unwrap();
            world.delivers(&told(token, happened, at)).await;
        }
    }
    world.claims(&tokens[0], claim("s1", "C-1")).await;
    let mut last: HashMap<String, [u8; 32]> = HashMap::new();
    let entries = world.events().await;
    assert_eq!(entries.len(), 7);
    for entry in &entries {
        let query = format!("SELECT digest FROM inputs WHERE number = {}", entry.cause.input);
        let digest: Vec<u8> = world.one(&query).await;
        let previous = last.entry(entry.reference.to_string()).or_insert([0; 32]);
        let leaf = leaf_hash(&Leaf {
            incarnation: 1,
            reference: entry.reference.as_str(),
            sequence: entry.sequence,
            event_type: entry.event.kind().as_str(),
            event_version: EVENT_VERSION,
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
            payload: &entry.payload,
            metadata: &entry.metadata,
            input_digest: digest.as_slice().try_into().unwrap(),
            previous,
        });
        assert_eq!(hex::encode(leaf), hex::encode(entry.leaf_hash), "at {}", entry.position);
        *previous = leaf;
    }
}

#[tokio::test]
async fn sealed_bytes_open_to_what_was_received() {
    let world = World::new().await;
    let token = token_id(1);
    let body = approved(&token);
    world.delivers(&body).await;
    let reference = world.ref_of(&token);
    let salt: Vec<u8> = world.one("SELECT salt FROM vault").await;
    let salt = Salt::try_from(salt.as_slice()).unwrap();
    let open = |table, row, field, sealed: Vec<u8>| {
        let place = Place { table, row, field };
        world.vault.unseal(&place, reference.as_str(), &salt, &sealed).unwrap()
    };
    let sealed_body = world.one("SELECT sealed FROM sealed_bodies").await;
    assert_eq!(open("sealed_bodies", "1", "body", sealed_body), body.to_string().into_bytes());
    let sealed_id = world.one("SELECT sealed_id FROM vault").await;
    assert_eq!(open("vault", reference.as_str(), "id", sealed_id), token.into_bytes());
}

#[tokio::test]
async fn followers_are_woken_with_the_position_of_the_commit() {
    let world = World::new().await;
    let mut positions = world.ledger.positions();
    let receipt = world.delivers(&approved(&token_id(1))).await;
    assert_eq!((*positions.borrow_and_update(), receipt.as_of), (1, 1));
}
