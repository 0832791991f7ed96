//! Every refusal is a problem, those of the framework too.

use std::collections::BTreeSet;

use crate::request::Request;
use crate::world::API_KEY;
use crate::world::DEV;
use crate::world::World;
use crate::world::approved;
use crate::world::get;
use crate::world::token_id;

#[tokio::test]
async fn every_refusal_is_a_problem_with_a_request_id_of_its_own() {
    let world = World::new().await;
    let served = world.serves().await;
    let webhook = world.signed(&approved(&token_id(1)));
    let large = webhook.clone().body(vec![b'x'; 65_537]);
    let key = format!("Bearer {API_KEY}");
    let lookup = Request::new("POST", "/v1/tokens/lookup").with("Authorization", &key).body("{}");
    let table = [
        (get("/nosuch"), 404, "not_found"),
        (get("/v1/events/"), 404, "not_found"),
        (get("/v1/events?limit=0"), 400, "parameter_invalid"),
        (get("/v1/events").without("Authorization"), 401, "unauthenticated"),
        (get("/v1/events").with("Authorization", "Bearer x"), 400, "bad_request"),
        (get("/v1/events").with("Accept", "application/xml"), 406, "not_acceptable"),
        (get(DEV), 405, "method_not_allowed"),
        (get("/webhooks/smartpay/nosuch"), 404, "not_found"),
        (Request::new("PUT", "/v1/events").with("Authorization", &key), 405, "method_not_allowed"),
        (Request::new("POST", "/livez"), 405, "method_not_allowed"),
        (Request::new("OPTIONS", "/v1/events"), 405, "method_not_allowed"),
        (lookup, 415, "unsupported_media_type"),
        (webhook.clone().set("Content-Type", "text/plain"), 415, "unsupported_media_type"),
        (webhook.clone().without("Smartpay-Event-Id"), 400, "webhook_header_invalid"),
        (webhook.clone().body("{}"), 401, "webhook_refused"),
        (
            get("/v1/events").with("X-Big", &"x".repeat(33_000)),
            431,
            "request_header_fields_too_large",
        ),
        (large, 413, "payload_too_large"),
    ];
    let mut ids = BTreeSet::new();
    let expected = table.len();
    for (request, status, code) in table {
        let problem = served.sends(&request).await.refuses(status, code);
        ids.insert(problem["request_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), expected);
    assert_eq!(world.count("inputs").await, 0);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_the_answer_is_the_same() {
    let world = World::new().await;
    let served = world.serves().await;
    let right = world.signed(&approved(&token_id(1)));
    let wrong = [
        right.clone().set("Smartpay-Signature", &"0".repeat(64)),
        right.clone().set("Smartpay-Signature", "0"),
        right.clone().set("Smartpay-Signature", "not hexadecimal at all"),
        right.clone().set("Smartpay-Subscription-Id", "webhookendpoint_test_other"),
        right.clone().body("{}"),
    ];
    let mut answers = BTreeSet::new();
    for request in wrong {
        let answer = served.sends(&request).await;
        let mut problem = answer.refuses(401, "webhook_refused");
        problem.as_object_mut().unwrap().remove("request_id").unwrap();
        answers.insert(problem.to_string());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_parameter_is_refused_by_its_name() {
    let world = World::new().await;
    let served = world.serves().await;
    let list = "/v1/consumers/c1/tokens";
    let one = "/v1/tokens/tok_test_0000000000000000000000";
    let table = [
        (format!("{list}?limit=0"), "limit"),
        (format!("{list}?limti=5"), "limti"),
        (format!("{list}?usable=yes"), "usable"),
        (format!("{list}?status=usable'--"), "status"),
        (format!("{list}?as_of=2030-01-01T00:00:00Z"), "as_of"),
        (format!("{list}?as_of=1999-01-01T00:00:00Z"), "as_of"),
        (format!("{list}?limit=5&limit=6"), "limit"),
        (format!("{list}?cursor=%00"), "cursor"),
        ("/v1/consumers/a%0ab/tokens".to_owned(), "consumer"),
        (format!("{one}?expand=all"), "expand"),
        (format!("{one}/events?after=1"), "after"),
        ("/v1/events?after=-1".to_owned(), "after"),
        ("/v1/events?after=1&cursor=x".to_owned(), "after"),
    ];
    for (path, name) in table {
        let problem = served.gets(&path).await.refuses(400, "parameter_invalid");
        assert_eq!(problem.pointer("/errors/0/parameter").unwrap(), name, "{path}");
    }
}

#[tokio::test]
async fn one_key_in_one_header_opens_and_nothing_else_does() {
    let world = World::new().await;
    let served = world.serves().await;
    let with = |value: &str| Request::new("GET", "/v1/events").with("Authorization", value);
    assert_eq!(served.sends(&with(&format!("Bearer {API_KEY}"))).await.status, 200);
    let of_another_ledger = API_KEY.replace("5f0c", "c0f5");
    for value in [
        "",
        "Bearer",
        "Bearer ",
        API_KEY,
        &format!("Basic {API_KEY}"),
        &format!("Bearer {of_another_ledger}"),
        &format!("Bearer {API_KEY} {API_KEY}"),
        &format!("Bearer {}", API_KEY.to_uppercase()),
        &format!("Bearer {}", API_KEY.split_at(API_KEY.len() - 1).0),
    ] {
        served.sends(&with(value)).await.refuses(401, "unauthenticated");
    }
    // What opens reads opens nothing to a browser of another site.
    let origin = get("/v1/events").with("Origin", "https://evil.example");
    let preflight = Request::new("OPTIONS", "/v1/events")
        .with("Origin", "https://evil.example")
        .with("Access-Control-Request-Method", "GET");
    for request in [origin, preflight] {
        let answer = served.sends(&request).await;
        assert!(answer.header("access-control-allow-origin").is_none(), "{answer:?}");
    }
}
