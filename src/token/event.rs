//! The six events: what the ledger holds to have happened to a token.
//!
//! The stored payload is `serde_json::to_string(&event)`. Its fields stand in the order of the
//! declarations below, after `type`, and those at their default are left out. That text is hashed
//! and decodes for ever: a change of shape is a new version with an upcaster and a golden file.

use std::fmt;

use cqrs_es::DomainEvent;
use serde::Deserialize;
use serde::Serialize;

use crate::token::names::Consumer;
use crate::token::names::Reference;
use crate::token::names::SessionId;
use crate::token::time::ProviderTime;

/// The version that this build writes, of all six events.
pub const EVENT_VERSION: &str = "1";

/// The number of an event within its token; the first is 1.
pub type Sequence = u64;

/// Orders statements of one millisecond: only a fresh reading opens a new round.
pub type Round = u32;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Event {
    SessionCreated {
        at: ProviderTime,
        basis: Basis,
        #[serde(default, skip_serializing_if = "is_default")]
        session: Option<SessionId>,
        #[serde(default, skip_serializing_if = "is_default")]
        consumer: Option<Consumer>,
        #[serde(default, skip_serializing_if = "is_default")]
        reference: Option<Reference>,
    },
    Activated {
        at: ProviderTime,
        basis: Basis,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Round,
        #[serde(default, skip_serializing_if = "is_default")]
        undated: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        refutes: Option<Sequence>,
    },
    Canceled {
        at: ProviderTime,
        basis: Basis,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Round,
        #[serde(default, skip_serializing_if = "is_default")]
        undated: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        refutes: Option<Sequence>,
        reason: CancelReason,
    },
    Disabled {
        at: ProviderTime,
        basis: Basis,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Round,
        #[serde(default, skip_serializing_if = "is_default")]
        undated: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        refutes: Option<Sequence>,
    },
    Enabled {
        at: ProviderTime,
        basis: Basis,
        #[serde(default, skip_serializing_if = "is_default")]
        round: Round,
        #[serde(default, skip_serializing_if = "is_default")]
        undated: bool,
        #[serde(default, skip_serializing_if = "is_default")]
        refutes: Option<Sequence>,
    },
    Deleted {
        at: ProviderTime,
        basis: Basis,
        #[serde(default, skip_serializing_if = "is_default")]
        undated: bool,
        /// Its own sequence, when it follows from a 404: what a later reading refutes.
        #[serde(default, skip_serializing_if = "is_default")]
        absence: Option<Sequence>,
    },
}

/// What an event rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// A webhook said that it happened.
    Notice,
    /// The token object within a webhook of another type said that it is so.
    Body,
    /// A token object in a response, or the read-back of our own deletion.
    Reading,
    /// A 404.
    Absence,
    /// Our own conclusion.
    Observed,
    /// Our own knowledge.
    Claim,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The shopper came back without having approved: our conclusion.
    Shopper,
    /// Smartpay said so.
    Rejected,
    /// The session ran out: our conclusion.
    Expired,
}

/// The name of an event without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    SessionCreated,
    Activated,
    Canceled,
    Disabled,
    Enabled,
    Deleted,
}

impl Event {
    pub const fn at(&self) -> ProviderTime {
        match self {
            Self::SessionCreated { at, .. }
            | Self::Activated { at, .. }
            | Self::Canceled { at, .. }
            | Self::Disabled { at, .. }
            | Self::Enabled { at, .. }
            | Self::Deleted { at, .. } => *at,
        }
    }

    pub const fn basis(&self) -> Basis {
        match self {
            Self::SessionCreated { basis, .. }
            | Self::Activated { basis, .. }
            | Self::Canceled { basis, .. }
            | Self::Disabled { basis, .. }
            | Self::Enabled { basis, .. }
            | Self::Deleted { basis, .. } => *basis,
        }
    }

    /// A deletion that nothing refutes.
    pub(crate) const fn is_definite_deletion(&self) -> bool {
        match self {
            Self::Deleted { basis, .. } => !matches!(basis, Basis::Absence),
            Self::SessionCreated { .. }
            | Self::Activated { .. }
            | Self::Canceled { .. }
            | Self::Disabled { .. }
            | Self::Enabled { .. } => false,
        }
    }

    pub const fn kind(&self) -> EventKind {
        match self {
            Self::SessionCreated { .. } => EventKind::SessionCreated,
            Self::Activated { .. } => EventKind::Activated,
            Self::Canceled { .. } => EventKind::Canceled,
            Self::Disabled { .. } => EventKind::Disabled,
            Self::Enabled { .. } => EventKind::Enabled,
            Self::Deleted { .. } => EventKind::Deleted,
        }
    }
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        self.kind().as_str().to_owned()
    }

    fn event_version(&self) -> String {
        EVENT_VERSION.to_owned()
    }
}

impl Basis {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Body => "body",
            Self::Reading => "reading",
            Self::Absence => "absence",
            Self::Observed => "observed",
            Self::Claim => "claim",
        }
    }
}

impl CancelReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }
}

impl EventKind {
    pub const ALL: [Self; 6] = [
        Self::SessionCreated,
        Self::Activated,
        Self::Canceled,
        Self::Disabled,
        Self::Enabled,
        Self::Deleted,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionCreated => "SessionCreated",
            Self::Activated => "Activated",
            Self::Canceled => "Canceled",
            Self::Disabled => "Disabled",
            Self::Enabled => "Enabled",
            Self::Deleted => "Deleted",
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
