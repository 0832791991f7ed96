//! What can be said to a token: plain data, parsed and plausible.

use crate::token::event::CancelReason;
use crate::token::names::Consumer;
use crate::token::names::Reference;
use crate::token::names::SessionId;
use crate::token::status::Said;
use crate::token::time::ProviderTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Notice(Notice),
    Reading(Reading),
    Absence(Absence),
    Claim(Claim),
    Cancel(Cancel),
}

/// A webhook: something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub happened: Happened,
    /// The status in the token object of its body.
    pub said: Said,
    /// `updatedAt` of that object.
    pub updated_at: ProviderTime,
    /// `createdAt` of the webhook's event.
    pub created_at: ProviderTime,
    /// `createdAt` of the token object.
    pub token_created_at: ProviderTime,
    pub reference: Option<Reference>,
}

/// The types of webhook that tell of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happened {
    Created,
    Approved,
    Rejected,
    Enabled,
    Disabled,
    Deleted,
}

/// A token object in a response: something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    pub said: Said,
    pub updated_at: ProviderTime,
    /// Its request was sent after everything recorded for this token.
    pub fresh: bool,
}

/// A 404 that the caller has found to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Our clock: a 404 carries no provider time.
    pub at: ProviderTime,
    /// It is the read-back of our own DELETE that answered 204.
    pub own_delete: bool,
}

/// Our knowledge that a session and a consumer belong to the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub token_created_at: ProviderTime,
    pub session: Option<SessionId>,
    pub consumer: Option<Consumer>,
    pub reference: Option<Reference>,
    pub origin: ClaimOrigin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimOrigin {
    SessionResponse,
    Import,
    Correction,
}

/// We conclude that the shopper will not approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    pub reason: Conclusion,
    /// Our clock.
    pub at: ProviderTime,
}

/// The cancellations that are ours to conclude; a rejection is Smartpay's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conclusion {
    Shopper,
    Expired,
}

impl Happened {
    /// The status that a body rendered at once would show.
    pub const fn implies(self) -> Said {
        match self {
            Self::Created => Said::RequiresAuthorization,
            Self::Approved | Self::Enabled => Said::Active,
            Self::Rejected => Said::Rejected,
            Self::Disabled => Said::Disabled,
            Self::Deleted => Said::Deleted,
        }
    }
}

impl Conclusion {
    pub const fn reason(self) -> CancelReason {
        match self {
            Self::Shopper => CancelReason::Shopper,
            Self::Expired => CancelReason::Expired,
        }
    }
}
