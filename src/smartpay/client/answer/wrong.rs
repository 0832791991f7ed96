//! What can be wrong with an answer, for callers to branch on.

use thiserror::Error;

use crate::smartpay::client::answer::error::ErrorAnswer;
use crate::smartpay::json::NotStrict;
use crate::smartpay::reason::Reason;

/// Why an answer is not what was asked for. It holds no text of the answer but an error code, which
/// is of letters, digits, dots and hyphens and no token id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    #[error("Smartpay answered with the error {0}")]
    Error(ErrorAnswer),
    #[error("Smartpay does not take the secret key (401)")]
    KeyRefused,
    #[error("Smartpay answered with status {0}, which is none for this call")]
    Status(u16),
    /// HTML of a proxy, nothing at all, or JSON that two readers could understand differently.
    #[error("an answer with status {status} is not JSON to rely on: {cause}")]
    NotJson { status: u16, cause: NotStrict },
    #[error("the answer is JSON, but no object")]
    NotAnObject,
    #[error("the answer has a body where none belongs")]
    BodyNotEmpty,
    #[error("the field {0} is missing")]
    Missing(&'static str),
    #[error("the field {0} is of another kind than it should be")]
    Shape(&'static str),
    #[error("the answer belongs to the mode that this ledger does not hold")]
    WrongMode,
    #[error("the answer is about another object than the one that was asked for")]
    WrongId,
    #[error("the token object is no reading ({0})")]
    NotAReading(Reason),
    #[error("the list goes on with the page that was asked for")]
    PageRepeats,
}

impl From<Reason> for Wrong {
    fn from(reason: Reason) -> Wrong {
        match reason {
            Reason::ModeMismatch => Wrong::WrongMode,
            Reason::MalformedJson
            | Reason::DuplicateKey
            | Reason::ForbiddenCharacter
            | Reason::TooDeep
            | Reason::UnknownShape
            | Reason::EventIdInvalid
            | Reason::HeaderIdMismatch
            | Reason::UnknownType
            | Reason::TokenIdInvalid
            | Reason::UnknownStatus
            | Reason::ImplausibleTime
            | Reason::UnprovenAbsence
            | Reason::TooManyAbsences
            | Reason::Internal => Wrong::NotAReading(reason),
        }
    }
}

/// The word under which an answer that is no reading of a token is quarantined.
impl From<&Wrong> for Reason {
    fn from(wrong: &Wrong) -> Reason {
        match wrong {
            Wrong::NotJson { cause, .. } => Reason::from(*cause),
            Wrong::WrongMode => Reason::ModeMismatch,
            Wrong::WrongId => Reason::TokenIdInvalid,
            Wrong::NotAReading(reason) => *reason,
            Wrong::Error(_)
            | Wrong::KeyRefused
            | Wrong::Status(_)
            | Wrong::NotAnObject
            | Wrong::BodyNotEmpty
            | Wrong::Missing(_)
            | Wrong::Shape(_)
            | Wrong::PageRepeats => Reason::UnknownShape,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::smartpay::client::answer::Wrong;
    use crate::smartpay::json::NotStrict;
    use crate::smartpay::reason::Reason;

    #[test]
    fn a_reason_survives_being_wrong_and_coming_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from(&Wrong::from(reason)), reason);
        }
        let html = Wrong::NotJson { status: 404, cause: NotStrict::Syntax };
        assert_eq!(Reason::from(&html), Reason::MalformedJson);
    }
}
