//! From a command to entries: the rules decide, the plan numbers, hashes and remembers.

use crate::journal::Cause;
use crate::journal::Entry;
use crate::journal::Happening;
use crate::journal::Leaf;
use crate::journal::leaf_hash;
use crate::ledger::Identified;
use crate::ledger::Verdict;
use crate::ledger::plan::Outcome;
use crate::ledger::plan::Plan;
use crate::ledger::rows::Due;
use crate::ledger::rows::VaultRow;
use crate::ledger::rows::WitnessRow;
use crate::token::Command;
use crate::token::EVENT_VERSION;
use crate::token::Event;
use crate::token::Sequence;
use crate::vault::Place;
use crate::vault::Ref;
use crate::vault::Salt;

/// The input that a command came from.
pub(super) struct Source<'a> {
    pub number: i64,
    pub digest: &'a [u8; 32],
    pub cause: Cause,
}

impl Plan<'_> {
    /// Lets the rules decide one command, and takes down all that follows.
    pub(super) fn apply(
        &mut self,
        reference: &Ref,
        command: &Command,
        source: &Source<'_>,
    ) -> Outcome {
        let known = self.loaded.tokens.entry(reference.clone()).or_default();
        let before = known.word;
        let decision = (self.rules)(&known.token(), command);
        known.word = decision.word;
        let mut position =
            decision.witnessed.last().and_then(|&sequence| position_of(&known.positions, sequence));
        if before.is_some() && decision.word.is_none() {
            known.word_input = None;
            self.rows.words.insert(reference.clone(), None);
        }
        let verdict = if decision.events.is_empty() { Verdict::Witness } else { Verdict::Applied };
        for event in decision.events {
            position = Some(self.append(reference, event, source));
        }
        for sequence in decision.witnessed {
            let (input, arrival) = (source.number, self.head.arrival);
            let reference = reference.clone();
            self.rows.witnesses.push(WitnessRow { reference, sequence, input, arrival });
        }
        if let Some(ask) = decision.asks {
            self.ask(reference, ask.as_str());
        }
        Outcome { verdict, reason: None, position }
    }

    /// The vault holds the id from here on.
    pub(super) fn keep_id(&mut self, token: &Identified) {
        let known = self.loaded.tokens.entry(token.reference.clone()).or_default();
        if known.salt.is_some() {
            return;
        }
        let salt = Salt::random();
        known.salt = Some(salt.clone());
        let row = token.reference.as_str();
        let place = Place { table: "vault", row, field: "id" };
        let sealed_id = self.vault.seal(&place, row, &salt, token.id.expose().as_bytes());
        self.rows.vault.push(VaultRow {
            reference: token.reference.clone(),
            salt,
            sealed_id,
            masked_id: token.id.masked(),
        });
    }

    pub(super) fn ask(&mut self, reference: &Ref, cause: &'static str) {
        self.rows.readings_due.push(Due { reference: reference.clone(), cause });
    }

    fn append(&mut self, reference: &Ref, event: Event, source: &Source<'_>) -> i64 {
        self.head.position += 1;
        let position = self.head.position;
        let known = self.loaded.tokens.entry(reference.clone()).or_default();
        let sequence = known.row.as_ref().map_or(0, |row| row.token().sequence()) + 1;
        let payload = serde_json::to_string(&event).expect("an event is always JSON");
        let metadata = source.cause.to_text();
        let event_type = event.kind().as_str();
        let occurred_at = event.at().to_datetime();
        let leaf_hash = leaf_hash(&Leaf {
            incarnation: self.head.incarnation,
            reference: reference.as_str(),
            sequence,
            event_type,
            event_version: EVENT_VERSION,
            occurred_at,
            recorded_at: self.recorded_at,
            payload: &payload,
            metadata: &metadata,
            input_digest: source.digest,
            previous: &known.last_leaf,
        });
        let entry = Entry {
            position,
            reference: reference.clone(),
            sequence,
            event,
            cause: source.cause.clone(),
            payload,
            metadata,
            occurred_at,
            recorded_at: self.recorded_at,
            leaf_hash,
        };
        known.follow(Happening::from(&entry));
        self.changed.insert(reference.clone());
        self.rows.entries.push(entry);
        position
    }
}

fn position_of(positions: &[i64], sequence: Sequence) -> Option<i64> {
    positions.get(usize::try_from(sequence).ok()?.checked_sub(1)?).copied()
}
