//! Intents: what we are about to ask of Smartpay, kept before it is asked.
//!
//! An intent ends with the answer that settles it, in the answer's own transaction. Until then it is
//! open: after a crash somebody takes it up again, with the same idempotency key, which is its id.

mod kept;
mod open;
mod settle;

pub use kept::NewIntent;
pub use kept::destroy_requests;
pub use kept::detach;
pub use kept::find;
pub use kept::insert;
pub use kept::of_request;
pub use open::Unfinished;
pub use open::changing;
pub use open::defer;
pub use open::due;
pub use open::give_up;
pub use open::lease;
pub use open::mark_sent;
pub use open::unfinished;
pub use settle::canceled;
pub use settle::checked;
pub use settle::end;

pub(crate) use settle::SessionRow;
pub(crate) use settle::Settled;
pub(crate) use settle::settle;

use std::fmt;
use std::str::FromStr;

use chrono::DateTime;
use chrono::Utc;
use rand::RngExt;
use rand::distr::Alphanumeric;

use crate::smartpay::client::IdempotencyKey;
use crate::token::Consumer;
use crate::token::Reference;
use crate::token::Said;
use crate::vault::Ref;
use crate::vault::Salt;

const PREFIX: &str = "int_";
const BODY_CHARS: usize = 22;

/// `int_` and 22 letters and digits: 128 random bits. Without its prefix the idempotency key at Smartpay, and what
/// a session's metadata name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(String);

/// What is asked of Smartpay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentKind {
    CreateSession,
    Disable,
    Enable,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IntentState {
    /// It may have had its effect, or not yet.
    Open,
    /// Done, and seen to be done.
    Settled,
    /// Done perhaps, but Smartpay shows something newer.
    Overtaken,
    /// Smartpay refused it; nothing changed.
    Refused,
    /// It never reached Smartpay.
    NotCreated,
    /// It could not be found out. It is looked at again now and then.
    Unresolved,
}

/// One intent as it stands.
#[derive(Clone, Debug)]
pub struct Intent {
    pub id: IntentId,
    pub kind: IntentKind,
    /// The token; of a session, once it is known.
    pub reference: Option<Ref>,
    /// Of a session: whose it will be, and the merchant's own number.
    pub consumer: Option<Consumer>,
    pub merchant_reference: Option<Reference>,
    pub state: IntentState,
    /// Smartpay's own word for its refusal.
    pub error_code: Option<String>,
    pub actor: String,
    pub reason: Option<String>,
    pub salt: Salt,
    pub sealed_request: Option<Vec<u8>>,
    /// Where the shopper goes.
    pub sealed_page: Option<Vec<u8>>,
    /// A call may have gone out.
    pub sent: bool,
    pub tries: i32,
    /// What Smartpay dates no later is from before the command: the newest that was known of the
    /// token then, or what is certainly older.
    pub known_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
    pub session: Option<String>,
    /// When the shopper came back by way of the cancel URL.
    pub canceled_at: Option<DateTime<Utc>>,
}

impl IntentId {
    pub fn random() -> Self {
        let mut rng = rand::rng();
        let body: String = (0..BODY_CHARS).map(|_| char::from(rng.sample(Alphanumeric))).collect();
        Self(format!("{PREFIX}{body}"))
    }

    /// None if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        let fits = body.len() == BODY_CHARS && body.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn idempotency_key(&self) -> IdempotencyKey {
        let body = self.0.strip_prefix(PREFIX).expect("every id has it");
        IdempotencyKey::parse(body).expect("22 letters and digits")
    }
}

impl IntentKind {
    pub const ALL: [Self; 4] = [Self::CreateSession, Self::Disable, Self::Enable, Self::Delete];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateSession => "create_session",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Delete => "delete",
        }
    }

    /// What a token is when it is done.
    pub const fn wants(self) -> Option<Said> {
        match self {
            Self::CreateSession => None,
            Self::Disable => Some(Said::Disabled),
            Self::Enable => Some(Said::Active),
            Self::Delete => Some(Said::Deleted),
        }
    }
}

impl IntentState {
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Settled,
        Self::Overtaken,
        Self::Refused,
        Self::NotCreated,
        Self::Unresolved,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Overtaken => "overtaken",
            Self::Refused => "refused",
            Self::NotCreated => "not_created",
            Self::Unresolved => "unresolved",
        }
    }

    /// Nothing more will come of it.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Open | Self::Unresolved => false,
            Self::Settled | Self::Overtaken | Self::Refused | Self::NotCreated => true,
        }
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word that is none of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such {0} of an intent")]
pub struct UnknownWord(&'static str);

impl FromStr for IntentKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownWord("kind"))
    }
}

impl FromStr for IntentState {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownWord("state"))
    }
}
