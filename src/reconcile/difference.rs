//! Where ledger and Smartpay differ about a token.

use chrono::DateTime;
use chrono::Utc;

use crate::token::Heard;
use crate::token::Status;
use crate::vault::Ref;

#[derive(Clone, Debug)]
pub struct Difference {
    pub reference: Ref,
    /// None where the ledger did not know the token.
    pub ledger: Option<Status>,
    pub ledger_since: Option<DateTime<Utc>>,
    pub smartpay: Heard,
    /// Smartpay's own time; a 404 has none.
    pub smartpay_at: Option<DateTime<Utc>>,
    pub done: Done,
    pub likely: Likely,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Recorded,
    /// Nothing else: a dry run.
    Reported,
    /// Left for a webhook that may be under way.
    InFlight,
    /// The rules conclude nothing from it, or it was not to be believed.
    NotRecorded,
}

/// How it probably came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likely {
    MissedWebhook,
    /// Made elsewhere, or nothing of it ever arrived.
    NeverHeardOf,
    /// Two statements of one millisecond.
    SameTime,
    /// It was taken for deleted, and is there.
    WronglyGone,
    /// Smartpay showed something older than what the ledger knows.
    OldAnswer,
    /// A deletion that was said in so many words is final.
    DeletionIsFinal,
}

impl Done {
    pub const ALL: [Self; 4] = [Self::Recorded, Self::Reported, Self::InFlight, Self::NotRecorded];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Reported => "reported",
            Self::InFlight => "in_flight",
            Self::NotRecorded => "not_recorded",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|done| done.as_str() == word)
    }
}

impl Likely {
    pub const ALL: [Self; 6] = [
        Self::MissedWebhook,
        Self::NeverHeardOf,
        Self::SameTime,
        Self::WronglyGone,
        Self::OldAnswer,
        Self::DeletionIsFinal,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissedWebhook => "missed_webhook",
            Self::NeverHeardOf => "never_heard_of",
            Self::SameTime => "same_time",
            Self::WronglyGone => "wrongly_gone",
            Self::OldAnswer => "old_answer",
            Self::DeletionIsFinal => "deletion_is_final",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|likely| likely.as_str() == word)
    }

    pub const fn explain(self) -> &'static str {
        match self {
            Self::MissedWebhook => "missed webhook",
            Self::NeverHeardOf => "made elsewhere, or all its webhooks missed",
            Self::SameTime => "two changes within one millisecond",
            Self::WronglyGone => "a 404 that was wrong",
            Self::OldAnswer => "Smartpay showed an older state",
            Self::DeletionIsFinal => "Smartpay said it was deleted, and shows it again",
        }
    }
}
