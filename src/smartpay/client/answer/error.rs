//! Errors as Smartpay answers them: `{statusCode, errorCode, message, details}`, and the odd 401,
//! `{statusCode, scheme, realm}` (both from the SDKs).

use std::fmt;

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::client::answer::Received;
use crate::smartpay::client::answer::fields;
use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::ids::TOKEN_ID_PREFIX;

const CODE_CHARS_MAX: usize = 64;
const UNAUTHORIZED: u16 = 401;
const NOT_FOUND: u16 = 404;
const TOKEN_NOT_FOUND: &str = "token.not-found";

/// An error in Smartpay's own form. Its message and details stay in the kept bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorAnswer {
    pub status: u16,
    pub code: ErrorCode,
}

/// `token.not-found`, `request.invalid` and their like: can be shown and passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorCode(String);

impl ErrorAnswer {
    /// Smartpay itself says that there is no such token: unlike the 404 of a proxy, or of another
    /// object.
    pub fn says_token_not_found(&self) -> bool {
        self.status == NOT_FOUND && self.code.as_str() == TOKEN_NOT_FOUND
    }
}

impl ErrorCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<ErrorCode> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let fits = (1..=CODE_CHARS_MAX).contains(&text.len()) && text.bytes().all(plain);
        let tells_id = text.contains(TOKEN_ID_PREFIX);
        (fits && !tells_id).then(|| ErrorCode(text.to_owned()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ErrorAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)
    }
}

/// What an answer with an error's status is.
pub(super) fn read(received: Received<'_>) -> Wrong {
    let value = match received.json() {
        Ok(value) => value,
        Err(wrong) => return wrong,
    };
    match value.as_object() {
        Some(fields) => of_object(received.status, fields),
        None => Wrong::NotAnObject,
    }
}

fn of_object(status: u16, fields: &Map<String, Value>) -> Wrong {
    match fields.get("statusCode") {
        None | Some(Value::Null) => return Wrong::Missing("statusCode"),
        // An error that says another status than the answer's is nobody's to interpret.
        Some(stated) if stated.as_u64() != Some(u64::from(status)) => {
            return Wrong::Shape("statusCode");
        }
        Some(_) => {}
    }
    match fields::optional_text(fields, "errorCode") {
        Ok(Some(text)) => ErrorCode::parse(text)
            .map_or(Wrong::Shape("errorCode"), |code| Wrong::Error(ErrorAnswer { status, code })),
        Ok(None) if status == UNAUTHORIZED && fields.contains_key("scheme") => Wrong::KeyRefused,
        Ok(None) => Wrong::Missing("errorCode"),
        Err(wrong) => wrong,
    }
}
