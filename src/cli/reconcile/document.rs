//! A run as the HTTP interface shows it.

use serde_json::Value;
use serde_json::json;

use tokenledger::reconcile::Difference;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::Run;
use tokenledger::token::Status;

use crate::cli::events::stamp;

pub(super) fn of_run(run: &Run) -> Value {
    let counts = &run.counts;
    json!({
        "id": run.id,
        "state": run.state.as_str(),
        "ending": run.ending.map(Ending::as_str),
        "actor": run.actor,
        "dry_run": run.options.dry_run,
        "settle_seconds": run.options.settle.as_secs(),
        "accept": run.options.accept,
        "started_at": stamp(run.started_at),
        "ended_at": run.ended_at.map(stamp),
        "position": run.position,
        "tokens": run.tokens,
        "deleted": run.deleted,
        "absences_allowed": run.absences_allowed,
        "absences_before": run.absences_before,
        "pages": counts.pages,
        "listed": counts.listed,
        "calls": counts.calls,
        "matched": counts.matched,
        "different": counts.different,
        "recorded": counts.recorded,
        "only_at_smartpay": counts.only_at_smartpay,
        "absent": counts.absent,
        "in_flight": counts.in_flight,
        "unattributed": counts.unattributed,
        "unreadable": counts.unreadable,
        "digest": hex::encode(run.digest),
    })
}

pub(super) fn of_difference(one: &Difference) -> Value {
    json!({
        "ref": one.reference,
        "ledger": one.ledger.map(Status::as_str),
        "ledger_since": one.ledger_since.map(stamp),
        "smartpay": one.smartpay.as_str(),
        "smartpay_at": one.smartpay_at.map(stamp),
        "done": one.done.as_str(),
        "likely": one.likely.as_str(),
    })
}
