//! What a token is: in the ledger's words, in Smartpay's, and whether it can be charged.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

/// The status that follows from a token's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    AwaitingAuthorization,
    Active,
    Disabled,
    Rejected,
    Canceled,
    Deleted,
    /// The ledger holds nothing about it.
    Unknown,
}

/// The status in a token object of Smartpay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    RequiresAuthorization,
    Active,
    Rejected,
    Disabled,
    Deleted,
}

/// Can this token be charged now, by what the provider last said?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usability {
    Usable,
    Unusable(UnusableReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnusableReason {
    AwaitingAuthorization,
    Disabled,
    Rejected,
    Canceled,
    Deleted,
    /// A disable or a delete of ours is open or unresolved. No fold gives it: intents do.
    ChangeInFlight,
    Unknown,
}

/// A word that is none of the closed list. Does not repeat it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no {0}")]
pub struct NotInList(pub &'static str);

impl Status {
    pub const ALL: [Self; 7] = [
        Self::AwaitingAuthorization,
        Self::Active,
        Self::Disabled,
        Self::Rejected,
        Self::Canceled,
        Self::Deleted,
        Self::Unknown,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAuthorization => "awaiting_authorization",
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Rejected => "rejected",
            Self::Canceled => "canceled",
            Self::Deleted => "deleted",
            Self::Unknown => "unknown",
        }
    }

    pub const fn usability(self) -> Usability {
        match self {
            Self::AwaitingAuthorization => {
                Usability::Unusable(UnusableReason::AwaitingAuthorization)
            }
            Self::Active => Usability::Usable,
            Self::Disabled => Usability::Unusable(UnusableReason::Disabled),
            Self::Rejected => Usability::Unusable(UnusableReason::Rejected),
            Self::Canceled => Usability::Unusable(UnusableReason::Canceled),
            Self::Deleted => Usability::Unusable(UnusableReason::Deleted),
            Self::Unknown => Usability::Unusable(UnusableReason::Unknown),
        }
    }
}

impl Said {
    pub const ALL: [Self; 5] =
        [Self::RequiresAuthorization, Self::Active, Self::Rejected, Self::Disabled, Self::Deleted];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresAuthorization => "requires_authorization",
            Self::Active => "active",
            Self::Rejected => "rejected",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// Whether this is what the ledger already believes. Our own cancellations are no news to
    /// Smartpay, which goes on saying `requires_authorization`.
    pub(crate) const fn agrees_with(self, status: Status) -> bool {
        match self {
            Self::RequiresAuthorization => {
                matches!(status, Status::AwaitingAuthorization | Status::Canceled | Status::Unknown)
            }
            Self::Active => matches!(status, Status::Active),
            Self::Rejected => matches!(status, Status::Rejected),
            Self::Disabled => matches!(status, Status::Disabled),
            Self::Deleted => matches!(status, Status::Deleted),
        }
    }
}

impl Usability {
    pub const fn usable(self) -> bool {
        matches!(self, Self::Usable)
    }

    pub const fn reason(self) -> Option<UnusableReason> {
        match self {
            Self::Usable => None,
            Self::Unusable(reason) => Some(reason),
        }
    }
}

impl UnusableReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAuthorization => "awaiting_authorization",
            Self::Disabled => "disabled",
            Self::Rejected => "rejected",
            Self::Canceled => "canceled",
            Self::Deleted => "deleted",
            Self::ChangeInFlight => "change_in_flight",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for Status {
    type Err = NotInList;

    fn from_str(text: &str) -> Result<Self, NotInList> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(NotInList("status of the ledger"))
    }
}

impl FromStr for Said {
    type Err = NotInList;

    fn from_str(text: &str) -> Result<Self, NotInList> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(NotInList("status of Smartpay"))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnusableReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
