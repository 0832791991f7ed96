//! Schemas of what comes in, and of answers that are no shape: for the interface's document.

use serde_json::Value;
use serde_json::json;

use crate::api::checks::CHECKS_MAX;
use crate::api::reconciliations::SETTLE_SECONDS_MAX;
use crate::ledger::Verdict;

pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let token_id = json!({
        "type": "string",
        "pattern": "^paytok_(test|live)_[0-9A-Za-z]{1,48}$",
    });
    vec![
        ("Lookup", request(&json!({"token_id": token_id}), &["token_id"])),
        ("Reveal", request(&json!({"reason": reason()}), &["reason"])),
        (
            "Revealed",
            object(&json!({"ref": reference(), "token_id": token_id}), &["ref", "token_id"]),
        ),
        ("Correction", correction()),
        ("Found", object(&json!({"ref": reference()}), &["ref"])),
        (
            "Check",
            json!({"oneOf": [
                request(&json!({"tokens": some_of(&reference())}), &["tokens"]),
                request(&json!({"consumers": some_of(&consumer())}), &["consumers"]),
            ]}),
        ),
        ("Change", request(&json!({"reason": reason()}), &["reason"])),
        ("NewSession", new_session()),
        ("NewReconciliation", new_reconciliation()),
        ("Webhook", json!({"type": "object", "description": "As Smartpay sends it, signed"})),
        ("Receipt", receipt()),
        ("Problem", problem()),
    ]
}

/// Why something is done: it stands in history.
pub(super) fn reason() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 200})
}

fn new_session() -> Value {
    let url = json!({"type": "string", "format": "uri", "pattern": "^https://", "maxLength": 2048});
    let properties = json!({
        "consumer": consumer(),
        "success_url": url,
        "cancel_url": url,
        "reference": {"type": ["string", "null"], "minLength": 1, "maxLength": 40},
        "metadata": {
            "type": ["object", "null"],
            "maxProperties": 19,
            "additionalProperties": {"type": "string", "maxLength": 500},
        },
        "locale": {"enum": ["ja", "en", null]},
        "customer_info": {"type": ["object", "null"], "description": "Passed on, and not kept"},
    });
    request(&properties, &["consumer", "success_url", "cancel_url"])
}

fn new_reconciliation() -> Value {
    let settle = json!({
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": SETTLE_SECONDS_MAX,
        "description": "What changed so lately is left to its webhook; 300 if nothing is said",
    });
    let accept = json!({
        "type": ["integer", "null"],
        "minimum": 1,
        "maximum": u32::MAX,
        "description": "Somebody looked: so many absences within 24 hours are believed",
    });
    let dry_run = json!({"type": ["boolean", "null"]});
    let properties = json!({"dry_run": dry_run, "settle_seconds": settle, "accept": accept});
    request(&properties, &[])
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

fn correction() -> Value {
    let session = json!({
        "type": "string",
        "pattern": "^checkout_(test|live)_[!-~]{1,128}$",
    });
    let fields = json!({"consumer": consumer(), "reason": reason(), "session_id": session});
    request(&fields, &["consumer", "reason"])
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
