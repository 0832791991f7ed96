//! Deciding a claim.

use crate::journal::Cause;
use crate::journal::CauseKind;
use crate::ledger::Claimed;
use crate::ledger::Receipt;
use crate::ledger::import::KnownImport;
use crate::ledger::import::SUPERSEDED;
use crate::ledger::intents::IntentState;
use crate::ledger::intents::SessionRow;
use crate::ledger::intents::Settled;
use crate::ledger::loaded::KnownToken;
use crate::ledger::plan::Plan;
use crate::ledger::plan::Unsigned;
use crate::ledger::plan::append::Source;
use crate::token::ClaimOrigin;
use crate::token::Command;

impl Plan<'_> {
    pub(super) fn claim(&mut self, claimed: &Claimed) -> Receipt {
        if let Some(known) = self.loaded.imports.get(&claimed.digest).copied() {
            return self.imported_before(claimed, known);
        }
        self.head.arrival += 1;
        let number = self.next_input();
        self.keep_id(&claimed.token);
        let (kind, cause_kind) = kinds(claimed.claim.origin);
        let cause = Cause {
            kind: cause_kind,
            id: claimed.run.clone().unwrap_or_else(|| format!("in_{number}")),
            input: number.to_string(),
            actor: Some(claimed.authority.actor.clone()),
            reason: Some(claimed.authority.reason.clone()),
        };
        let source = Source { number, digest: &claimed.digest, cause };
        let command = Command::Claim(claimed.claim.clone());
        let reference = &claimed.token.reference;
        let outcome = self.apply(reference, &command, &source);
        if claimed.claim.origin == ClaimOrigin::Import {
            // Whether it is still there, and can be charged, only Smartpay knows.
            self.ask(reference, "import");
            let (verdict, position) = (outcome.verdict, outcome.position);
            let known = KnownImport { number, verdict, position };
            self.loaded.imports.insert(claimed.digest, known);
        }
        if let Some(made) = &claimed.made {
            self.rows.settled.push(Settled {
                intent: made.intent.clone(),
                state: IntentState::Settled,
                error_code: None,
                input: number,
                session: Some(SessionRow {
                    reference: claimed.token.reference.clone(),
                    session: made.session.to_string(),
                    expires_at: made.expires_at,
                    check_at: made.check_at,
                    sealed_page: made.sealed_page.clone(),
                }),
            });
        }
        let came = Unsigned {
            kind,
            call: claimed.made.as_ref().map(|made| made.call.as_str()),
            digest: &claimed.digest,
            received_at: claimed.received_at,
            token: Some(&claimed.token),
            body: &claimed.body,
        };
        self.keep_unsigned(number, &came, &outcome)
    }

    /// Says nothing new, so that an import may be run again. It would have an effect only where
    /// what it says was corrected, and a correction must stand.
    fn imported_before(&self, claimed: &Claimed, known: KnownImport) -> Receipt {
        let token = self.loaded.tokens.get(&claimed.token.reference);
        let token = token.map(KnownToken::token).unwrap_or_default();
        let would = (self.rules)(&token, &Command::Claim(claimed.claim.clone()));
        Receipt {
            input: known.number,
            verdict: known.verdict,
            reason: (!would.events.is_empty()).then_some(SUPERSEDED),
            position: known.position,
            as_of: 0,
            copy: true,
        }
    }
}

/// Of the input, and of the cause.
const fn kinds(origin: ClaimOrigin) -> (&'static str, CauseKind) {
    match origin {
        ClaimOrigin::SessionResponse => ("response", CauseKind::Api),
        ClaimOrigin::Import => ("import", CauseKind::Import),
        ClaimOrigin::Correction => ("correction", CauseKind::Api),
    }
}
