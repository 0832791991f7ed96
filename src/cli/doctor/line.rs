//! One line of the answer: in words for people, in facts for machines.

use serde_json::Value;

use crate::cli::output::Tone;

#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub check: &'static str,
    pub tone: Tone,
    pub words: String,
    pub facts: Value,
}

impl Line {
    pub(crate) fn good(check: &'static str, words: impl Into<String>, facts: Value) -> Self {
        Self { check, tone: Tone::Good, words: words.into(), facts }
    }

    pub(crate) fn odd(check: &'static str, words: impl Into<String>, facts: Value) -> Self {
        Self { check, tone: Tone::Odd, words: words.into(), facts }
    }

    pub(crate) fn bad(check: &'static str, words: impl Into<String>, facts: Value) -> Self {
        Self { check, tone: Tone::Bad, words: words.into(), facts }
    }

    pub(crate) fn mark(&self) -> &'static str {
        match self.tone {
            Tone::Good => "✓",
            Tone::Odd => "!",
            Tone::Bad => "✗",
        }
    }

    pub(crate) fn result(&self) -> &'static str {
        match self.tone {
            Tone::Good => "ok",
            Tone::Odd => "warning",
            Tone::Bad => "error",
        }
    }
}
