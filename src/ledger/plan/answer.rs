//! Deciding what Smartpay's API answered about a token.

use crate::journal::Cause;
use crate::ledger::Receipt;
use crate::ledger::Verdict;
use crate::ledger::answered::Answered;
use crate::ledger::answered::Asked;
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
use crate::token::Command;
use crate::token::Heard;
use crate::token::ProviderTime;
use crate::token::Word;
use crate::vault::Ref;

impl Plan<'_> {
    pub(super) fn answer(&mut self, answered: &Answered) -> Receipt {
        self.head.arrival += 1;
        let number = self.next_input();
        let outcome = if let Some((command, word)) = self.statement(answered) {
            self.hear(number, answered, &command, word)
        } else {
            if let Some(known) = self.known_ref(Some(&answered.token)) {
                self.ask(&known, "unclear_answer");
            }
            Outcome { verdict: Verdict::Quarantined, reason: reason(answered), position: None }
        };
        let came = Unsigned {
            kind: "response",
            call: Some(answered.call),
            digest: &answered.digest,
            received_at: answered.received_at,
            token: &answered.token,
            body: &answered.body,
        };
        self.keep_unsigned(number, &came, &outcome)
    }

    /// What the answer says to the rules, and the word that it becomes if they take it.
    fn statement(&self, answered: &Answered) -> Option<(Command, Word)> {
        match &answered.says {
            Says::Object(object) if is_about(answered, object) => {
                let fresh = self.is_fresh(&answered.token.reference, answered.asked);
                let asked = if fresh {
                    reading::Asked::AfterEverythingRecorded
                } else {
                    reading::Asked::Earlier
                };
                let word = Word { heard: Heard::Said(object.said), at: object.updated_at };
                Some((Command::Reading(object.reading(asked)), word))
            }
            Says::Absent { own_delete } => {
                let at = ProviderTime::from_millis(answered.received_at.timestamp_millis());
                let absence = Absence { at, own_delete: *own_delete };
                Some((Command::Absence(absence), Word { heard: Heard::Absent, at }))
            }
            Says::Object(_) | Says::Unclear(_) => None,
        }
    }

    fn hear(&mut self, number: i64, answered: &Answered, command: &Command, word: Word) -> Outcome {
        self.keep_id(&answered.token);
        let reference = &answered.token.reference;
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
        let outcome = self.apply(reference, command, &source);
        let known = self.loaded.tokens.entry(reference.clone()).or_default();
        if known.word == Some(word) {
            known.word_input = Some(number);
            let read_at = answered.received_at;
            self.rows
                .words
                .insert(reference.clone(), Some(WordRow { word, input: number, read_at }));
        }
        // One that is older than what is known answers nothing.
        let says = known.word == Some(word) || outcome.position.is_some();
        if let Some(wanted) = asker.due.filter(|_| fresh && says) {
            self.rows.served.push(Served { reference: reference.clone(), wanted });
        }
        outcome
    }

    /// Whether it was asked after everything recorded for the token: its events, and its word.
    fn is_fresh(&self, reference: &Ref, asked: Asked) -> bool {
        self.loaded.tokens.get(reference).is_none_or(|known| {
            known.positions.last().is_none_or(|last| *last <= asked.position)
                && known.word_input.is_none_or(|input| input <= asked.input)
        })
    }
}

/// An object of another token than the one asked about says nothing of either.
fn is_about(answered: &Answered, object: &TokenObject) -> bool {
    object.token == answered.token.id
}

fn reason(answered: &Answered) -> Option<&'static str> {
    match &answered.says {
        Says::Unclear(reason) => Some(reason.as_str()),
        Says::Object(object) if !is_about(answered, object) => {
            Some(Reason::TokenIdInvalid.as_str())
        }
        Says::Object(_) | Says::Absent { .. } => None,
    }
}
