//! How a run may end before its time: one closed list, in words for machines and for people.

use std::fmt;

/// Why a run is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody stopped it, or its process was killed. It goes on when it is run again.
    Interrupted,
    /// Smartpay did not answer, or only 429. The same.
    Unreachable,
    /// The database or the door did not take what was to be recorded. The same.
    NotRecorded,
    KeyRefused,
    KeyUnproven,
    ListUnreadable,
    ListRepeats,
    ListEndless,
    TooManyAbsences,
}

impl Ending {
    pub const ALL: [Self; 9] = [
        Self::Interrupted,
        Self::Unreachable,
        Self::NotRecorded,
        Self::KeyRefused,
        Self::KeyUnproven,
        Self::ListUnreadable,
        Self::ListRepeats,
        Self::ListEndless,
        Self::TooManyAbsences,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Unreachable => "unreachable",
            Self::NotRecorded => "not_recorded",
            Self::KeyRefused => "key_refused",
            Self::KeyUnproven => "key_unproven",
            Self::ListUnreadable => "list_unreadable",
            Self::ListRepeats => "list_repeats",
            Self::ListEndless => "list_endless",
            Self::TooManyAbsences => "too_many_absences",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ending| ending.as_str() == word)
    }

    /// Whether running it again goes on where it was.
    pub const fn goes_on(self) -> bool {
        match self {
            Self::Interrupted | Self::Unreachable | Self::NotRecorded => true,
            Self::KeyRefused
            | Self::KeyUnproven
            | Self::ListUnreadable
            | Self::ListRepeats
            | Self::ListEndless
            | Self::TooManyAbsences => false,
        }
    }

    /// What happened, and what to do.
    pub const fn explain(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted: run it again to go on, what is recorded stays",
            Self::Unreachable => {
                "Smartpay does not answer, or only 429: run it again later to go on, what is \
                 recorded stays"
            }
            Self::NotRecorded => {
                "the ledger could not take what was read: see `tokenledger doctor`, then run it \
                 again to go on"
            }
            Self::KeyRefused => {
                "Smartpay does not take the secret key (401): nothing was concluded; check \
                 TOKENLEDGER_SMARTPAY_SECRET_KEY"
            }
            Self::KeyUnproven => {
                "with this secret key Smartpay shows none of the tokens of this ledger: nothing \
                 was concluded; is it the key of this account and mode?"
            }
            Self::ListUnreadable => {
                "Smartpay's list of tokens is not what it should be: nothing was concluded from \
                 the page; run it again later, and tell Smartpay if it stays so"
            }
            Self::ListRepeats => {
                "Smartpay's list of tokens goes on without showing another token: nothing was \
                 concluded about tokens it did not show"
            }
            Self::ListEndless => {
                "Smartpay's list of tokens does not end: nothing was concluded about tokens it \
                 did not show"
            }
            Self::TooManyAbsences => {
                "more tokens are gone at Smartpay than are believed unasked: none was recorded as \
                 deleted"
            }
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why the work stopped.
#[derive(Debug)]
pub(super) enum Stop {
    Ended(Ending),
    /// The database failed: it may not even take how the run ended.
    Failed(anyhow::Error),
}

impl From<Ending> for Stop {
    fn from(ending: Ending) -> Self {
        Self::Ended(ending)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}
