//! What a check has to say: how much it looked at, what it found, what is odd.

use std::fmt;

use crate::audit::Check;
use crate::journal::Position;
use crate::vault::Ref;

/// So many findings of one check are kept; the rest is counted.
pub const FINDINGS_MAX: usize = 20;

/// What one check saw.
#[derive(Clone, Debug)]
pub struct Report {
    pub check: Check,
    /// How much was looked at, in words.
    pub looked_at: String,
    pub findings: Vec<Finding>,
    /// Findings beyond [`FINDINGS_MAX`].
    pub more: u64,
    /// Odd, but not wrong.
    pub warnings: Vec<String>,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub place: Place,
    pub expected: String,
    pub found: String,
}

/// Where something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Position(Position),
    /// An input by its number.
    Input(i64),
    Act(i64),
    Token(String),
    /// A table or another thing of the database, by its name.
    Object(String),
}

impl Report {
    pub(super) fn new(check: Check) -> Self {
        let (looked_at, findings, warnings) = (String::new(), Vec::new(), Vec::new());
        Self { check, looked_at, findings, more: 0, warnings }
    }

    /// Of a check that could not be made.
    pub(super) fn unreadable(check: Check) -> Self {
        let mut report = Self::new(check).looked_at("nothing".to_owned());
        let place = Place::Object("the ledger".to_owned());
        report.find(place, "times that can be read", "others: see the check `times`");
        report
    }

    pub(super) fn find(
        &mut self,
        place: Place,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        if self.findings.len() < FINDINGS_MAX {
            let (expected, found) = (expected.into(), found.into());
            self.findings.push(Finding { place, expected, found });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn looked_at(mut self, words: String) -> Self {
        self.looked_at = words;
        self
    }

    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Place {
    /// The command that shows what lies there.
    pub fn look(&self) -> Option<String> {
        match self {
            Self::Position(position) => {
                let after = position.saturating_sub(3).max(0);
                Some(format!("tokenledger events list --after {after} --limit 5"))
            }
            Self::Input(number) => Some(format!("tokenledger inbox show in_{number}")),
            // Only what is a ref: a damaged one may hold anything.
            Self::Token(reference) => {
                let reference = Ref::parse(reference).ok()?;
                Some(format!("tokenledger token show {reference}"))
            }
            Self::Act(_) | Self::Object(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => write!(f, "#{position}"),
            Self::Input(number) => write!(f, "in_{number}"),
            Self::Act(number) => write!(f, "act {number}"),
            Self::Token(name) | Self::Object(name) => f.write_str(name),
        }
    }
}

/// 48213 as 48,213.
pub(super) fn counted(count: i64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The two ends of a hash: enough to tell it from another.
pub(super) fn short(hash: &[u8]) -> String {
    let hash = hex::encode(hash);
    match (hash.get(..8), hash.get(hash.len().saturating_sub(4)..)) {
        (Some(begin), Some(end)) if hash.len() > 12 => format!("{begin}…{end}"),
        _ => hash,
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::report::counted;
    use crate::audit::report::short;

    #[test]
    fn counts_are_grouped_and_hashes_cut() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(counted), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(short(&[0xab; 32]), "abababab…abab");
        assert_eq!(short(&[1]), "01");
    }
}
