//! Test or live: the two worlds of a merchant account, which never share a ledger.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use thiserror::Error;

/// Which of a merchant's two worlds an object belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Test,
    Live,
}

/// A word that names no mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a mode is `test` or `live`")]
pub struct NotAMode;

impl Mode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Test => "test",
            Mode::Live => "live",
        }
    }

    /// What the vendor's `"test"` flag of an object of this mode says.
    pub const fn test_flag(self) -> bool {
        matches!(self, Mode::Test)
    }

    /// Splits `PREFIX(test|live)_REST` into its mode and the rest.
    pub(crate) fn split<'a>(text: &'a str, prefix: &str) -> Option<(Mode, &'a str)> {
        let (word, rest) = text.strip_prefix(prefix)?.split_once('_')?;
        Some((word.parse().ok()?, rest))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = NotAMode;

    fn from_str(text: &str) -> Result<Mode, NotAMode> {
        match text {
            "test" => Ok(Mode::Test),
            "live" => Ok(Mode::Live),
            _ => Err(NotAMode),
        }
    }
}
