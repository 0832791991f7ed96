//! What an answer would change: the rules are asked, and nothing is written.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::ledger::KnownToken;
use crate::ledger::adds_absence;
use crate::reconcile::difference::Difference;
use crate::reconcile::difference::Done;
use crate::reconcile::difference::Likely;
use crate::token::Command;
use crate::token::Heard;
use crate::token::ProviderTime;
use crate::token::Status;
use crate::token::Token;
use crate::token::decide;
use crate::vault::Ref;

/// What Smartpay says of a token, as the rules take it.
pub(super) struct Statement<'a> {
    pub reference: &'a Ref,
    pub command: &'a Command,
    pub heard: Heard,
    /// Smartpay's own; a 404 has none.
    pub at: Option<ProviderTime>,
}

/// None where both agree. Otherwise `done` foretells what the rules will do.
pub(super) fn compare(token: &Token, statement: &Statement<'_>) -> Option<Difference> {
    let decision = decide(token, statement.command);
    let status = token.status();
    let adds = match statement.heard {
        Heard::Absent => adds_absence(token, &decision),
        Heard::Said(_) => !decision.events.is_empty(),
    };
    let agrees = match statement.heard {
        // Nothing new: it is known to be gone.
        Heard::Absent => !adds,
        Heard::Said(said) => !adds && said.agrees_with(status),
    };
    if agrees {
        return None;
    }
    let known = status != Status::Unknown;
    Some(Difference {
        reference: statement.reference.clone(),
        ledger: known.then_some(status),
        ledger_since: token.since().map(ProviderTime::to_datetime),
        smartpay: statement.heard,
        smartpay_at: statement.at.map(ProviderTime::to_datetime),
        done: if adds { Done::Recorded } else { Done::NotRecorded },
        likely: likely(token, statement, adds),
    })
}

/// Whether something happened to the token so lately that a webhook may be under way.
pub(super) fn is_in_flight(
    known: Option<&KnownToken>,
    difference: &Difference,
    settle: TimeDelta,
    now: DateTime<Utc>,
) -> bool {
    let recorded = known.and_then(|known| known.row.as_ref()).map(|row| row.recorded_at);
    let latest = recorded.max(difference.smartpay_at);
    latest.is_some_and(|latest| now - latest < settle)
}

fn likely(token: &Token, statement: &Statement<'_>, adds: bool) -> Likely {
    match token.status() {
        Status::Unknown => Likely::NeverHeardOf,
        Status::Deleted if adds => Likely::WronglyGone,
        Status::Deleted => Likely::DeletionIsFinal,
        Status::AwaitingAuthorization
        | Status::Active
        | Status::Disabled
        | Status::Rejected
        | Status::Canceled => {
            if !adds {
                Likely::OldAnswer
            } else if statement.at.is_some() && statement.at == token.newest_provider_time() {
                Likely::SameTime
            } else {
                Likely::MissedWebhook
            }
        }
    }
}
