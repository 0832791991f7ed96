//! Deciding a claim.

use crate::journal::Cause;
use crate::journal::CauseKind;
use crate::ledger::Claimed;
use crate::ledger::Receipt;
use crate::ledger::plan::Plan;
use crate::ledger::plan::append::Source;
use crate::ledger::rows::InputRow;
use crate::token::Command;

impl Plan<'_> {
    pub(super) fn claim(&mut self, claimed: &Claimed) -> Receipt {
        let number = self.next_input();
        self.keep_id(&claimed.token);
        let cause = Cause {
            kind: CauseKind::Import,
            id: format!("in_{number}"),
            input: number.to_string(),
            actor: Some(claimed.actor.clone()),
            reason: Some(claimed.reason.clone()),
        };
        let source = Source { number, digest: &claimed.digest, cause };
        let command = Command::Claim(claimed.claim.clone());
        let outcome = self.apply(&claimed.token.reference, &command, &source);
        self.rows.inputs.push(InputRow {
            number,
            kind: "import",
            endpoint: String::new(),
            digest: claimed.digest,
            event_id: None,
            event_type: None,
            reference: Some(claimed.token.reference.clone()),
            received_at: claimed.received_at,
            signed: None,
            conflict: false,
            verdict: outcome.verdict,
            reason: outcome.reason,
            position: outcome.position,
            arrival: self.head.arrival,
            chain: [0; 32],
        });
        self.keep_body(number, Some(&claimed.token.reference), &claimed.body);
        Receipt {
            input: number,
            verdict: outcome.verdict,
            reason: outcome.reason,
            position: outcome.position,
            as_of: 0,
            copy: false,
        }
    }
}
