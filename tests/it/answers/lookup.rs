//! From a token id to its ref.

use serde_json::json;

use crate::request::Request;
use crate::wire::Answer;
use crate::world::API_KEY;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

async fn lookup(served: &Served, body: &str) -> Answer {
    let request = Request::new("POST", "/v1/tokens/lookup")
        .with("Authorization", &format!("Bearer {API_KEY}"))
        .with("Content-Type", "application/json")
        .body(body);
    served.sends(&request).await
}

#[tokio::test]
async fn a_known_id_has_its_ref_and_an_unknown_one_is_not_found() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    let found = lookup(&served, &json!({"token_id": token_id(1)}).to_string()).await;
    assert_eq!((found.status, found.header("ledger-position")), (200, Some("1")));
    assert_eq!(found.json(), json!({"ref": world.ref_of(&token_id(1)).as_str()}));
    let shown = served.reads(&format!("/v1/tokens/{}", world.ref_of(&token_id(1)))).await;
    assert_eq!(shown["ref"], found.json()["ref"]);
    for unknown in [token_id(2), token_id(1).replace("test", "live")] {
        let refusal = lookup(&served, &json!({"token_id": unknown}).to_string()).await;
        let problem = refusal.refuses(404, "not_found");
        assert!(!problem.to_string().contains(&unknown), "{problem}");
    }
}

#[tokio::test]
async fn a_body_that_is_wrong_is_told_where() {
    let world = World::new().await;
    let served = world.serves().await;
    let table = [
        ("{\"token_id\":7}", 422, "validation_failed", Some("/token_id")),
        ("{\"token_id\":\"paytok_test_\"}", 422, "validation_failed", Some("/token_id")),
        ("{}", 422, "validation_failed", Some("/token_id")),
        (
            "{\"token_id\":\"paytok_test_a\",\"expand\":1}",
            422,
            "validation_failed",
            Some("/expand"),
        ),
        ("{\"a/b~c\":1}", 422, "validation_failed", Some("/a~1b~0c")),
        ("{\"paytok_test_a\":1}", 422, "validation_failed", Some("/")),
        ("[]", 422, "validation_failed", Some("")),
        ("{\"token_id\":", 400, "body_malformed", None),
        ("", 400, "body_malformed", None),
        ("{\"token_id\":\"a\",\"token_id\":\"b\"}", 400, "body_malformed", None),
    ];
    for (body, status, code, pointer) in table {
        let problem = lookup(&served, body).await.refuses(status, code);
        let found = problem.pointer("/errors/0/pointer").and_then(|pointer| pointer.as_str());
        assert_eq!(found, pointer, "{body}: {problem}");
    }
    let large = format!("{{\"token_id\":\"{}\"}}", "a".repeat(16 * 1024));
    lookup(&served, &large).await.refuses(413, "payload_too_large");
}
