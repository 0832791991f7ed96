//! What can be done to a token at Smartpay, in which status, and how its webhook calls it.

use std::fmt;

use thiserror::Error;

use crate::token::Said;

/// Something that happens to a token; all but a use change its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Create,
    Approve,
    Reject,
    Disable,
    Enable,
    Delete,
    Use,
}

/// A word that names no event of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "an event is one of token.created, token.approved, token.rejected, token.disabled, \
     token.enabled, token.deleted, token.used"
)]
pub struct NotAnAction;

/// A transition that Smartpay does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegal {
    /// None: there is no such token yet.
    pub status: Option<Said>,
    pub action: Action,
}

impl Action {
    pub const ALL: [Action; 7] = [
        Action::Create,
        Action::Approve,
        Action::Reject,
        Action::Disable,
        Action::Enable,
        Action::Delete,
        Action::Use,
    ];

    /// The type of the webhook that tells of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Action::Create => "token.created",
            Action::Approve => "token.approved",
            Action::Reject => "token.rejected",
            Action::Disable => "token.disabled",
            Action::Enable => "token.enabled",
            Action::Delete => "token.deleted",
            Action::Use => "token.used",
        }
    }

    pub fn parse(word: &str) -> Result<Action, NotAnAction> {
        Action::ALL.into_iter().find(|action| action.as_str() == word).ok_or(NotAnAction)
    }

    /// The status it leads to. What the vendor leaves open (to disable twice, to delete a token
    /// that was never approved) is refused here.
    pub fn applied_to(self, status: Option<Said>) -> Result<Said, Illegal> {
        match (self, status) {
            (Action::Create, None) => Ok(Said::RequiresAuthorization),
            (Action::Approve, Some(Said::RequiresAuthorization))
            | (Action::Enable, Some(Said::Disabled))
            | (Action::Use, Some(Said::Active)) => Ok(Said::Active),
            (Action::Reject, Some(Said::RequiresAuthorization)) => Ok(Said::Rejected),
            (Action::Disable, Some(Said::Active)) => Ok(Said::Disabled),
            (Action::Delete, Some(Said::Active | Said::Disabled)) => Ok(Said::Deleted),
            (action, status) => Err(Illegal { status, action }),
        }
    }

    /// What can happen to a token of this status.
    pub fn legal_from(status: Option<Said>) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| action.applied_to(status).is_ok())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Illegal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "there is no {} for a token that is {status}", self.action)?,
            None => write!(f, "there is no {} for a token that does not exist", self.action)?,
        }
        let legal: Vec<&str> = Action::legal_from(self.status).map(Action::as_str).collect();
        if legal.is_empty() {
            return f.write_str(": nothing can happen to it any more, choose another token");
        }
        write!(f, ": possible now is {}", legal.join(", "))
    }
}

impl std::error::Error for Illegal {}
