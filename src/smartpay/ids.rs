//! Token ids, which are secrets that can be charged, and ids of events and webhook endpoints, which
//! are not.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::smartpay::mode::Mode;

const TOKEN_BODY_CHARS_MAX: usize = 48;
const EVENT_BODY_CHARS_MAX: usize = 128;
const ENDPOINT_BODY_CHARS_MAX: usize = 64;
/// Below this many characters two shown ones would give too much of a body away.
const MASKED_BODY_CHARS_MIN: usize = 8;
const MASKED_CHARS_SHOWN: usize = 2;

/// What every token id begins with. Text that contains it is never stored or shown in clear.
pub const TOKEN_ID_PREFIX: &str = "paytok_";

/// A Smartpay token id. It has no `Display`, and its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId {
    mode: Mode,
    text: String,
}

/// An id of a webhook event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct EventId {
    mode: Mode,
    text: String,
}

/// An id of a webhook endpoint at Smartpay, which its deliveries name as their subscription.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId {
    mode: Mode,
    text: String,
}

/// A text that is no token id. It is not repeated: it may be almost one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a token id is paytok_test_ or paytok_live_ followed by 1 to {TOKEN_BODY_CHARS_MAX} letters and digits"
)]
pub struct NotATokenId;

/// A text that is no event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "an event id is evt_test_ or evt_live_ followed by 1 to {EVENT_BODY_CHARS_MAX} visible ASCII characters and holds no token id"
)]
pub struct NotAnEventId;

/// A text that is no id of a webhook endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the id of a webhook endpoint is webhookendpoint_test_ or webhookendpoint_live_ followed by 1 to {ENDPOINT_BODY_CHARS_MAX} letters and digits"
)]
pub struct NotAnEndpointId;

impl TokenId {
    pub fn parse(text: &str) -> Result<TokenId, NotATokenId> {
        let (mode, body) = Mode::split(text, TOKEN_ID_PREFIX).ok_or(NotATokenId)?;
        let fits = (1..=TOKEN_BODY_CHARS_MAX).contains(&body.len());
        if !fits || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotATokenId);
        }
        Ok(TokenId { mode, text: text.to_owned() })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The id itself: for the vault and for calls to Smartpay, never for an output.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Enough to recognise an id by, not enough to charge it.
    pub fn masked(&self) -> String {
        let prefix = format!("{TOKEN_ID_PREFIX}{}_", self.mode);
        let body = self.text.strip_prefix(&prefix).unwrap_or_default();
        if body.len() < MASKED_BODY_CHARS_MIN {
            return format!("{prefix}…");
        }
        let end = body.get(body.len() - MASKED_CHARS_SHOWN..).unwrap_or_default();
        format!("{prefix}…{end}")
    }
}

impl EventId {
    pub fn parse(text: &str) -> Result<EventId, NotAnEventId> {
        let (mode, body) = Mode::split(text, "evt_").ok_or(NotAnEventId)?;
        let fits = (1..=EVENT_BODY_CHARS_MAX).contains(&body.len());
        let printable = body.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits || !printable || body.contains(TOKEN_ID_PREFIX) {
            return Err(NotAnEventId);
        }
        Ok(EventId { mode, text: text.to_owned() })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl EndpointId {
    pub fn parse(text: &str) -> Result<EndpointId, NotAnEndpointId> {
        let (mode, body) = Mode::split(text, "webhookendpoint_").ok_or(NotAnEndpointId)?;
        let fits = (1..=ENDPOINT_BODY_CHARS_MAX).contains(&body.len());
        if !fits || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotAnEndpointId);
        }
        Ok(EndpointId { mode, text: text.to_owned() })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenId({}, redacted)", self.mode)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> String {
        id.text
    }
}

#[cfg(test)]
mod tests {
    use crate::smartpay::ids::EndpointId;
    use crate::smartpay::ids::EventId;
    use crate::smartpay::ids::TokenId;

    #[test]
    fn a_token_id_has_one_form() {
        assert!(TokenId::parse("paytok_test_a").is_ok());
        assert!(TokenId::parse(&format!("paytok_live_{}", "z".repeat(48))).is_ok());
        for bad in [
            "",
            "paytok_test_",
            "paytok_prod_a",
            "PAYTOK_test_a",
            "paytok_test_a_",
            "paytok_test_é",
        ] {
            assert!(TokenId::parse(bad).is_err(), "{bad}");
        }
        assert!(TokenId::parse(&format!("paytok_live_{}", "z".repeat(49))).is_err());
        assert!(TokenId::parse("paytok_test_a\n").is_err());
        assert!(TokenId::parse(" paytok_test_a").is_err());
    }

    #[test]
    fn a_masked_id_shows_two_characters_of_a_long_body_and_none_of_a_short_one() {
        let long = TokenId::parse("paytok_test_zAo001ZRfyjz1F4rMyYPnL").unwrap();
        assert_eq!(long.masked(), "paytok_test_…nL");
        assert_eq!(TokenId::parse("paytok_live_1234567").unwrap().masked(), "paytok_live_…");
        assert_eq!(TokenId::parse("paytok_live_12345678").unwrap().masked(), "paytok_live_…78");
    }

    #[test]
    fn an_event_id_is_printable_and_hides_no_token_id() {
        assert_eq!(EventId::parse("evt_test_a-b.c").unwrap().to_string(), "evt_test_a-b.c");
        assert!(EventId::parse(&format!("evt_live_{}", "z".repeat(128))).is_ok());
        assert!(EventId::parse(&format!("evt_live_{}", "z".repeat(129))).is_err());
        for bad in
            ["evt_test_", "evt_test_a b", "evt_test_\u{7f}", "evt_x_a", "evt_test_paytok_test_a"]
        {
            assert!(EventId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_id_is_one_segment_of_a_path() {
        let id = EndpointId::parse("webhookendpoint_live_9aZ").unwrap();
        assert_eq!((id.mode().as_str(), id.as_str()), ("live", "webhookendpoint_live_9aZ"));
        for bad in ["", "webhookendpoint_test_", "webhookendpoint_x_a", "webhookendpoint_test_a/b"]
        {
            assert!(EndpointId::parse(bad).is_err(), "{bad}");
        }
    }
}
