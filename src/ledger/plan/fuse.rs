//! The fuse at the door: under the head's lock, so that several processes count together.

use crate::ledger::answered::Answered;
use crate::ledger::answered::Gone;
use crate::ledger::answered::Says;
use crate::ledger::loaded::KnownToken;
use crate::ledger::plan::Plan;
use crate::token::Basis;
use crate::token::Command;
use crate::token::Decision;
use crate::token::Heard;
use crate::token::Token;
use crate::token::Word;

impl Plan<'_> {
    /// Whether this may be concluded. An absence that adds one to those of the day is counted.
    pub(super) fn fuse_holds(&mut self, answered: &Answered, command: &Command) -> bool {
        let Says::Absent(Gone::Found { allowed }) = answered.says else { return true };
        let Some(about) = &answered.token else { return true };
        let known = self.loaded.tokens.get(&about.reference);
        let token = known.map(KnownToken::token).unwrap_or_default();
        if !adds_absence(&token, &(self.rules)(&token, command)) {
            return true;
        }
        if self.loaded.absences >= allowed {
            return false;
        }
        self.loaded.absences += 1;
        true
    }
}

/// What is known to be gone already adds nothing.
pub(crate) fn adds_absence(token: &Token, decision: &Decision) -> bool {
    let is_absent = |word: Option<Word>| word.is_some_and(|word| word.heard == Heard::Absent);
    decision.events.iter().any(|event| event.basis() == Basis::Absence)
        || (is_absent(decision.word) && !is_absent(token.word()))
}
