//! JSON that means one thing only: what two readers could take differently is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value;
use thiserror::Error;

/// Arrays and objects within each other. The vendor's bodies have four.
const DEPTH_MAX: usize = 32;

/// Why a text was refused. Nothing of the text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotStrict {
    #[error("the body is empty")]
    Empty,
    #[error("the body is not UTF-8")]
    NotUtf8,
    #[error("the body begins with a byte order mark")]
    ByteOrderMark,
    #[error("the body is not well-formed JSON")]
    Syntax,
    #[error("something follows the JSON value")]
    TrailingData,
    #[error("a key occurs twice in one object")]
    DuplicateKey,
    #[error("a text holds a NUL character")]
    Nul,
    #[error("a text holds half a surrogate pair")]
    LoneSurrogate,
    #[error("arrays and objects are nested more than {DEPTH_MAX} deep")]
    TooDeep,
    #[error("a number is out of range")]
    NumberOutOfRange,
}

/// Reads one JSON value, strictly.
pub fn read(bytes: &[u8]) -> Result<Value, NotStrict> {
    if bytes.is_empty() {
        return Err(NotStrict::Empty);
    }
    let text = str::from_utf8(bytes).map_err(|_| NotStrict::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(NotStrict::ByteOrderMark);
    }
    let found = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { found: &found, depth: 0 }
        .deserialize(&mut deserializer)
        .map_err(|error| found.take().unwrap_or_else(|| cause(&error)))?;
    deserializer.end().map_err(|_| NotStrict::TrailingData)?;
    Ok(value)
}

/// `serde_json` keeps its error codes private: their texts are all there is to tell them by. A text
/// that changes becomes `Syntax`, which is refused all the same.
fn cause(error: &serde_json::Error) -> NotStrict {
    let text = error.to_string();
    if text.starts_with("number out of range") {
        return NotStrict::NumberOutOfRange;
    }
    let surrogate = ["lone leading surrogate", "unexpected end of hex escape"];
    if surrogate.iter().any(|beginning| text.starts_with(beginning)) {
        return NotStrict::LoneSurrogate;
    }
    NotStrict::Syntax
}

/// One value at its depth. What is found wrong is left in `found`, because a deserializer's error
/// can only carry text.
#[derive(Clone, Copy)]
struct Strict<'a> {
    found: &'a Cell<Option<NotStrict>>,
    depth: usize,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, cause: NotStrict) -> E {
        self.found.set(Some(cause));
        E::custom(cause)
    }

    /// The seed for what lies inside of this value.
    fn inside<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(self.refuse(NotStrict::TooDeep));
        }
        Ok(Strict { depth: self.depth + 1, ..self })
    }

    fn check<E: serde::de::Error>(self, text: String) -> Result<String, E> {
        if text.contains('\0') {
            return Err(self.refuse(NotStrict::Nul));
        }
        Ok(text)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    #[expect(clippy::disallowed_types, reason = "fractions in fields that nobody reads")]
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| self.refuse(NotStrict::NumberOutOfRange))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Value, E> {
        self.check(text).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = self.check(key)?;
            if object.contains_key(&key) {
                return Err(self.refuse(NotStrict::DuplicateKey));
            }
            let value = entries.next_value_seed(inside)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use crate::smartpay::json::NotStrict;
    use crate::smartpay::json::read;

    #[test]
    fn what_is_ambiguous_is_refused_by_its_cause() {
        let table: &[(&[u8], NotStrict)] = &[
            (b"", NotStrict::Empty),
            (b" ", NotStrict::Syntax),
            (b"{", NotStrict::Syntax),
            (b"NaN", NotStrict::Syntax),
            (b"'a'", NotStrict::Syntax),
            (b"[1,]", NotStrict::Syntax),
            (b"01", NotStrict::Syntax),
            (b"/*x*/{}", NotStrict::Syntax),
            (b"\"\t\"", NotStrict::Syntax),
            (b"{}{}", NotStrict::TrailingData),
            (b"1 2", NotStrict::TrailingData),
            (b"\xef\xbb\xbf{}", NotStrict::ByteOrderMark),
            (b"\"\xff\"", NotStrict::NotUtf8),
            (b"\"\xed\xa0\x80\"", NotStrict::NotUtf8),
            (b"{\"a\":1,\"a\":1}", NotStrict::DuplicateKey),
            (b"{\"a\":1,\"\\u0061\":1}", NotStrict::DuplicateKey),
            (b"[[{\"b\":{\"a\":null,\"c\":0,\"a\":1}}]]", NotStrict::DuplicateKey),
            (b"\"\\u0000\"", NotStrict::Nul),
            (b"{\"a\\u0000\":1}", NotStrict::Nul),
            (b"\"\\ud800\"", NotStrict::LoneSurrogate),
            (b"\"\\udc00\"", NotStrict::LoneSurrogate),
            (b"\"\\ud800\\ud800\"", NotStrict::LoneSurrogate),
            (b"{\"\\ud800x\":1}", NotStrict::LoneSurrogate),
            (b"1e400", NotStrict::NumberOutOfRange),
            (b"-1e200000", NotStrict::NumberOutOfRange),
        ];
        for (text, cause) in table {
            assert_eq!(read(text), Err(*cause), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn depth_is_counted_and_not_recursed_into() {
        let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
        assert!(read(&nested(32)).is_ok());
        assert_eq!(read(&nested(33)), Err(NotStrict::TooDeep));
        assert_eq!(read(&nested(30_000)), Err(NotStrict::TooDeep));
        assert_eq!(read(&b"{\"a\":".repeat(30_000)), Err(NotStrict::TooDeep));
    }

    #[test]
    fn plain_json_reads_as_it_always_does() {
        let text =
            r#" {"a":[1,-2,2.5,1e3,18446744073709551615],"b":{"😀":"\ud83d\ude00"},"c":null} "#;
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(read(text.as_bytes()), Ok(expected));
    }
}
