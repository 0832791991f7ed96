//! Strict JSON: exactly what `serde_json` takes, less what two readers could take differently.

use serde_json::Value;
use tokenledger::smartpay::json::NotStrict;
use tokenledger::smartpay::json::read;

/// As the reader has it, but said once more.
const DEPTH_MAX: usize = 32;

/// What the text itself says, without a parser: only meant for text that is well-formed.
#[derive(Debug, Default)]
struct Scan {
    /// Members of all objects, counted by their colons.
    members: usize,
    depth: usize,
}

/// Panics where the reader and its second formulation differ.
pub fn holds(bytes: &[u8]) {
    let strict = read(bytes);
    let plain: Result<Value, serde_json::Error> = serde_json::from_slice(bytes);
    match (&strict, &plain) {
        (Ok(value), Ok(meaning)) => {
            assert_eq!(value, meaning, "another meaning");
            assert_eq!(ambiguity(bytes, meaning), None, "ambiguous, but taken");
            if !holds_a_fraction(value) {
                assert_eq!(read(value.to_string().as_bytes()).as_ref(), Ok(value), "printed");
            }
        }
        (Ok(_), Err(error)) => panic!("no JSON, but taken: {error}"),
        (Err(cause), Ok(meaning)) => {
            assert!(ambiguity(bytes, meaning).is_some(), "refused without a reason: {cause}");
        }
        (Err(cause), Err(_)) => assert!(!cause.to_string().is_empty()),
    }
}

/// Why well-formed text must be refused, if it must. One text may have several reasons; which of
/// them is named depends on which comes first.
fn ambiguity(bytes: &[u8], meaning: &Value) -> Option<NotStrict> {
    let scan = scan(bytes);
    if scan.depth > DEPTH_MAX {
        return Some(NotStrict::TooDeep);
    }
    // Of two equal keys the plain reader keeps one.
    if scan.members > members(meaning) {
        return Some(NotStrict::DuplicateKey);
    }
    holds_nul(meaning).then_some(NotStrict::Nul)
}

fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan::default();
    let (mut open, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'[' | b'{' => {
                open += 1;
                scan.depth = scan.depth.max(open);
            }
            b']' | b'}' => open -= 1,
            b':' => scan.members += 1,
            _ => {}
        }
    }
    scan
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.len() + fields.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value))
        }
        Value::Array(items) => items.iter().any(holds_nul),
        Value::String(text) => text.contains('\0'),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A fraction may change in its last digit when it is printed and read, and nobody reads one.
fn holds_a_fraction(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.values().any(holds_a_fraction),
        Value::Array(items) => items.iter().any(holds_a_fraction),
        Value::Number(number) => number.is_f64(),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
