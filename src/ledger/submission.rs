//! What comes to the door, and what the door answers.

use chrono::DateTime;
use chrono::Utc;
use thiserror::Error;

use crate::journal::Position;
use crate::ledger::Answered;
use crate::ledger::Claimed;
use crate::ledger::Reprocessing;
use crate::smartpay::EventId;
use crate::smartpay::Reason;
use crate::smartpay::TokenId;
use crate::smartpay::keys::KeyVariant;
use crate::smartpay::notice::Quarantined;
use crate::token::Notice;
use crate::token::ProviderTime;
use crate::vault::Ref;

/// One change that asks to be recorded.
#[derive(Clone, Debug)]
pub enum Submission {
    Delivery(Delivery),
    Claim(Claimed),
    Reprocess(Reprocessing),
    Answered(Answered),
}

/// A webhook request with a valid MAC. Its identity is (endpoint, digest of the body).
#[derive(Clone, Debug)]
pub struct Delivery {
    pub endpoint: String,
    pub body: Vec<u8>,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    pub received_at: DateTime<Utc>,
    pub signature: String,
    pub signature_timestamp: String,
    pub key_variant: KeyVariant,
    pub secret_fingerprint: String,
    pub content: Content,
}

/// What a delivery's body says.
#[derive(Clone, Debug)]
pub enum Content {
    Notice {
        event_id: EventId,
        kind: String,
        token: Identified,
        notice: Notice,
    },
    /// A charge made with the token: evidence, not an event.
    Used {
        event_id: EventId,
        kind: String,
        token: Identified,
        used_at: ProviderTime,
    },
    Ignored {
        event_id: EventId,
        kind: String,
    },
    Quarantined {
        quarantined: Quarantined,
        token: Option<Identified>,
    },
}

/// A token id beside the ref computed from it.
#[derive(Clone, Debug)]
pub struct Identified {
    pub id: TokenId,
    pub reference: Ref,
}

impl Content {
    pub fn event_id(&self) -> Option<&EventId> {
        match self {
            Self::Notice { event_id, .. }
            | Self::Used { event_id, .. }
            | Self::Ignored { event_id, .. } => Some(event_id),
            Self::Quarantined { quarantined, .. } => quarantined.event_id.as_ref(),
        }
    }

    /// The type as the body names it.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Notice { kind, .. } | Self::Used { kind, .. } | Self::Ignored { kind, .. } => {
                Some(kind)
            }
            Self::Quarantined { quarantined, .. } => quarantined.kind.as_deref(),
        }
    }

    pub fn token(&self) -> Option<&Identified> {
        match self {
            Self::Notice { token, .. } | Self::Used { token, .. } => Some(token),
            Self::Quarantined { token, .. } => token.as_ref(),
            Self::Ignored { .. } => None,
        }
    }
}

impl Delivery {
    /// The same delivery when nothing but its bytes can be kept.
    pub(crate) fn into_bytes(self) -> Self {
        let quarantined =
            Quarantined { reason: Reason::Internal, event_id: None, kind: None, token: None };
        Self { content: Content::Quarantined { quarantined, token: None }, ..self }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It changed the record.
    Applied,
    /// It agrees with what the record holds.
    Witness,
    /// Kept; of a type that does not concern tokens.
    Ignored,
    /// Kept; could not be understood or trusted.
    Quarantined,
}

impl Verdict {
    pub const ALL: [Self; 4] = [Self::Applied, Self::Witness, Self::Ignored, Self::Quarantined];

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Witness => "witness",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What was durably recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of the input.
    pub input: i64,
    pub verdict: Verdict,
    /// Why it was quarantined; of an imported line that came again, whether it no longer holds.
    pub reason: Option<&'static str>,
    /// The event that this input brought about or agrees with.
    pub position: Option<Position>,
    /// The ledger's position in the same transaction.
    pub as_of: Position,
    /// Equal bytes, or a line that says the same, were there already.
    pub copy: bool,
}

/// Why nothing was recorded. The sender shall try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    #[error("too many submissions are waiting")]
    Full,
    #[error("the database could not record it now")]
    Unavailable,
    #[error("the service is shutting down")]
    Closed,
}
