//! Schemas of what comes in, and of answers that are no shape: for the interface's document.

use serde_json::Value;
use serde_json::json;

use crate::api::checks::CHECKS_MAX;
use crate::ledger::Verdict;

pub(super) fn schemas() -> [(&'static str, Value); 6] {
    let texts = |text: Value| json!({"type": "array", "items": text, "minItems": 1, "maxItems": CHECKS_MAX});
    [
        ("Lookup", object(&json!({"token_id": {"type": "string"}}), &["token_id"])),
        ("Found", object(&json!({"ref": {"type": "string"}}), &["ref"])),
        (
            "Check",
            json!({"oneOf": [
                object(
                    &json!({"tokens": texts(json!({
                        "type": "string",
                        "pattern": "^tok_(test|live)_[0-9A-Za-z]{22}$",
                    }))}),
                    &["tokens"],
                ),
                object(
                    &json!({"consumers": texts(json!({
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 128,
                    }))}),
                    &["consumers"],
                ),
            ]}),
        ),
        ("Webhook", json!({"type": "object", "description": "As Smartpay sends it, signed"})),
        ("Receipt", receipt()),
        ("Problem", problem()),
    ]
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
fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
