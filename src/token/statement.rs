//! Statements: the events by which Smartpay moves a token between its statuses.

use crate::token::event::Basis;
use crate::token::event::CancelReason;
use crate::token::event::Event;
use crate::token::event::Round;
use crate::token::event::Sequence;
use crate::token::status::Status;
use crate::token::time::ProviderTime;

/// What a statement says. The order is the rank within one time and round: ties end unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    Activated,
    Enabled,
    Disabled,
    Rejected,
}

/// One view of `Activated`, `Enabled`, `Disabled` and `Canceled{rejected}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) change: Change,
    pub(crate) at: ProviderTime,
    pub(crate) basis: Basis,
    pub(crate) round: Round,
    pub(crate) undated: bool,
    pub(crate) refutes: Option<Sequence>,
}

impl Change {
    pub(crate) const fn status(self) -> Status {
        match self {
            Self::Activated | Self::Enabled => Status::Active,
            Self::Disabled => Status::Disabled,
            Self::Rejected => Status::Rejected,
        }
    }
}

impl Statement {
    /// `None` for the creation, a deletion, and what we concluded ourselves.
    pub(crate) const fn of(event: &Event) -> Option<Self> {
        let (change, at, basis, round, undated, refutes) = match event {
            Event::Activated { at, basis, round, undated, refutes } => {
                (Change::Activated, *at, *basis, *round, *undated, *refutes)
            }
            Event::Enabled { at, basis, round, undated, refutes } => {
                (Change::Enabled, *at, *basis, *round, *undated, *refutes)
            }
            Event::Disabled { at, basis, round, undated, refutes } => {
                (Change::Disabled, *at, *basis, *round, *undated, *refutes)
            }
            Event::Canceled { at, basis, round, undated, refutes, reason } => match reason {
                CancelReason::Rejected => {
                    (Change::Rejected, *at, *basis, *round, *undated, *refutes)
                }
                CancelReason::Shopper | CancelReason::Expired => return None,
            },
            Event::SessionCreated { .. } | Event::Deleted { .. } => return None,
        };
        Some(Self { change, at, basis, round, undated, refutes })
    }

    /// Only a dated statement decides a status.
    pub(crate) fn dated(event: &Event) -> Option<Self> {
        Self::of(event).filter(|statement| !statement.undated)
    }

    pub(crate) const fn into_event(self) -> Event {
        let Self { change, at, basis, round, undated, refutes } = self;
        match change {
            Change::Activated => Event::Activated { at, basis, round, undated, refutes },
            Change::Enabled => Event::Enabled { at, basis, round, undated, refutes },
            Change::Disabled => Event::Disabled { at, basis, round, undated, refutes },
            Change::Rejected => {
                let reason = CancelReason::Rejected;
                Event::Canceled { at, basis, round, undated, refutes, reason }
            }
        }
    }
}
