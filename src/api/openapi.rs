//! The interface as an OpenAPI document: operations from the table of routes, schemas from the
//! shapes that are served.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use utoipa::OpenApi;

use crate::api::delivery_shapes::DeliveryDetailsShape;
use crate::api::delivery_shapes::DeliveryShape;
use crate::api::intents::IntentShape;
use crate::api::parameters;
use crate::api::requests;
use crate::api::routes::Access;
use crate::api::routes::Gives;
use crate::api::routes::ROUTES;
use crate::api::routes::Route;
use crate::api::run_shapes::DifferenceShape;
use crate::api::run_shapes::RunDetailsShape;
use crate::api::run_shapes::RunShape;
use crate::api::sessions::SessionShape;
use crate::api::shapes::CheckShape;
use crate::api::shapes::EventShape;
use crate::api::shapes::TokenShape;

const ABOUT: &str = "Whose Smartpay token is this, can it be charged now, and what happened to it \
    since when? `usable` says what Smartpay last said: a charge can still be refused, because it is \
    authorized when the order is made. Times are RFC 3339 in UTC; ids are opaque; fields may be \
    added. A write is done once under its `Idempotency-Key`: for 24 hours the same request gets the \
    same answer, if it succeeded or its action was decided otherwise. When the request itself was \
    refused, its key is free again. After a 5xx, or no answer at all, send the same request again.";

#[derive(OpenApi)]
#[openapi(components(schemas(
    TokenShape,
    EventShape,
    CheckShape,
    DeliveryShape,
    DeliveryDetailsShape,
    IntentShape,
    SessionShape,
    RunShape,
    RunDetailsShape,
    DifferenceShape
)))]
struct Shapes;

/// The document as it is served and committed.
pub fn openapi() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES.iter().filter(|route| route.gives != Gives::Nothing) {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(route.method.to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "tokenledger",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": {"Problem": {
                "description": "A refusal or a failure, by its code",
                "content": {"application/problem+json": {"schema": schema("Problem")}},
            }},
            "securitySchemes": {"access_key": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "tl_(test|live)_…",
            }},
        },
    })
}

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters::of(route),
        "responses": {
            "200": answer(route),
            "default": {"$ref": "#/components/responses/Problem"},
        },
        "security": [],
    });
    if let Some(scope) = route.access.scope() {
        set(&mut operation, "security", json!([{"access_key": [scope.as_str()]}]));
    }
    if let Some(name) = route.body {
        let content = json!({"application/json": {"schema": schema(name)}});
        set(&mut operation, "requestBody", json!({"required": true, "content": content}));
    }
    if let (Gives::Version(_), Some(responses)) = (route.gives, operation.get_mut("responses")) {
        set(responses, "304", json!({"description": "The version that If-None-Match names"}));
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        open_outcome(route, responses);
    }
    if let (Access::Write(_), Some(responses)) = (route.access, operation.get_mut("responses")) {
        for (status, code, when) in [
            ("409", "idempotency_key_in_flight", "the same request is being worked on"),
            ("422", "idempotency_key_reused", "the Idempotency-Key stands for another request"),
        ] {
            let description = format!("`{code}`: {when}; or what its code says");
            let content = json!({"application/problem+json": {"schema": schema("Problem")}});
            set(responses, status, json!({"description": description, "content": content}));
        }
    }
    operation
}

/// A command whose outcome is open is accepted; one that makes something answers 201.
fn open_outcome(route: &Route, responses: &mut Map<String, Value>) {
    if matches!(route.gives, Gives::Made(_)) {
        let made = responses.remove("200").unwrap_or_default();
        responses.insert("201".to_owned(), made);
    }
    if let Gives::Begun(_) = route.gives {
        let mut begun = responses.remove("200").unwrap_or_default();
        let place = json!({"description": "Where it is", "schema": {"type": "string"}});
        if let Some(headers) = begun.get_mut("headers") {
            set(headers, "Location", place);
        }
        responses.insert("202".to_owned(), begun);
    }
    if matches!(route.gives, Gives::Made(_) | Gives::Changed(_)) {
        let about = "Where the outcome will be";
        let accepted = json!({
            "description": "The outcome is open; look for it at Location",
            "headers": {"Location": {"description": about, "schema": {"type": "string"}}},
            "content": {"application/json": {"schema": schema("Intent")}},
        });
        responses.insert("202".to_owned(), accepted);
    }
}

fn answer(route: &Route) -> Value {
    let json_of = |schema: Value| json!({"application/json": {"schema": schema}});
    let content = match route.gives {
        Gives::One(name)
        | Gives::Version(name)
        | Gives::Made(name)
        | Gives::Begun(name)
        | Gives::Changed(name) => json_of(schema(name)),
        Gives::List(name) => json_of(list_of(name)),
        Gives::Text => json!({"text/plain": {"schema": {"type": "string"}}}),
        Gives::Nothing => json!({}),
    };
    let mut answer = json!({"description": route.summary, "content": content});
    let position = json!({
        "description": "The answer holds as of this position",
        "schema": {"type": "integer"},
    });
    match route.gives {
        Gives::Version(_) | Gives::Changed(_) => {
            let tag = json!({"description": "The token's sequence", "schema": {"type": "string"}});
            set(&mut answer, "headers", json!({"Ledger-Position": position, "ETag": tag}));
        }
        Gives::One(_) | Gives::List(_) | Gives::Made(_) => {
            set(&mut answer, "headers", json!({"Ledger-Position": position}));
        }
        Gives::Begun(_) => set(&mut answer, "headers", json!({})),
        Gives::Text | Gives::Nothing => {}
    }
    if let (Access::Write(_), Some(headers)) = (route.access, answer.get_mut("headers")) {
        let schema = json!({"type": "string", "enum": ["true"]});
        let about = "This is the answer to an earlier request under this Idempotency-Key";
        set(headers, "Idempotency-Replayed", json!({"description": about, "schema": schema}));
    }
    answer
}

fn list_of(name: &str) -> Value {
    json!({
        "type": "object",
        "required": ["data", "next_cursor", "has_more", "as_of"],
        "properties": {
            "data": {"type": "array", "items": schema(name)},
            "next_cursor": {"type": ["string", "null"]},
            "has_more": {"type": "boolean"},
            "as_of": {"type": "integer", "description": "The position as of which it holds"},
        },
    })
}

fn schemas() -> Value {
    let shapes = serde_json::to_value(Shapes::openapi()).expect("a document is always JSON");
    let mut schemas = shapes.pointer("/components/schemas").cloned().unwrap_or_else(|| json!({}));
    for (name, value) in requests::schemas() {
        set(&mut schemas, name, value);
    }
    schemas
}

fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}
