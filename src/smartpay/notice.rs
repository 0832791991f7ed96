//! A webhook body whose MAC was right: a statement about a token, or why it is none.

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::ids::EventId;
use crate::smartpay::ids::TOKEN_ID_PREFIX;
use crate::smartpay::ids::TokenId;
use crate::smartpay::json;
use crate::smartpay::object::Expected;
use crate::smartpay::object::TokenObject;
use crate::smartpay::object::contradicts;
use crate::smartpay::object::object_is;
use crate::smartpay::reason::Reason;
use crate::token::Happened;
use crate::token::Notice;
use crate::token::ProviderTime;
use crate::token::Said;

const KIND_CHARS_MAX: usize = 64;
const USED: &str = "token.used";
/// Stands for an ignored type that cannot be printed.
const KIND_UNPRINTABLE: &str = "unprintable";

/// A body that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Something happened to a token.
    Token { event_id: EventId, token: TokenId, notice: Notice },
    /// A token was charged: evidence, not a change.
    Used {
        event_id: EventId,
        token: TokenId,
        used_at: ProviderTime,
        /// What the body says of the token, when that is not what a charged token should be.
        unusual: Option<Said>,
    },
    /// About something else than a token.
    Ignored { event_id: EventId, kind: String },
}

/// A body that was not understood, with what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    pub reason: Reason,
    pub event_id: Option<EventId>,
    pub kind: Option<String>,
    pub token: Option<TokenId>,
}

impl Message {
    pub fn event_id(&self) -> &EventId {
        match self {
            Message::Token { event_id, .. }
            | Message::Used { event_id, .. }
            | Message::Ignored { event_id, .. } => event_id,
        }
    }

    /// The vendor's word for the type of the event.
    pub fn kind(&self) -> &str {
        match self {
            Message::Token { notice, .. } => kind_of(notice.happened),
            Message::Used { .. } => USED,
            Message::Ignored { kind, .. } => kind,
        }
    }

    pub fn token(&self) -> Option<&TokenId> {
        match self {
            Message::Token { token, .. } | Message::Used { token, .. } => Some(token),
            Message::Ignored { .. } => None,
        }
    }
}

/// Reads the raw bytes of a delivery.
pub fn read(body: &[u8], expected: &Expected) -> Result<Message, Quarantined> {
    let value = json::read(body).map_err(|cause| Quarantined {
        reason: cause.into(),
        event_id: None,
        kind: None,
        token: None,
    })?;
    message(&value, expected).map_err(|reason| Quarantined {
        reason,
        event_id: value.get("id").and_then(Value::as_str).and_then(|id| EventId::parse(id).ok()),
        kind: value.pointer("/eventData/type").and_then(Value::as_str).and_then(printable),
        token: token_named(value.pointer("/eventData/data")),
    })
}

/// The vendor's word for what happened.
/// Every type of webhook about a token.
pub const KINDS: [&str; 7] = [
    "token.created",
    "token.approved",
    "token.rejected",
    "token.enabled",
    "token.disabled",
    "token.deleted",
    USED,
];

pub const fn kind_of(happened: Happened) -> &'static str {
    match happened {
        Happened::Created => "token.created",
        Happened::Approved => "token.approved",
        Happened::Rejected => "token.rejected",
        Happened::Enabled => "token.enabled",
        Happened::Disabled => "token.disabled",
        Happened::Deleted => "token.deleted",
    }
}

fn message(value: &Value, expected: &Expected) -> Result<Message, Reason> {
    let event = value.as_object().ok_or(Reason::UnknownShape)?;
    let event_data =
        event.get("eventData").and_then(Value::as_object).ok_or(Reason::UnknownShape)?;
    let kind = event_data.get("type").and_then(Value::as_str).ok_or(Reason::UnknownShape)?;
    let id = event.get("id").and_then(Value::as_str).ok_or(Reason::EventIdInvalid)?;
    let event_id = EventId::parse(id).map_err(|_| Reason::EventIdInvalid)?;
    agree_on_mode(event, &event_id, event_data.get("data"), expected)?;
    if !kind.starts_with("token.") {
        let kind = printable(kind).unwrap_or_else(|| KIND_UNPRINTABLE.to_owned());
        return Ok(Message::Ignored { event_id, kind });
    }
    let happened = happened(kind);
    if happened.is_none() && kind != USED {
        return Err(Reason::UnknownType);
    }
    object_is(event, "event")?;
    let object = TokenObject::read(event_data.get("data").ok_or(Reason::UnknownShape)?, expected)?;
    let token_created_at = object.created_at.ok_or(Reason::ImplausibleTime)?;
    let created_at = expected.plausible(event.get("createdAt")).ok_or(Reason::ImplausibleTime)?;
    let TokenObject { token, said, updated_at, reference, .. } = object;
    Ok(match happened {
        None => {
            let unusual = Some(said).filter(|said| *said != Said::Active);
            Message::Used { event_id, token, used_at: created_at, unusual }
        }
        Some(happened) => {
            let notice =
                Notice { happened, said, updated_at, created_at, token_created_at, reference };
            Message::Token { event_id, token, notice }
        }
    })
}

/// Every witness of the mode must say the same, whatever the event is about: one that does not
/// means a secret or an endpoint in the wrong place.
fn agree_on_mode(
    event: &Map<String, Value>,
    event_id: &EventId,
    data: Option<&Value>,
    expected: &Expected,
) -> Result<(), Reason> {
    let flag = event.get("test").and_then(Value::as_bool).ok_or(Reason::UnknownShape)?;
    let agreed = flag == expected.mode.test_flag()
        && event_id.mode() == expected.mode
        && token_named(data).is_none_or(|token| token.mode() == expected.mode)
        && !contradicts(data.and_then(|data| data.get("test")), expected.mode);
    agreed.then_some(()).ok_or(Reason::ModeMismatch)
}

fn token_named(data: Option<&Value>) -> Option<TokenId> {
    TokenId::parse(data?.get("id")?.as_str()?).ok()
}

fn happened(kind: &str) -> Option<Happened> {
    let all = [
        Happened::Created,
        Happened::Approved,
        Happened::Rejected,
        Happened::Enabled,
        Happened::Disabled,
        Happened::Deleted,
    ];
    all.into_iter().find(|happened| kind_of(*happened) == kind)
}

/// A type is kept in clear, so that only what looks like one is kept.
fn printable(kind: &str) -> Option<String> {
    let fits = (1..=KIND_CHARS_MAX).contains(&kind.len());
    let plain =
        kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'));
    (fits && plain && !kind.contains(TOKEN_ID_PREFIX)).then(|| kind.to_owned())
}
