//! Webhook bodies to begin from, and ways of spoiling them.

use serde_json::Value;
use serde_json::json;

use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::notice::Message;
use tokenledger::smartpay::notice::Quarantined;
use tokenledger::smartpay::notice::read;
use tokenledger::token::ProviderTime;

pub(crate) const NOW_MS: i64 = 1_700_000_000_000;
pub(crate) const WINDOW_MS: i64 = 300_000;
pub(crate) const TOKEN: &str = "paytok_test_zAo001ZRfyjz1F4rMyYPnL";

pub(crate) const TYPE: &str = "/eventData/type";
pub(crate) const DATA: &str = "/eventData/data";
pub(crate) const STATUS: &str = "/eventData/data/status";
pub(crate) const TOKEN_ID: &str = "/eventData/data/id";
pub(crate) const REFERENCE: &str = "/eventData/data/reference";

pub(crate) fn expected() -> Expected {
    let received_at = ProviderTime::from_millis(NOW_MS);
    Expected { mode: Mode::Test, received_at, window_ms: WINDOW_MS }
}

/// `token.approved` of an active token, just now.
pub(crate) fn base() -> Value {
    json!({
        "id": "evt_test_X",
        "object": "event",
        "createdAt": NOW_MS - 20,
        "test": true,
        "eventData": {"type": "token.approved", "version": "2022-02-18", "data": {
            "id": TOKEN, "object": "token", "test": true,
            "createdAt": NOW_MS - 60_000, "updatedAt": NOW_MS - 30,
            "reference": "c1", "status": "active", "metadata": {},
        }},
    })
}

pub(crate) fn with(pointer: &str, value: Value) -> Value {
    let mut body = base();
    set(&mut body, pointer, Some(value));
    body
}

pub(crate) fn without(pointer: &str) -> Value {
    let mut body = base();
    set(&mut body, pointer, None);
    body
}

pub(crate) fn set(body: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => drop(parent.insert(key.to_owned(), value)),
        None => drop(parent.remove(key).unwrap()),
    }
}

/// The type of what was understood, `ignored`, or the reason for the quarantine.
pub(crate) fn verdict(body: &[u8]) -> String {
    match read(body, &expected()) {
        Ok(Message::Ignored { .. }) => "ignored".to_owned(),
        Ok(message) => message.kind().to_owned(),
        Err(Quarantined { reason, .. }) => reason.to_string(),
    }
}

/// The body that a `body` mutation of the bad-input file stands for.
pub(crate) fn mutated(mutation: &str) -> Vec<u8> {
    let text = base().to_string();
    let id = "\"id\":\"evt_test_X\"";
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1).into_bytes()
    };
    let Some(named) = mutation.strip_prefix('@') else {
        return mutation.as_bytes().to_vec();
    };
    let (name, value) = named.split_once(':').unwrap_or((named, ""));
    let json_of = |pointer: &str, value: Value| with(pointer, value).to_string().into_bytes();
    match name {
        "dupid" => replaced(id, &format!("\"id\":\"evt_test_other\",{id}")),
        "dupesc" => replaced(id, &format!("\"\\u0069d\":\"evt_test_other\",{id}")),
        "dupstatus" => {
            replaced("\"status\":\"active\"", "\"status\":\"active\",\"status\":\"rejected\"")
        }
        "bom" => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        "badutf8" => {
            let (before, after) = text.split_once("c1").unwrap();
            [before.as_bytes(), b"\xff", after.as_bytes()].concat()
        }
        "utf16" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "nul" => replaced("c1", "\\u0000"),
        "lone" => replaced("c1", "\\ud800"),
        "deep" => [vec![b'['; 30_000], vec![b']'; 30_000]].concat(),
        "created" => {
            let created_at = format!("\"createdAt\":{}", NOW_MS - 20);
            replaced(&created_at, &format!("\"createdAt\":{value}"))
        }
        "bigmeta" => json_of("/eventData/data/metadata", json!({"a": "x".repeat(40_000)})),
        "type" => json_of(TYPE, json!(value)),
        "tid" => json_of(TOKEN_ID, json!(value)),
        "evid" => json_of("/id", json!(value)),
        "test" if value.is_empty() => without("/test").to_string().into_bytes(),
        "test" => json_of("/test", serde_json::from_str(value).unwrap()),
        "ref" => json_of(REFERENCE, json!(value)),
        "refesc" => replaced("c1", value),
        "extra" => json_of("/eventData/data/more", json!({"a": [1, {"b": null}]})),
        "proto" => replaced("\"status\"", "\"__proto__\":{\"id\":1},\"constructor\":1,\"status\""),
        "notid" => without(TOKEN_ID).to_string().into_bytes(),
        other => panic!("an unknown mutation: {other}"),
    }
}
