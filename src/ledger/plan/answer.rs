//! Deciding what Smartpay's API answered about a token.

use crate::journal::Cause;
use crate::ledger::Identified;
use crate::ledger::Receipt;
use crate::ledger::Verdict;
use crate::ledger::answered::Answered;
use crate::ledger::answered::Asked;
use crate::ledger::answered::Gone;
use crate::ledger::answered::Says;
use crate::ledger::plan::Outcome;
use crate::ledger::plan::Plan;
use crate::ledger::plan::Unsigned;
use crate::ledger::plan::append::Source;
use crate::ledger::rows::Served;
use crate::ledger::rows::WordRow;
use crate::smartpay::Reason;
use crate::smartpay::object::TokenObject;
use crate::smartpay::reading;
use crate::token::Absence;
use crate::token::Cancel;
use crate::token::Command;
use crate::token::Conclusion;
use crate::token::Heard;
use crate::token::ProviderTime;
use crate::token::Said;
use crate::token::Word;
use crate::vault::Ref;

/// What an answer says of its token, as the rules and the words want it.
struct Statement<'a> {
    token: &'a Identified,
    command: Command,
    word: Word,
}

impl Plan<'_> {
    pub(super) fn answer(&mut self, answered: &Answered) -> Receipt {
        self.head.arrival += 1;
        let number = self.next_input();
        self.settle(number, answered);
        let outcome = match self.statement(answered) {
            Some(statement) if self.fuse_holds(answered, &statement.command) => {
                self.hear(number, answered, &statement)
            }
            Some(_) => self.hold_back(answered, Reason::TooManyAbsences),
            None => self.hear_nothing(answered),
        };
        let came = Unsigned {
            kind: "response",
            call: Some(&answered.call),
            digest: &answered.digest,
            received_at: answered.received_at,
            token: answered.token.as_ref(),
            body: &answered.body,
        };
        self.keep_unsigned(number, &came, &outcome)
    }

    /// What the answer says to the rules, and the word that it becomes if they take it.
    fn statement<'a>(&self, answered: &'a Answered) -> Option<Statement<'a>> {
        let token = answered.token.as_ref()?;
        match &answered.says {
            Says::Object(object) if object.token == token.id => {
                let fresh = self.is_fresh(&token.reference, answered.asked);
                let asked = if fresh {
                    reading::Asked::AfterEverythingRecorded
                } else {
                    reading::Asked::Earlier
                };
                let word = Word { heard: Heard::Said(object.said), at: object.updated_at };
                Some(Statement { token, command: Command::Reading(object.reading(asked)), word })
            }
            Says::Absent(gone) => {
                let at = now(answered);
                let absence = Absence { at, own_delete: *gone == Gone::ByUs };
                let word = Word { heard: Heard::Absent, at };
                Some(Statement { token, command: Command::Absence(absence), word })
            }
            Says::Object(_) | Says::Unclear(_) | Says::Nothing => None,
        }
    }

    fn hear_nothing(&mut self, answered: &Answered) -> Outcome {
        let reason = match &answered.says {
            Says::Unclear(reason) => Some(*reason),
            // An object of another token than the one asked about says nothing of either.
            Says::Object(_) => Some(Reason::TokenIdInvalid),
            Says::Absent(_) | Says::Nothing => None,
        };
        let Some(reason) = reason else {
            return Outcome { verdict: Verdict::Ignored, reason: None, position: None };
        };
        self.hold_back(answered, reason)
    }

    /// Nothing is concluded; it is asked for again.
    fn hold_back(&mut self, answered: &Answered, reason: Reason) -> Outcome {
        if let Some(known) = self.known_ref(answered.token.as_ref()) {
            let too_many = reason == Reason::TooManyAbsences;
            self.ask(&known, if too_many { reason.as_str() } else { "unclear_answer" });
        }
        Outcome { verdict: Verdict::Quarantined, reason: Some(reason.as_str()), position: None }
    }

    fn hear(&mut self, number: i64, answered: &Answered, said: &Statement<'_>) -> Outcome {
        let Statement { token, command, word } = said;
        self.keep_id(token);
        let reference = &token.reference;
        let asker = &answered.asker;
        let cause = Cause {
            kind: asker.kind,
            id: asker.id.clone(),
            input: number.to_string(),
            actor: asker.actor.clone(),
            reason: asker.reason.clone(),
        };
        let source = Source { number, digest: &answered.digest, cause };
        let fresh = self.is_fresh(reference, answered.asked);
        let mut outcome = self.apply(reference, command, &source);
        let known = self.loaded.tokens.entry(reference.clone()).or_default();
        if known.word == Some(*word) {
            known.word_input = Some(number);
            let read_at = answered.received_at;
            let row = WordRow { word: *word, input: number, read_at };
            self.rows.words.insert(reference.clone(), Some(row));
        }
        // One that is older than what is known answers nothing.
        let says = known.word == Some(*word) || outcome.position.is_some();
        if let Some(wanted) = asker.due.filter(|_| fresh && says) {
            self.rows.served.push(Served { reference: reference.clone(), wanted });
        }
        if let Some(cancel) = conclusion(answered, word.heard) {
            let concluded = self.apply(reference, &Command::Cancel(cancel), &source);
            if concluded.verdict == Verdict::Applied {
                outcome = concluded;
            }
        }
        outcome
    }

    /// Whether it was asked after everything recorded for the token: its events, and its word.
    fn is_fresh(&self, reference: &Ref, asked: Asked) -> bool {
        self.loaded.tokens.get(reference).is_none_or(|known| known.stood_when(asked))
    }
}

/// What we conclude, if what was heard confirms it: the shopper left, or the time is over, and
/// Smartpay still waits.
fn conclusion(answered: &Answered, heard: Heard) -> Option<Cancel> {
    let reason = answered.concludes?;
    let confirmed = match (reason, heard) {
        (Conclusion::Shopper | Conclusion::Expired, Heard::Said(Said::RequiresAuthorization)) => {
            true
        }
        (Conclusion::Shopper | Conclusion::Expired, Heard::Said(_) | Heard::Absent) => false,
    };
    confirmed.then(|| Cancel { reason, at: now(answered) })
}

fn now(answered: &Answered) -> ProviderTime {
    ProviderTime::from_millis(answered.received_at.timestamp_millis())
}

/// An object about the token that was asked about.
pub(super) fn object_of(answered: &Answered) -> Option<&TokenObject> {
    match &answered.says {
        Says::Object(object) => Some(object)
            .filter(|object| answered.token.as_ref().is_some_and(|t| t.id == object.token)),
        Says::Absent(_) | Says::Unclear(_) | Says::Nothing => None,
    }
}
