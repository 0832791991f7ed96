//! Deciding a delivery: new, a copy, or a copy of one that was quarantined.

use crate::journal::Cause;
use crate::journal::CauseKind;
use crate::ledger::Identified;
use crate::ledger::Receipt;
use crate::ledger::Verdict;
use crate::ledger::loaded::KnownInput;
use crate::ledger::plan::Outcome;
use crate::ledger::plan::Plan;
use crate::ledger::plan::append::Source;
use crate::ledger::rows::BodyRow;
use crate::ledger::rows::CopyRow;
use crate::ledger::rows::InputRow;
use crate::ledger::rows::Signed;
use crate::ledger::rows::UsageRow;
use crate::ledger::rows::VerdictRow;
use crate::ledger::submission::Content;
use crate::ledger::submission::Delivery;
use crate::smartpay::EventId;
use crate::smartpay::Reason;
use crate::smartpay::notice::Quarantined;
use crate::token::Command;
use crate::token::ProviderTime;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Ref;
use crate::vault::Salt;

/// What a verdict is given on.
pub(super) struct Judged<'a> {
    pub content: &'a Content,
    pub digest: &'a [u8; 32],
    /// Who asked for it; nobody where it is the sender.
    pub actor: Option<&'a str>,
}

impl<'a> Judged<'a> {
    fn of(delivery: &'a Delivery) -> Self {
        Self { content: &delivery.content, digest: &delivery.digest, actor: None }
    }
}

impl Plan<'_> {
    pub(super) fn deliver(&mut self, delivery: &Delivery) -> Receipt {
        let key = (delivery.endpoint.clone(), delivery.digest);
        if let Some(known) = self.loaded.inputs.get(&key).cloned() {
            return self.copy(known, delivery);
        }
        let number = self.next_input();
        let conflict = self.conflicts(delivery);
        let outcome = self.judge(number, &Judged::of(delivery));
        let reference = self.known_ref(delivery.content.token());
        self.rows.inputs.push(InputRow {
            number,
            kind: "delivery",
            endpoint: delivery.endpoint.clone(),
            digest: delivery.digest,
            event_id: delivery.content.event_id().map(ToString::to_string),
            event_type: delivery.content.kind().map(str::to_owned),
            reference: reference.clone(),
            received_at: delivery.received_at,
            signed: Some(Signed::of(delivery)),
            conflict,
            verdict: outcome.verdict,
            reason: outcome.reason,
            position: outcome.position,
            arrival: self.head.arrival,
            chain: [0; 32],
        });
        self.keep_body(number, reference.as_ref(), &delivery.body);
        let known = KnownInput {
            number,
            verdict: outcome.verdict,
            reason: outcome.reason,
            position: outcome.position,
            copies: 0,
            verdicts: 0,
        };
        let receipt = receipt(&known, false);
        self.loaded.inputs.insert(key, known);
        receipt
    }

    /// Seals a body under its token's key, or under one of its own.
    pub(super) fn keep_body(&mut self, number: i64, reference: Option<&Ref>, body: &[u8]) {
        let row = number.to_string();
        let place = Place { table: "sealed_bodies", row: &row, field: "body" };
        let token_salt = reference.and_then(|r| self.loaded.tokens.get(r)?.salt.clone());
        let (salt, own_salt) = token_salt.map_or_else(
            || {
                let salt = Salt::random();
                (salt.clone(), Some(salt))
            },
            |salt| (salt, None),
        );
        let reference = reference.filter(|_| own_salt.is_none());
        let subject = reference.map_or(NO_TOKEN, Ref::as_str);
        let sealed = self.vault.seal(&place, subject, &salt, body);
        let reference = reference.cloned();
        self.rows.bodies.push(BodyRow { input: number, reference, own_salt, sealed });
    }

    /// Equal bytes again: noted. If they were quarantined, they are decided anew.
    fn copy(&mut self, mut known: KnownInput, delivery: &Delivery) -> Receipt {
        known.copies += 1;
        self.rows.copies.push(CopyRow {
            input: known.number,
            number: known.copies,
            received_at: delivery.received_at,
            signed: Signed::of(delivery),
            arrival: self.head.arrival,
            chain: [0; 32],
        });
        if known.verdict == Verdict::Quarantined {
            let outcome = self.judge(known.number, &Judged::of(delivery));
            if outcome.verdict != known.verdict || outcome.reason != known.reason {
                self.decide_anew(&mut known, &outcome);
            }
        }
        let receipt = receipt(&known, true);
        self.loaded.inputs.insert((delivery.endpoint.clone(), delivery.digest), known);
        receipt
    }

    /// One more verdict, which holds from here on.
    pub(super) fn decide_anew(&mut self, known: &mut KnownInput, outcome: &Outcome) {
        known.verdicts += 1;
        known.verdict = outcome.verdict;
        known.reason = outcome.reason;
        known.position = outcome.position;
        self.rows.verdicts.push(VerdictRow {
            input: known.number,
            number: known.verdicts,
            verdict: outcome.verdict,
            reason: outcome.reason,
            position: outcome.position,
            arrival: self.head.arrival,
            chain: None,
        });
    }

    pub(super) fn judge(&mut self, number: i64, judged: &Judged<'_>) -> Outcome {
        match judged.content {
            Content::Ignored { .. } => {
                Outcome { verdict: Verdict::Ignored, reason: None, position: None }
            }
            Content::Quarantined { quarantined, token } => {
                self.quarantine(quarantined, token.as_ref())
            }
            Content::Used { event_id, token, used_at, .. } => {
                self.use_token(number, event_id, token, *used_at)
            }
            Content::Notice { event_id, token, notice, .. } => {
                self.keep_id(token);
                let cause = Cause {
                    kind: CauseKind::Webhook,
                    id: event_id.to_string(),
                    input: number.to_string(),
                    actor: judged.actor.map(str::to_owned),
                    reason: None,
                };
                let source = Source { number, digest: judged.digest, cause };
                self.apply(&token.reference, &Command::Notice(notice.clone()), &source)
            }
        }
    }

    /// A differing event-id header says nothing against the signed body, so its token is read in
    /// any case; other quarantined bodies ask only about tokens that the ledger knows.
    fn quarantine(&mut self, quarantined: &Quarantined, token: Option<&Identified>) -> Outcome {
        if let Some(token) = token {
            if quarantined.reason == Reason::HeaderIdMismatch {
                self.keep_id(token);
            }
            if let Some(reference) = self.known_ref(Some(token)) {
                self.ask(&reference, "quarantined");
            }
        }
        let reason = Some(quarantined.reason.as_str());
        Outcome { verdict: Verdict::Quarantined, reason, position: None }
    }

    fn use_token(
        &mut self,
        number: i64,
        event_id: &EventId,
        token: &Identified,
        used_at: ProviderTime,
    ) -> Outcome {
        self.keep_id(token);
        let reference = &token.reference;
        if self.loaded.tokens.get(reference).is_none_or(|known| known.row.is_none()) {
            self.ask(reference, "unknown_token");
        }
        let event_id = event_id.to_string();
        let new = self.loaded.uses.insert((reference.to_string(), event_id.clone()));
        if new {
            let (reference, input, arrival) = (reference.clone(), number, self.head.arrival);
            self.rows.usage.push(UsageRow { reference, event_id, input, used_at, arrival });
        }
        let verdict = if new { Verdict::Applied } else { Verdict::Witness };
        Outcome { verdict, reason: None, position: None }
    }

    /// Whether its event id is known with another body.
    fn conflicts(&mut self, delivery: &Delivery) -> bool {
        let Some(event_id) = delivery.content.event_id() else { return false };
        let bodies = self.loaded.event_ids.entry(event_id.to_string()).or_default();
        bodies.insert(delivery.digest);
        bodies.len() > 1
    }

    /// The ref, if the vault holds the token's id.
    pub(super) fn known_ref(&self, token: Option<&Identified>) -> Option<Ref> {
        let reference = &token?.reference;
        self.loaded.tokens.get(reference)?.salt.as_ref().map(|_| reference.clone())
    }
}

pub(super) fn receipt(known: &KnownInput, copy: bool) -> Receipt {
    Receipt {
        input: known.number,
        verdict: known.verdict,
        reason: known.reason,
        position: known.position,
        as_of: 0,
        copy,
    }
}
