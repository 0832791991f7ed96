//! Schemas of what comes in, and of answers that are no shape: for the interface's document.

use serde_json::Value;
use serde_json::json;

use crate::api::checks::CHECKS_MAX;
use crate::ledger::Verdict;

pub(super) fn schemas() -> [(&'static str, Value); 6] {
    let token_id = json!({
        "type": "string",
        "pattern": "^paytok_(test|live)_[0-9A-Za-z]{1,48}$",
    });
    [
        ("Lookup", request(&json!({"token_id": token_id}), &["token_id"])),
        ("Found", object(&json!({"ref": reference()}), &["ref"])),
        (
            "Check",
            json!({"oneOf": [
                request(&json!({"tokens": some_of(&reference())}), &["tokens"]),
                request(&json!({"consumers": some_of(&consumer())}), &["consumers"]),
            ]}),
        ),
        ("Webhook", json!({"type": "object", "description": "As Smartpay sends it, signed"})),
        ("Receipt", receipt()),
        ("Problem", problem()),
    ]
}

/// Names a token.
pub(super) fn reference() -> Value {
    json!({"type": "string", "pattern": "^tok_(test|live)_[0-9A-Za-z]{22}$"})
}

/// Any text without controls.
pub(super) fn consumer() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": 128,
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
    })
}

fn some_of(text: &Value) -> Value {
    json!({"type": "array", "items": text, "minItems": 1, "maxItems": CHECKS_MAX})
}

fn receipt() -> Value {
    object(
        &json!({
            "delivery": {"type": "string"},
            "verdict": {"type": "string", "enum": Verdict::ALL.map(Verdict::as_str)},
            "reason": {"type": ["string", "null"]},
            "position": {"type": ["integer", "null"]},
        }),
        &["delivery", "verdict", "reason", "position"],
    )
}

fn problem() -> Value {
    let text = json!({"type": "string"});
    let error = json!({
        "type": "object",
        "required": ["detail"],
        "properties": {"pointer": text, "parameter": text, "detail": text},
    });
    let properties = json!({
        "type": text,
        "title": text,
        "status": {"type": "integer"},
        "code": text,
        "detail": text,
        "request_id": text,
        "errors": {"type": "array", "items": error},
    });
    object(&properties, &["type", "title", "status", "code", "detail", "request_id"])
}

/// With no fields but these.
fn request(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Fields may be added later.
fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}
