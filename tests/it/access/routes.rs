//! Every route with a key of every scope.

use std::collections::BTreeMap;

use tokenledger::access::Scope;
use tokenledger::api::Access;
use tokenledger::api::ROUTES;
use tokenledger::api::Route;
use tokenledger::api::openapi;

use crate::access::Key;
use crate::request::Request;
use crate::world::World;
use crate::world::approved;
use crate::world::fresh_key;
use crate::world::token_id;

/// A request that the route would serve, were it allowed.
fn request(route: &Route, world: &World) -> Request {
    let path = route
        .path
        .replace("{ref}", world.ref_of(&token_id(1)).as_str())
        .replace("{consumer}", "c1")
        .replace("{position}", "1")
        .replace("{id}", "in_1")
        .replace("{state}", "forged")
        .replace("{endpoint}", "dev")
        .replace("{*file}", "swagger-ui.css");
    assert!(!path.contains('{'), "a new parameter: {path}");
    Request::new(route.method, &path).with("Idempotency-Key", &fresh_key())
}

#[tokio::test]
async fn each_route_opens_to_its_scope_and_to_no_other() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    let mut keys: BTreeMap<Scope, Key> = BTreeMap::new();
    for scope in Scope::ALL {
        keys.insert(scope, world.key(&[scope]).await);
    }
    for route in ROUTES {
        let request = request(route, &world);
        let what = format!("{} {}", route.method, route.path);
        let without = served.sends(&request).await;
        let is_there = route.path == "/return/{state}" || without.status != 404;
        assert!(is_there && ![0, 405, 500].contains(&without.status), "{what}: {without:?}");
        let Some(needed) = route.access.scope() else {
            assert_ne!(without.status, 401, "{what}");
            continue;
        };
        without.refuses(401, "unauthenticated");
        for (scope, key) in &keys {
            let answer = served.sends(&key.on(request.clone())).await;
            if *scope == needed {
                let none = match route.path {
                    "/v1/intents/{id}" | "/v1/reconciliations/{id}" => 404,
                    // This service has no key of Smartpay.
                    "/v1/tokens/{ref}/refresh" => 502,
                    _ => 200,
                };
                let good = [200, 415, none].contains(&answer.status);
                assert!(good, "{what} with {scope}: {answer:?}");
            } else {
                let problem = answer.refuses(403, "scope_missing");
                let named = problem["detail"].as_str().unwrap().contains(needed.as_str());
                assert!(named, "{what}: {problem}");
            }
        }
    }
}

/// What was promised to those who hold keys: a change here is a change for them, and a route that
/// the document names without a rule here is refused.
#[test]
fn the_rules_of_routes_are_those_of_the_interface() {
    let rule = |route: &Route| match route.access {
        Access::Key(scope) => format!("{} {} {scope}", route.method, route.path),
        Access::Write(scope) => format!("{} {} {scope}, once", route.method, route.path),
        Access::Open => format!("{} {} open", route.method, route.path),
    };
    let mut found: Vec<String> = ROUTES.iter().map(rule).collect();
    found.sort();
    let mut promised = [
        "POST /webhooks/smartpay/{endpoint} open",
        "POST /v1/tokens/{ref}/refresh tokens:write, once",
        "POST /v1/reconciliations reconcile, once",
        "GET /v1/reconciliations reconcile",
        "GET /v1/reconciliations/{id} reconcile",
        "GET /v1/consumers/{consumer}/tokens tokens:read",
        "GET /v1/tokens tokens:read",
        "GET /v1/tokens/{ref} tokens:read",
        "GET /v1/tokens/{ref}/events events:read",
        "POST /v1/tokens/lookup tokens:read",
        "POST /v1/tokens/{ref}/reveal tokens:reveal, once",
        "POST /v1/tokens/{ref}/claim tokens:write, once",
        "POST /v1/usability-checks tokens:read",
        "POST /v1/checkout-sessions sessions:write, once",
        "POST /v1/tokens/{ref}/disable tokens:write, once",
        "POST /v1/tokens/{ref}/enable tokens:write, once",
        "DELETE /v1/tokens/{ref} tokens:write, once",
        "GET /v1/intents/{id} tokens:read",
        "GET /return/{state} open",
        "GET /v1/events events:read",
        "GET /v1/events/{position} events:read",
        "GET /v1/deliveries deliveries:read",
        "GET /v1/deliveries/{id} deliveries:read",
        "POST /v1/deliveries/{id}/reprocess deliveries:write, once",
        "GET /livez open",
        "GET /readyz open",
        "GET /metrics open",
        "GET /openapi.json open",
        "GET /docs open",
        "GET /docs/ open",
        "GET /docs/{*file} open",
    ];
    promised.sort_unstable();
    assert_eq!(found, promised);
    for (path, item) in openapi()["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let ruled = format!("{} {path} ", method.to_uppercase());
            assert!(found.iter().any(|rule| rule.starts_with(&ruled)), "{ruled}has no rule");
        }
    }
}
