//! The checks by their names, in the order in which they run.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    Times,
    Positions,
    Sequences,
    Leaves,
    Arrivals,
    Inputs,
    Evidence,
    Signatures,
    Vault,
    Projections,
    Stock,
    Grants,
    Acts,
}

impl Check {
    pub const ALL: [Self; 13] = [
        Self::Times,
        Self::Positions,
        Self::Sequences,
        Self::Leaves,
        Self::Arrivals,
        Self::Inputs,
        Self::Evidence,
        Self::Signatures,
        Self::Vault,
        Self::Projections,
        Self::Stock,
        Self::Grants,
        Self::Acts,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Times => "times",
            Self::Positions => "positions",
            Self::Sequences => "sequences",
            Self::Leaves => "leaves",
            Self::Arrivals => "arrivals",
            Self::Inputs => "inputs",
            Self::Evidence => "evidence",
            Self::Signatures => "signatures",
            Self::Vault => "vault",
            Self::Projections => "projections",
            Self::Stock => "stock",
            Self::Grants => "grants",
            Self::Acts => "acts",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.as_str() == word)
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
