//! Fields of an object: each is taken as what it must be, or named as wrong.

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::mode::Mode;
use crate::smartpay::object;

type Fields = Map<String, Value>;

/// A text that must be there.
pub(super) fn text<'a>(fields: &'a Fields, name: &'static str) -> Result<&'a str, Wrong> {
    optional_text(fields, name)?.ok_or(Wrong::Missing(name))
}

/// `null` is as good as nothing: two SDKs send it so.
pub(super) fn optional_text<'a>(
    fields: &'a Fields,
    name: &'static str,
) -> Result<Option<&'a str>, Wrong> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(Wrong::Shape(name)),
    }
}

pub(super) fn list<'a>(fields: &'a Fields, name: &'static str) -> Result<&'a [Value], Wrong> {
    match fields.get(name) {
        None | Some(Value::Null) => Err(Wrong::Missing(name)),
        Some(value) => value.as_array().map(Vec::as_slice).ok_or(Wrong::Shape(name)),
    }
}

/// Merchant's own pairs; without them the object is as good.
pub(super) fn metadata(fields: &Fields) -> Fields {
    fields.get("metadata").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// An object says what it is, or leaves it out; and it is of the mode.
pub(super) fn of_kind(fields: &Fields, name: &str, mode: Mode) -> Result<(), Wrong> {
    object::object_is(fields, name).map_err(|_| Wrong::Shape("object"))?;
    if object::contradicts(fields.get("test"), mode) { Err(Wrong::WrongMode) } else { Ok(()) }
}
