//! Every parameter by its name, for the interface's document.

use serde_json::Value;
use serde_json::json;

use crate::api::idempotency::KEY_CHARS_MAX;
use crate::api::idempotency::KEY_CHARS_MIN;
use crate::api::params::LIMIT_DEFAULT;
use crate::api::params::LIMIT_MAX;
use crate::api::requests;
use crate::api::routes::Access;
use crate::api::routes::Gives;
use crate::api::routes::Route;
use crate::ledger::Verdict;
use crate::token::Status;

/// The headers of a webhook, each once.
const SIGNED: [&str; 4] = [
    "Smartpay-Signature",
    "Smartpay-Signature-Timestamp",
    "Smartpay-Subscription-Id",
    "Smartpay-Event-Id",
];

/// The parameters of a route: those of its path, its query, and its headers.
pub(super) fn of(route: &Route) -> Vec<Value> {
    let in_path = route.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let mut parameters: Vec<Value> = in_path.map(|name| parameter("path", name)).collect();
    parameters.extend(route.query.iter().map(|name| parameter("query", name)));
    match route.access {
        Access::Key(_) => parameters.push(parameter("header", "Ledger-Min-Position")),
        Access::Write(_) => {
            parameters.push(parameter("header", "Ledger-Min-Position"));
            parameters.push(parameter("required header", "Idempotency-Key"));
        }
        Access::Open if route.body.is_some() => {
            parameters.extend(SIGNED.map(|name| parameter("required header", name)));
        }
        Access::Open => {}
    }
    if let Gives::Changed(_) = route.gives {
        parameters.push(parameter("header", "If-Match"));
    }
    if let Gives::Version(_) = route.gives {
        parameters.push(parameter("header", "If-None-Match"));
    }
    parameters
}

fn parameter(place: &str, name: &str) -> Value {
    let (description, schema) = about(name);
    let required = ["path", "required header"].contains(&place);
    json!({
        "in": place.rsplit(' ').next(),
        "name": name,
        "required": required,
        "description": description,
        "schema": schema,
    })
}

fn about(name: &str) -> (&'static str, Value) {
    let text = || json!({"type": "string"});
    let position =
        || json!({"type": "integer", "format": "int64", "minimum": 0, "maximum": i64::MAX});
    match name {
        "endpoint" => ("Name of a configured webhook endpoint", text()),
        "consumer" => ("A consumer, byte for byte, without controls", requests::consumer()),
        "ref" => ("tok_test_… or tok_live_…", requests::reference()),
        "position" => ("Position of an event", position()),
        "id" => ("As listed, or as in Location", json!({"type": "string"})),
        "usable" => ("Only what can be charged, or only what cannot", json!({"type": "boolean"})),
        "status" => {
            let kept = Status::ALL.into_iter().filter(|status| *status != Status::Unknown);
            let words: Vec<&str> = kept.map(Status::as_str).collect();
            ("Only tokens of this status", json!({"type": "string", "enum": words}))
        }
        "verdict" => {
            let words = Verdict::ALL.map(Verdict::as_str);
            ("Only what has this verdict now", json!({"type": "string", "enum": words}))
        }
        "after" => ("Only events behind this position", position()),
        "limit" => (
            "At most so many",
            json!({
                "type": "integer",
                "minimum": 1,
                "maximum": LIMIT_MAX,
                "default": LIMIT_DEFAULT,
            }),
        ),
        "cursor" => (
            "next_cursor of the page before",
            json!({"type": "string", "pattern": "^[0-9A-Za-z_-]+$"}),
        ),
        "Ledger-Min-Position" => ("Wait for this position, for 2 seconds at most", position()),
        "Idempotency-Key" => (
            "A new one for each write, the same one when the write is sent again: within 24 hours \
             the same request is done once and gets the same answer",
            json!({
                "type": "string",
                "minLength": KEY_CHARS_MIN,
                "maxLength": KEY_CHARS_MAX,
                "pattern": "^[!-~]+$",
            }),
        ),
        "If-Match" => ("The ETag that the token must have", text()),
        "If-None-Match" => ("The ETag of the version that is known", text()),
        "Smartpay-Signature-Timestamp" => (
            "When it was signed, in milliseconds",
            json!({"type": "string", "pattern": "^\\d{13}$"}),
        ),
        "Smartpay-Signature" => (
            "The MAC over timestamp, dot and body",
            json!({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        ),
        _ => ("As Smartpay sends it", json!({"type": "string", "pattern": "^[!-~]+$"})),
    }
}
