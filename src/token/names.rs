//! Names that come from outside and stand in events: sessions, consumers, references.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

const CONSUMER_CHARS_MAX: usize = 128;
const REFERENCE_CHARS_MAX: usize = 255;
const SESSION_TAIL_CHARS_MAX: usize = 128;
/// How every Smartpay token id begins. It can charge, so it must never stand in clear.
const TOKEN_ID_MARK: &str = "paytok_";

/// Smartpay's checkout session id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct SessionId(String);

/// The merchant's own id of a shopper: opaque, pseudonymous, compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Consumer(String);

/// The merchant's own reference of a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Reference(String);

/// Why a text is not such a name. Never repeats the text: it may hold a token id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("it is empty, give at least one character")]
    Empty,
    #[error("it is longer than {0} characters, shorten it")]
    TooLong(usize),
    #[error("it holds a character that is not allowed here, remove control characters")]
    Character,
    #[error("it holds a Smartpay token id, give an id of your own")]
    TokenId,
    #[error("a session id begins with checkout_test_ or checkout_live_")]
    NotASession,
}

impl SessionId {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let tail = text
            .strip_prefix("checkout_test_")
            .or_else(|| text.strip_prefix("checkout_live_"))
            .ok_or(NameError::NotASession)?;
        if tail.is_empty() {
            return Err(NameError::Empty);
        }
        check(tail, SESSION_TAIL_CHARS_MAX, |c| c.is_ascii_graphic())?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Consumer {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        check(text, CONSUMER_CHARS_MAX, |c| !c.is_control())?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Reference {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        check(text, REFERENCE_CHARS_MAX, |c| c != '\0')?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for Consumer {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl TryFrom<String> for Reference {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(text: &str, chars_max: usize, allowed: fn(char) -> bool) -> Result<(), NameError> {
    if text.chars().count() > chars_max {
        Err(NameError::TooLong(chars_max))
    } else if !text.chars().all(allowed) {
        Err(NameError::Character)
    } else if text.contains(TOKEN_ID_MARK) {
        Err(NameError::TokenId)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::token::names::Consumer;
    use crate::token::names::NameError;
    use crate::token::names::Reference;
    use crate::token::names::SessionId;

    #[test]
    fn a_consumer_has_1_to_128_characters_and_no_controls() {
        assert!(Consumer::parse("C-1").is_ok());
        assert!(Consumer::parse(&"客".repeat(128)).is_ok());
        assert_eq!(Consumer::parse(""), Err(NameError::Empty));
        assert_eq!(Consumer::parse(&"客".repeat(129)), Err(NameError::TooLong(128)));
        assert_eq!(Consumer::parse("a\tb"), Err(NameError::Character));
    }

    #[test]
    fn a_token_id_is_no_name() {
        assert_eq!(Consumer::parse("x paytok_test_abc"), Err(NameError::TokenId));
        assert_eq!(Reference::parse("paytok_live_abc"), Err(NameError::TokenId));
        assert_eq!(SessionId::parse("checkout_test_paytok_test_a"), Err(NameError::TokenId));
    }

    #[test]
    fn a_session_has_a_mode_and_a_visible_tail() {
        assert!(SessionId::parse("checkout_live_9a.B").is_ok());
        assert_eq!(SessionId::parse("checkout_prod_9a"), Err(NameError::NotASession));
        assert_eq!(SessionId::parse("checkout_test_"), Err(NameError::Empty));
        assert_eq!(SessionId::parse("checkout_test_a b"), Err(NameError::Character));
    }

    #[test]
    fn a_reference_has_no_nul_and_at_most_255_characters() {
        assert!(Reference::parse(&"r".repeat(255)).is_ok());
        assert_eq!(Reference::parse(&"r".repeat(256)), Err(NameError::TooLong(255)));
        assert_eq!(Reference::parse("r\0"), Err(NameError::Character));
    }

    #[test]
    fn stored_names_are_checked_as_strictly() {
        assert!(serde_json::from_str::<Consumer>("\"\"").is_err());
        assert!(serde_json::from_str::<SessionId>("\"s1\"").is_err());
        assert!(serde_json::from_str::<Reference>("\"paytok_test_abc\"").is_err());
    }
}
