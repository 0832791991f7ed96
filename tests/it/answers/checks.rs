//! Can these be charged now? Many at once.

use serde_json::Value;
use serde_json::json;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::request::Request;
use crate::wire::Answer;
use crate::world::API_KEY;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;

const UNKNOWN: &str = "tok_test_0000000000000000000000";

async fn check(served: &Served, body: &str) -> Answer {
    let request = Request::new("POST", "/v1/usability-checks")
        .with("Authorization", &format!("Bearer {API_KEY}"))
        .with("Content-Type", "application/json")
        .body(body);
    served.sends(&request).await
}

fn verdicts(answer: &Answer) -> Vec<Value> {
    let answer = answer.json();
    let data = answer.get("data").and_then(Value::as_array).unwrap();
    data.iter().map(|one| json!([one["usable"], one["unusable_reason"], one["status"]])).collect()
}

/// Tokens 1 (active, then disabled) and 2 (active) of `c1`, 3 (rejected) of `c2`.
async fn three(world: &World) -> [String; 3] {
    for (number, consumer) in [(1, "c1"), (2, "c1"), (3, "c2")] {
        world.claims(&token_id(number), claim(&format!("s{number}"), consumer)).await;
    }
    world.delivers(&approved(&token_id(1))).await;
    world.delivers(&told(&token_id(1), Happened::Disabled, NOW_MS - 500)).await;
    world.delivers(&approved(&token_id(2))).await;
    world.delivers(&told(&token_id(3), Happened::Rejected, NOW_MS - 1_000)).await;
    [1, 2, 3].map(|number| world.ref_of(&token_id(number)).to_string())
}

#[tokio::test]
async fn every_ref_has_its_verdict_in_the_order_of_the_request() {
    let world = World::new().await;
    let served = world.serves().await;
    let [one, two, three] = three(&world).await;
    let live = UNKNOWN.replace("test", "live");
    let asked = [two.as_str(), UNKNOWN, &three, &two, &live, &one];
    let answer = check(&served, &json!({"tokens": asked}).to_string()).await;
    assert_eq!((answer.status, answer.header("ledger-position")), (200, Some("7")));
    assert_eq!(answer.json()["as_of"], 7);
    let refs: Vec<Value> =
        answer.json()["data"].as_array().unwrap().iter().map(|one| one["ref"].clone()).collect();
    assert_eq!(refs, asked);
    assert_eq!(
        verdicts(&answer),
        [
            json!([true, null, "active"]),
            json!([false, "unknown", null]),
            json!([false, "rejected", "rejected"]),
            json!([true, null, "active"]),
            json!([false, "unknown", null]),
            json!([false, "disabled", "disabled"]),
        ]
    );
}

#[tokio::test]
async fn a_consumer_can_be_charged_by_an_active_token_whichever_is_newest() {
    let world = World::new().await;
    let served = world.serves().await;
    let [_, two, three] = three(&world).await;
    let asked = json!({"consumers": ["c2", "c1", "nobody", "C1"]}).to_string();
    let answer = check(&served, &asked).await;
    assert_eq!(
        verdicts(&answer),
        [
            json!([false, "rejected", "rejected"]),
            json!([true, null, "active"]),
            json!([false, "unknown", null]),
            json!([false, "unknown", null]),
        ]
    );
    let answer = answer.json();
    assert_eq!(
        (&answer["data"][0]["ref"], &answer["data"][1]["ref"]),
        (&json!(three), &json!(two))
    );
    assert_eq!(answer["data"][1]["consumer"], "c1");
    assert_eq!(answer["data"][2]["ref"], Value::Null);
    world.delivers(&told(&token_id(2), Happened::Disabled, NOW_MS - 100)).await;
    let answer = check(&served, &json!({"consumers": ["c1"]}).to_string()).await;
    assert_eq!(verdicts(&answer), [json!([false, "disabled", "disabled"])]);
}

#[tokio::test]
async fn two_hundred_are_checked_and_what_cannot_be_is_told_where() {
    let world = World::new().await;
    let served = world.serves().await;
    let many = |count: usize| json!({"tokens": vec![UNKNOWN; count]}).to_string();
    assert_eq!(verdicts(&check(&served, &many(200)).await).len(), 200);
    let long = json!({"consumers": vec!["ü".repeat(128); 200]}).to_string();
    assert_eq!(check(&served, &long).await.status, 200, "{} bytes", long.len());
    let token = token_id(1);
    let table = [
        (many(201), "/tokens"),
        ("{\"tokens\":[]}".to_owned(), "/tokens"),
        ("{\"tokens\":{}}".to_owned(), "/tokens"),
        (format!("{{\"tokens\":[\"{UNKNOWN}\",null]}}"), "/tokens/1"),
        (format!("{{\"tokens\":[\"{token}\"]}}"), "/tokens/0"),
        ("{\"consumers\":[\"\"]}".to_owned(), "/consumers/0"),
        ("{\"consumers\":[\"a\\u0007\"]}".to_owned(), "/consumers/0"),
        ("{\"consumers\":[\"a\"],\"tokens\":[]}".to_owned(), ""),
        ("{}".to_owned(), ""),
        ("{\"refs\":[]}".to_owned(), "/refs"),
    ];
    for (body, pointer) in table {
        let problem = check(&served, &body).await.refuses(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
        assert!(!problem.to_string().contains(&token), "{problem}");
    }
    let twice = format!("{{\"tokens\":[\"{UNKNOWN}\"],\"tokens\":[]}}");
    check(&served, &twice).await.refuses(400, "body_malformed");
    check(&served, "{\"tokens\":[\"\\u0000\"]}").await.refuses(422, "validation_failed");
    let large = json!({"consumers": ["a".repeat(128 * 1024)]}).to_string();
    check(&served, &large).await.refuses(413, "payload_too_large");
}
