//! The interface's document: it is the committed one, says what routes do, and is served.
#![expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tokenledger::api::Gives;
use tokenledger::api::ROUTES;
use tokenledger::api::openapi;

use crate::request::Request;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::token_id;

const DOCUMENT: &str = "docs/openapi.json";

/// `TOKENLEDGER_TEST_WRITE_DOCS=1` brings it up to date.
#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let document = format!("{:#}\n", openapi());
    if std::env::var("TOKENLEDGER_TEST_WRITE_DOCS").is_ok() {
        fs::write(&path, &document).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, document, "run this test once with TOKENLEDGER_TEST_WRITE_DOCS=1");
}

#[test]
fn it_names_every_route_with_its_scope_and_refers_to_what_it_holds() {
    let document = openapi();
    let mut named = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation.pointer("/security/0/access_key/0").and_then(Value::as_str);
            named.insert((method.to_uppercase(), path.clone(), scope.map(str::to_owned)));
        }
    }
    let described = ROUTES.iter().filter(|route| route.gives != Gives::Nothing);
    let routes: BTreeSet<_> = described
        .map(|route| {
            let scope = route.access.scope().map(|scope| scope.to_string());
            (route.method.to_owned(), route.path.to_owned(), scope)
        })
        .collect();
    assert_eq!(named, routes);
    let ids: BTreeSet<&str> = ROUTES.iter().map(|route| route.id).collect();
    assert_eq!(ids.len(), ROUTES.len(), "an id is there twice");
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 20);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

/// Handlers name the parameters they know when they refuse one.
#[tokio::test]
async fn the_parameters_of_each_list_are_those_that_it_serves() {
    let world = World::new().await;
    let served = world.serves().await;
    for route in ROUTES.iter().filter(|route| matches!(route.gives, Gives::List(_))) {
        let reference = world.ref_of(&token_id(1)).to_string();
        let path = route.path.replace("{consumer}", "c1").replace("{ref}", &reference);
        let problem =
            served.gets(&format!("{path}?other=1")).await.refuses(400, "parameter_invalid");
        let known = format!("known: {}", route.query.join(", "));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.ends_with(&known), "{path}: {detail}");
    }
}

#[tokio::test]
async fn answers_have_the_fields_that_the_document_names_and_no_others() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    world.claims(&token_id(1), claim("s1", "c1")).await;
    let document = openapi();
    let reference = world.ref_of(&token_id(1)).to_string();
    for (path, pointer, schema) in [
        (format!("/v1/tokens/{reference}"), "", "Token"),
        ("/v1/tokens".to_owned(), "/data/0", "Token"),
        ("/v1/events/1".to_owned(), "", "Event"),
        ("/v1/events/1".to_owned(), "/cause", "Cause"),
        ("/v1/deliveries".to_owned(), "/data/0", "Delivery"),
    ] {
        let answer = served.reads(&path).await;
        let fields = names(answer.pointer(pointer).unwrap());
        let described = document.pointer(&format!("/components/schemas/{schema}/properties"));
        assert_eq!(fields, names(described.unwrap()), "{path}{pointer}");
    }
}

#[tokio::test]
async fn document_and_page_are_served_without_a_key_and_from_here_alone() {
    let world = World::new().await;
    let served = world.serves().await;
    let answer = served.sends(&Request::new("GET", "/openapi.json")).await;
    assert_eq!((answer.status, answer.json()), (200, openapi()));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let get = |path: &str| Request::new("GET", path);
    let moved = served.sends(&get("/docs")).await;
    assert_eq!((moved.status, moved.header("location")), (308, Some("/docs/")));
    let page = served.sends(&get("/docs/")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'self'"));
    let html = page.text();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
        assert!(html.contains(file), "{html}");
        let found = served.sends(&get(&format!("/docs/{file}"))).await;
        assert_eq!(found.status, 200, "{file}");
    }
    let started = served.sends(&get("/docs/swagger-initializer.js")).await.text();
    assert!(started.contains("/openapi.json"), "{started}");
    for unknown in ["/docs/none", "/docs/../Cargo.toml", "/docs/%2e%2e/x", "/docs//etc/passwd"] {
        served.sends(&get(unknown)).await.refuses(404, "not_found");
    }
}

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Some(text)) = (name == "$ref", member.as_str()) {
                    references.push(text.to_owned());
                }
                collect(member, references);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
