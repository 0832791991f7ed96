//! The header: which routes need it, and what it may be.

use tokenledger::access::Scope;
use tokenledger::api::Access;
use tokenledger::api::ROUTES;
use tokenledger::api::openapi;

use crate::idempotency::reprocess;
use crate::request::Request;
use crate::world::World;
use crate::world::get;

/// Ask much and change nothing: they have a body because a URL would not hold it.
const READS: [&str; 2] = ["/v1/tokens/lookup", "/v1/usability-checks"];

#[test]
fn whatever_changes_something_is_a_write() {
    for route in ROUTES {
        let is_read = route.method == "GET" || READS.contains(&route.path);
        let is_write = matches!(route.access, Access::Write(_));
        let what = format!("{} {}", route.method, route.path);
        assert!(is_read != is_write || route.access == Access::Open, "{what}");
        assert!(is_read || is_write || route.path.starts_with("/webhooks/"), "{what}");
        let item = &openapi()["paths"][route.path][route.method.to_lowercase()];
        let named = |parameter: &serde_json::Value| {
            parameter["name"] == "Idempotency-Key" && parameter["required"] == true
        };
        let documented = item["parameters"].as_array().is_some_and(|all| all.iter().any(named));
        assert_eq!(documented, is_write, "{what}");
        for status in ["409", "422"] {
            assert_eq!(item["responses"].get(status).is_some(), is_write, "{what}: {status}");
        }
    }
}

#[tokio::test]
async fn no_write_is_done_without_one() {
    let world = World::new().await;
    let served = world.serves().await;
    let mut writes = 0;
    for route in ROUTES.iter().filter(|route| matches!(route.access, Access::Write(_))) {
        writes += 1;
        let path = route.path.replace("{ref}", world.ref_of("paytok_test_1").as_str());
        let path = path.replace("{id}", "in_1");
        let request = Request { method: route.method.to_owned(), ..get(&path) };
        served.sends(&request).await.refuses(400, "idempotency_key_missing");
        // Who may not do it is told that first.
        let nobody = request.without("Authorization").with("Idempotency-Key", "12345678");
        served.sends(&nobody).await.refuses(401, "unauthenticated");
    }
    assert!(writes > 0);
    assert_eq!(world.count("idempotency").await, 0);
}

#[tokio::test]
async fn it_is_one_of_8_to_255_visible_characters() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(1).await;
    let (short, long) = ("k".repeat(7), "k".repeat(256));
    for key in [short.as_str(), &long, "", "two words", "tab\tinside", "schlüssel"] {
        let refused = served.sends(&reprocess("in_1", key)).await;
        let problem = refused.refuses(400, "idempotency_key_invalid");
        assert!(!problem.to_string().contains("schl"), "{problem}");
    }
    for key in ["another-key", "same-key-1"] {
        let twice = reprocess("in_1", "same-key-1").with("Idempotency-Key", key);
        served.sends(&twice).await.refuses(400, "idempotency_key_invalid");
    }
    assert_eq!((world.done().await, world.count("idempotency").await), (0, 0));
    for key in ["k".repeat(8), "k".repeat(255), "!~\"'\\{}@".to_owned()] {
        assert_eq!(served.sends(&reprocess("in_1", &key)).await.status, 200, "{key}");
    }
    assert_eq!(world.done().await, 3);
}

#[tokio::test]
async fn reads_take_none_and_ignore_one() {
    let world = World::new().await;
    let served = world.serves().await;
    for scope in [Scope::TokensRead] {
        let key = world.key(&[scope]).await;
        let check = key.on(Request::new("POST", "/v1/usability-checks"));
        let check = check.with("Content-Type", "application/json").body(r#"{"consumers":["c1"]}"#);
        assert_eq!(served.sends(&check).await.status, 200);
        assert_eq!(served.sends(&check.with("Idempotency-Key", "x")).await.status, 200);
    }
    assert_eq!(world.count("idempotency").await, 0);
}
