//! When a 404 counts as an absence, and how many may count before a person is asked.

use crate::token::command::Absence;
use crate::token::time::ProviderTime;

/// Absences of one ledger within 24 hours that are believed, however small the ledger is.
const ABSENCES_ALLOWED_MIN: u64 = 10;
/// … and one for so many tokens.
const TOKENS_PER_ABSENCE: u64 = 100;
const NOT_FOUND: &str = "token.not-found";

/// A 404 of Smartpay as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFound<'a> {
    pub asked: Asked,
    /// `errorCode` in its body.
    pub error_code: Option<&'a str>,
    pub key: KeyProof,
    /// Our clock.
    pub at: ProviderTime,
}

/// The request that a 404 answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Get,
    /// The GET after our own DELETE was answered 204.
    ReadBack,
    /// A disable of a pending token is a 404 too, for instance.
    Other,
}

/// A key of another mode or merchant finds nothing, and says 404 to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProof {
    /// In the same run this key has read another token of this ledger.
    ReadAnotherToken,
    Unproven,
}

impl NotFound<'_> {
    /// `None`: alert and ask again.
    pub fn absence(&self) -> Option<Absence> {
        let named = self.error_code == Some(NOT_FOUND);
        let (counts, own_delete) = match self.asked {
            Asked::Get => (self.key == KeyProof::ReadAnotherToken, false),
            Asked::ReadBack => (true, true),
            Asked::Other => (false, false),
        };
        (named && counts).then_some(Absence { at: self.at, own_delete })
    }
}

/// How many absences a ledger of so many tokens may write within 24 hours unasked.
pub fn absences_allowed(tokens: u64) -> u64 {
    ABSENCES_ALLOWED_MIN.max(tokens / TOKENS_PER_ABSENCE)
}

#[cfg(test)]
mod tests {
    use crate::token::absence::Asked;
    use crate::token::absence::KeyProof;
    use crate::token::absence::NotFound;
    use crate::token::absence::absences_allowed;
    use crate::token::time::ProviderTime;

    #[test]
    fn only_a_get_that_names_the_token_with_a_proven_key_counts() {
        let at = ProviderTime::from_millis(1);
        let proven = KeyProof::ReadAnotherToken;
        let named = Some("token.not-found");
        let good = NotFound { asked: Asked::Get, error_code: named, key: proven, at };
        assert!(good.absence().is_some());
        assert!(NotFound { asked: Asked::Other, ..good }.absence().is_none());
        assert!(NotFound { error_code: None, ..good }.absence().is_none());
        assert!(NotFound { error_code: Some("order.not-found"), ..good }.absence().is_none());
        assert!(NotFound { key: KeyProof::Unproven, ..good }.absence().is_none());
    }

    #[test]
    fn one_in_a_hundred_may_vanish_but_always_ten() {
        assert_eq!([0, 1000, 1099, 1100, 50_000].map(absences_allowed), [10, 10, 10, 11, 500]);
    }
}
