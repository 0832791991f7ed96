//! One token and its history.

use serde_json::Value;
use serde_json::json;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::world::SECOND;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::get;
use crate::world::token_id;
use crate::world::told;

#[tokio::test]
async fn a_token_says_all_that_follows_from_its_events() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(7);
    world.claims(&token, claim("s7", "C-20418")).await;
    world.delivers(&approved(&token)).await;
    world.delivers(&told(&token, Happened::Disabled, NOW_MS - 400)).await;
    world.delivers(&approved(&token_id(8))).await;
    let shown = served.reads(&format!("/v1/tokens/{}", world.ref_of(&token))).await;
    let expected = json!({
        "ref": world.ref_of(&token).to_string(),
        "token_id_masked": "paytok_test_…07",
        "mode": "test",
        "status": "disabled",
        "usable": false,
        "unusable_reason": "disabled",
        "consumer": "C-20418",
        "attributed": true,
        "session_id": "checkout_test_s7",
        "reference": null,
        "sequence": 3,
        "position": 3,
        "since": "2023-11-14T22:13:19.600Z",
        "occurred_at": "2023-11-14T22:13:19.600Z",
        "recorded_at": "2023-11-14T22:13:20Z",
        "provider_checked_at": null,
        "last_notice_at": "2023-11-14T22:13:19.600Z",
        "anomalies": 0,
    });
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_version_that_is_known_is_not_sent_again() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    let path = format!("/v1/tokens/{}", world.ref_of(&token));
    let etag = served.gets(&path).await.header("etag").unwrap().to_owned();
    let asked = async |tags: &str| served.sends(&get(&path).with("If-None-Match", tags)).await;
    for known in [&etag, &format!("\"x\", W/{etag}"), "*"] {
        let answer = asked(known).await;
        assert_eq!((answer.status, answer.header("etag")), (304, Some(etag.as_str())));
        assert_eq!(answer.header("ledger-position"), Some("1"));
        assert!(answer.body.is_empty());
    }
    for unknown in ["\"x\"", "", etag.trim_matches('"')] {
        assert_eq!(asked(unknown).await.status, 200, "{unknown}");
    }
    world.delivers(&told(&token, Happened::Disabled, NOW_MS - 400)).await;
    let changed = asked(&etag).await;
    assert_eq!((changed.status, changed.json()["status"].as_str()), (200, Some("disabled")));
    assert_ne!(changed.header("etag"), Some(etag.as_str()));
}

#[tokio::test]
async fn a_ref_of_another_ledger_is_as_unknown_as_any_other() {
    let (world, other) = tokio::join!(World::new(), World::new());
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    other.delivers(&approved(&token_id(1))).await;
    assert_ne!(world.ref_of(&token_id(1)), other.ref_of(&token_id(1)));
    let theirs = other.ref_of(&token_id(1)).to_string();
    let nobodys = "tok_test_0000000000000000000000";
    for end in ["", "/events"] {
        let mut answers = Vec::new();
        for reference in [theirs.as_str(), nobodys, "tok_live_0000000000000000000000", "x"] {
            let answer = served.gets(&format!("/v1/tokens/{reference}{end}")).await;
            let mut problem = answer.refuses(404, "not_found");
            problem.as_object_mut().unwrap().remove("request_id").unwrap();
            answers.push((problem, answer.header("ledger-position").map(str::to_owned)));
        }
        assert!(answers.iter().all(|answer| Some(answer) == answers.first()), "{answers:?}");
    }
}

#[tokio::test]
async fn a_history_tells_what_happened_why_and_who_saw_it_too() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(1);
    let disabled = told(&token, Happened::Disabled, NOW_MS - 400);
    world.claims(&token, claim("s1", "c1")).await;
    world.delivers(&approved(&token_id(2))).await;
    for request in [
        world.signed(&approved(&token)),
        world.signed(&disabled),
        world.signed_by(SECOND, "/webhooks/smartpay/second", &disabled),
        world.signed(&disabled),
    ] {
        assert_eq!(served.sends(&request).await.status, 200);
    }
    let path = format!("/v1/tokens/{}/events", world.ref_of(&token));
    let history = served.reads(&path).await;
    let data = history.get("data").unwrap().as_array().unwrap();
    let told =
        |one: &Value| json!([one["position"], one["sequence"], one["type"], one["witnesses"]]);
    let all: Vec<Value> = data.iter().map(told).collect();
    let expected = [
        json!([1, 1, "SessionCreated", 0]),
        json!([3, 2, "Activated", 0]),
        json!([4, 3, "Disabled", 1]),
    ];
    assert_eq!(all, expected);
    let [first, .., last] = data.as_slice() else { panic!("{data:?}") };
    assert_eq!((&first["basis"], &first["cause"]["kind"]), (&json!("claim"), &json!("api")));
    assert_eq!((&last["basis"], &last["cause"]["kind"]), (&json!("notice"), &json!("webhook")));
    assert_eq!(last["cause"]["id"], disabled["id"]);
    assert_eq!(last["occurred_at"], "2023-11-14T22:13:19.600Z");
    assert!(data.iter().all(|one| one["leaf_hash"].as_str().unwrap().len() == 64));
    let mut paged = Vec::new();
    let mut query = "limit=1".to_owned();
    while let Some(page) = Some(served.reads(&format!("{path}?{query}")).await) {
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("limit=1&cursor={cursor}");
    }
    assert_eq!(&paged, data);
}
