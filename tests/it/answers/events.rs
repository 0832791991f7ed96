//! The ledger in position order.

use serde_json::Value;
use serde_json::json;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::world::World;
use crate::world::approved;
use crate::world::get;
use crate::world::token_id;
use crate::world::told;

const MEMBERS: [&str; 12] = [
    "position",
    "ref",
    "sequence",
    "type",
    "version",
    "basis",
    "occurred_at",
    "recorded_at",
    "cause",
    "witnesses",
    "data",
    "leaf_hash",
];

fn positions(list: &Value) -> Vec<i64> {
    let data = list.get("data").unwrap().as_array().unwrap();
    data.iter().map(|event| event.get("position").unwrap().as_i64().unwrap()).collect()
}

async fn with_events(count: u64) -> World {
    let world = World::new().await;
    for number in 1..=count {
        world.delivers(&approved(&token_id(number))).await;
    }
    world
}

#[tokio::test]
async fn every_event_is_read_once_in_dense_order_however_it_is_paged() {
    let world = with_events(25).await;
    let served = world.serves().await;
    let all: Vec<i64> = (1..=25).collect();
    assert_eq!(positions(&served.reads("/v1/events").await), all);
    let (mut by_after, mut by_cursor) = (Vec::new(), Vec::new());
    loop {
        let after = by_after.last().copied().unwrap_or(0);
        let page = served.reads(&format!("/v1/events?after={after}&limit=7")).await;
        by_after.extend(positions(&page));
        assert_eq!(page["has_more"], json!(by_after.len() < 25));
        if page["has_more"] == false {
            break;
        }
    }
    let mut query = "after=3&limit=6".to_owned();
    loop {
        let page = served.reads(&format!("/v1/events?{query}")).await;
        by_cursor.extend(positions(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=6&cursor={cursor}");
    }
    assert_eq!(by_after, all);
    assert_eq!(by_cursor, (4..=25).collect::<Vec<i64>>());
    for beyond in ["25", "26", "9223372036854775807"] {
        let page = served.reads(&format!("/v1/events?after={beyond}")).await;
        assert_eq!((positions(&page), &page["as_of"]), (Vec::new(), &json!(25)));
    }
}

#[tokio::test]
async fn an_event_has_its_members_and_no_token_id() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.delivers(&told(&token, Happened::Disabled, NOW_MS - 400)).await;
    let answer = served.gets("/v1/events").await;
    let event = answer.json().pointer("/data/0").unwrap().clone();
    let mut members: Vec<&str> = event.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = MEMBERS.to_vec();
    members.sort_unstable();
    expected.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(event["ref"], world.ref_of(&token).as_str());
    assert_eq!((&event["type"], &event["version"]), (&json!("Disabled"), &json!("1")));
    for member in ["kind", "id", "actor", "reason"] {
        assert!(event["cause"].get(member).is_some(), "{event}");
    }
    assert!(!answer.text().contains(&token), "{}", answer.text());
}

/// Other requests write meanwhile: each answer still holds for one position.
#[tokio::test]
async fn rows_and_position_are_of_one_snapshot_while_others_write() {
    let world = with_events(3).await;
    let served = world.serves().await;
    let address = served.address;
    let deliveries: Vec<u8> =
        (4..=120).flat_map(|n| world.signed(&approved(&token_id(n))).bytes()).collect();
    let writing = tokio::spawn(async move {
        let mut wire = crate::wire::Wire::connect(address).await;
        wire.send(&deliveries).await;
        for _ in 4..=120 {
            assert_eq!(wire.answer(false).await.status, 200);
        }
    });
    let mut wire = served.connects().await;
    let mut last = 0;
    while last < 120 {
        wire.send(&get("/v1/events?limit=200").bytes()).await;
        let answer = wire.answer(false).await;
        let page = answer.json();
        let as_of = page["as_of"].as_i64().unwrap();
        assert_eq!(answer.header("ledger-position"), Some(as_of.to_string().as_str()));
        assert_eq!(positions(&page), (1..=as_of).collect::<Vec<i64>>());
        assert!(as_of >= last, "the past came back");
        last = as_of;
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn a_read_waits_for_the_position_that_it_asks_for_or_says_that_it_is_not_there() {
    let world = with_events(1).await;
    let served = world.serves().await;
    let asking = |position: i64| {
        let position = position.to_string();
        get("/v1/events").with("Ledger-Min-Position", &position).bytes()
    };
    assert_eq!(served.sends_bytes(&asking(1), false).await.status, 200);
    // Written by this process, and by another one on the same ledger.
    for (wanted, here) in [(2, true), (3, false)] {
        let mut wire = served.connects().await;
        wire.send(&asking(wanted)).await;
        let body = approved(&token_id(u64::try_from(wanted).unwrap()));
        if here {
            assert_eq!(served.sends(&world.signed(&body)).await.status, 200);
        } else {
            world.delivers(&body).await;
        }
        let answer = wire.answer(false).await;
        assert_eq!((answer.status, answer.json()["as_of"].as_i64()), (200, Some(wanted)));
    }
    let started = std::time::Instant::now();
    let refusal = served.sends_bytes(&asking(4), false).await;
    refusal.refuses(503, "projection_behind");
    let waited = started.elapsed().as_millis();
    assert!((1_900..4_000).contains(&waited), "{waited} ms");
}
