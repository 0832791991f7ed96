//! The token object, the same in webhooks, answers and list rows.

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::ids::TokenId;
use crate::smartpay::mode::Mode;
use crate::smartpay::reason::Reason;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::Said;

/// Thirteen digits, and the product did not exist earlier.
const TIME_MS_MIN: i64 = 1_577_836_800_000; // 2020-01-01T00:00:00Z
const TIME_MS_MAX: i64 = 9_999_999_999_999;

/// What the receiver knows without the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub mode: Mode,
    pub received_at: ProviderTime,
    /// How far the provider's clock may be ahead of ours.
    pub window_ms: i64,
}

/// A token as Smartpay renders it.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenObject {
    pub token: TokenId,
    pub said: Said,
    pub updated_at: ProviderTime,
    /// Notices insist on it; a reading holds without.
    pub created_at: Option<ProviderTime>,
    pub reference: Option<Reference>,
    pub metadata: Map<String, Value>,
}

impl Expected {
    /// Whether a provider time can be true.
    pub(crate) fn admits(&self, time: ProviderTime) -> bool {
        let latest = self.received_at.millis().saturating_add(self.window_ms).min(TIME_MS_MAX);
        (TIME_MS_MIN..=latest).contains(&time.millis())
    }

    /// One that can.
    pub(crate) fn plausible(&self, value: Option<&Value>) -> Option<ProviderTime> {
        Some(ProviderTime::from_millis(value?.as_i64()?)).filter(|time| self.admits(*time))
    }
}

impl TokenObject {
    /// Fields that are not known are left alone: the vendor may add some at any time.
    pub(crate) fn read(value: &Value, expected: &Expected) -> Result<TokenObject, Reason> {
        let fields = value.as_object().ok_or(Reason::UnknownShape)?;
        object_is(fields, "token")?;
        let id = fields.get("id").and_then(Value::as_str).ok_or(Reason::TokenIdInvalid)?;
        let token = TokenId::parse(id).map_err(|_| Reason::TokenIdInvalid)?;
        if token.mode() != expected.mode || contradicts(fields.get("test"), expected.mode) {
            return Err(Reason::ModeMismatch);
        }
        let status = fields.get("status").and_then(Value::as_str).ok_or(Reason::UnknownShape)?;
        Ok(TokenObject {
            token,
            said: said(status).ok_or(Reason::UnknownStatus)?,
            updated_at: expected
                .plausible(fields.get("updatedAt"))
                .ok_or(Reason::ImplausibleTime)?,
            created_at: expected.plausible(fields.get("createdAt")),
            reference: reference(fields),
            metadata: fields
                .get("metadata")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        })
    }
}

/// A time that may lie ahead, such as that when a session expires.
pub(crate) fn dated(value: Option<&Value>) -> Option<ProviderTime> {
    let millis = value?.as_i64()?;
    (TIME_MS_MIN..=TIME_MS_MAX).contains(&millis).then(|| ProviderTime::from_millis(millis))
}

/// An object may leave out its own name, but must not have another's.
pub(crate) fn object_is(fields: &Map<String, Value>, name: &str) -> Result<(), Reason> {
    match fields.get("object") {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value == name => Ok(()),
        Some(_) => Err(Reason::UnknownShape),
    }
}

/// Whether a `test` flag is there and says the other mode.
pub(crate) fn contradicts(flag: Option<&Value>, mode: Mode) -> bool {
    flag.and_then(Value::as_bool).is_some_and(|test| test != mode.test_flag())
}

fn said(status: &str) -> Option<Said> {
    match status {
        "requires_authorization" => Some(Said::RequiresAuthorization),
        "active" => Some(Said::Active),
        "rejected" => Some(Said::Rejected),
        "disabled" => Some(Said::Disabled),
        "deleted" => Some(Said::Deleted),
        _ => None,
    }
}

/// The merchant's own text must never keep a token's history from being recorded: one that cannot
/// be kept is left out.
fn reference(fields: &Map<String, Value>) -> Option<Reference> {
    Reference::parse(fields.get("reference")?.as_str()?).ok()
}
