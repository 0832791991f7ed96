//! The name of a request, under which Smartpay recognises it again.

use thiserror::Error;

/// The SDKs send 15 to 36 characters; what Smartpay takes at most is unknown.
const CHARS_MAX: usize = 64;

/// `Idempotency-Key`: the same for every try of a command, also after a restart. Smartpay keeps it
/// for six hours (documented).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an idempotency key is 1 to {CHARS_MAX} letters, digits and hyphens")]
pub struct NotAnIdempotencyKey;

impl IdempotencyKey {
    pub fn parse(text: &str) -> Result<IdempotencyKey, NotAnIdempotencyKey> {
        let fits = (1..=CHARS_MAX).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(NotAnIdempotencyKey);
        }
        Ok(IdempotencyKey(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
