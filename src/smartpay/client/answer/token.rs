//! Tokens: one, and pages of them.

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::client::answer::Received;
use crate::smartpay::client::answer::page;
use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::client::paging::Page;
use crate::smartpay::client::paging::PageToken;
use crate::smartpay::ids::TokenId;
use crate::smartpay::object::Expected;
use crate::smartpay::object::TokenObject;

/// The answer to the question for a token.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenAnswer {
    Found(TokenObject),
    /// 404 with `token.not-found`, and no other 404. The wrong mode looks the same (documented).
    NotFound,
}

/// Reads the answer to `get_token`.
pub fn token(
    received: Received<'_>,
    asked: &TokenId,
    expected: &Expected,
) -> Result<TokenAnswer, Wrong> {
    let fields = match received.object() {
        Err(Wrong::Error(error)) if error.says_token_not_found() => {
            return Ok(TokenAnswer::NotFound);
        }
        fields => fields?,
    };
    let object = read(&Value::Object(fields), expected)?;
    if object.token == *asked { Ok(TokenAnswer::Found(object)) } else { Err(Wrong::WrongId) }
}

/// Reads the answer to `list_tokens`.
pub fn tokens(
    received: Received<'_>,
    asked: Option<&PageToken>,
    expected: &Expected,
) -> Result<Page<TokenObject>, Wrong> {
    page::read(received, asked, |row| read(row, expected))
}

/// A row of the list as it came, and what it says.
#[derive(Debug)]
pub struct Listed {
    /// None where the row names no token of this mode.
    pub token: Option<TokenId>,
    pub body: Vec<u8>,
    pub object: Result<TokenObject, Wrong>,
}

/// The same with the bytes of each row, for those who keep them.
pub fn listed_tokens(
    received: Received<'_>,
    asked: Option<&PageToken>,
    expected: &Expected,
) -> Result<Page<Listed>, Wrong> {
    page::read(received, asked, |row| {
        let id = row.get("id").and_then(Value::as_str).and_then(|id| TokenId::parse(id).ok());
        let token = id.filter(|id| id.mode() == expected.mode);
        Ok(Listed { token, body: row.to_string().into_bytes(), object: read(row, expected) })
    })
}

/// A token object, with a name of its own for the one without an id.
pub(super) fn read(value: &Value, expected: &Expected) -> Result<TokenObject, Wrong> {
    let nameless = |fields: &Map<String, Value>| fields.get("id").is_none_or(Value::is_null);
    if value.as_object().is_some_and(nameless) {
        return Err(Wrong::Missing("id"));
    }
    TokenObject::read(value, expected).map_err(Wrong::from)
}
