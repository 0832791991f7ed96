//! Why a delivery is quarantined: one closed list, in words for machines and for people.

use std::fmt;

use serde::Serialize;

use crate::smartpay::json::NotStrict;

/// Why a delivery with a valid MAC was kept but not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    MalformedJson,
    DuplicateKey,
    ForbiddenCharacter,
    TooDeep,
    UnknownShape,
    EventIdInvalid,
    HeaderIdMismatch,
    ModeMismatch,
    UnknownType,
    TokenIdInvalid,
    UnknownStatus,
    ImplausibleTime,
    UnprovenAbsence,
    TooManyAbsences,
    Internal,
}

impl Reason {
    pub const ALL: [Reason; 15] = [
        Reason::MalformedJson,
        Reason::DuplicateKey,
        Reason::ForbiddenCharacter,
        Reason::TooDeep,
        Reason::UnknownShape,
        Reason::EventIdInvalid,
        Reason::HeaderIdMismatch,
        Reason::ModeMismatch,
        Reason::UnknownType,
        Reason::TokenIdInvalid,
        Reason::UnknownStatus,
        Reason::ImplausibleTime,
        Reason::UnprovenAbsence,
        Reason::TooManyAbsences,
        Reason::Internal,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::MalformedJson => "malformed_json",
            Reason::DuplicateKey => "duplicate_key",
            Reason::ForbiddenCharacter => "forbidden_character",
            Reason::TooDeep => "too_deep",
            Reason::UnknownShape => "unknown_shape",
            Reason::EventIdInvalid => "event_id_invalid",
            Reason::HeaderIdMismatch => "header_id_mismatch",
            Reason::ModeMismatch => "mode_mismatch",
            Reason::UnknownType => "unknown_type",
            Reason::TokenIdInvalid => "token_id_invalid",
            Reason::UnknownStatus => "unknown_status",
            Reason::ImplausibleTime => "implausible_time",
            Reason::UnprovenAbsence => "unproven_absence",
            Reason::TooManyAbsences => "too_many_absences",
            Reason::Internal => "internal",
        }
    }

    pub fn parse(word: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// A sentence for people.
    pub const fn explain(self) -> &'static str {
        match self {
            Reason::MalformedJson => "The body is not well-formed JSON in UTF-8.",
            Reason::DuplicateKey => {
                "A key occurs twice in one object of the body, so that two readers could understand it differently."
            }
            Reason::ForbiddenCharacter => {
                "A text in the body holds a NUL character or half a surrogate pair, which cannot be stored as text."
            }
            Reason::TooDeep => "The body is nested far deeper than anything Smartpay sends.",
            Reason::UnknownShape => {
                "The body is JSON, but a field that every event has is missing or is of another kind."
            }
            Reason::EventIdInvalid => {
                "The body has no event id of the form evt_test_… or evt_live_…."
            }
            Reason::HeaderIdMismatch => {
                "The event id in the header is not the one in the signed body. A copy with the matching header is applied."
            }
            Reason::ModeMismatch => {
                "Part of the body belongs to test mode and part to live mode, or all of it to the mode that this ledger does not hold."
            }
            Reason::UnknownType => {
                "The event type begins with token. but is none that this version knows. Update, then reprocess the delivery."
            }
            Reason::TokenIdInvalid => "The object is named by no token id of the known form.",
            Reason::UnknownStatus => {
                "The token has a status that this version does not know. Update, then reprocess the delivery."
            }
            Reason::ImplausibleTime => {
                "A time in the body is missing, has not thirteen digits, or lies before 2020 or in the future."
            }
            Reason::UnprovenAbsence => {
                "Smartpay does not find the token, but the key has found no other token of this ledger either: it may be of another account."
            }
            Reason::TooManyAbsences => {
                "Smartpay says that the token is gone, but more tokens vanished within 24 hours than are believed unasked. Look at the key and at Smartpay, then run `tokenledger reconcile run --accept N`."
            }
            Reason::Internal => {
                "The delivery could not be processed because of a fault of ours. Its bytes are kept: update, then reprocess it."
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<NotStrict> for Reason {
    fn from(cause: NotStrict) -> Reason {
        match cause {
            NotStrict::DuplicateKey => Reason::DuplicateKey,
            NotStrict::TooDeep => Reason::TooDeep,
            NotStrict::Nul | NotStrict::LoneSurrogate => Reason::ForbiddenCharacter,
            NotStrict::Empty
            | NotStrict::NotUtf8
            | NotStrict::ByteOrderMark
            | NotStrict::Syntax
            | NotStrict::TrailingData
            | NotStrict::NumberOutOfRange => Reason::MalformedJson,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::smartpay::reason::Reason;

    #[test]
    fn every_reason_has_one_word_and_reads_back_from_it() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert!(reason.explain().ends_with('.'));
        }
    }
}
