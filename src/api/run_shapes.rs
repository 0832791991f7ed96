//! The JSON of comparing with Smartpay.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::shapes::time;
use crate::reconcile::Difference;
use crate::reconcile::Ending;
use crate::reconcile::Run;
use crate::token::Status;

#[derive(Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub(super) struct RunShape {
    pub id: String,
    pub state: &'static str,
    #[schema(required = true)]
    pub ending: Option<&'static str>,
    pub actor: String,
    pub dry_run: bool,
    pub settle_seconds: u64,
    #[schema(required = true)]
    pub accept: Option<u32>,
    #[schema(format = DateTime)]
    pub started_at: String,
    #[schema(format = DateTime, required = true)]
    pub ended_at: Option<String>,
    /// Of the ledger, at the start. So are the next two.
    pub position: i64,
    pub tokens: i64,
    pub deleted: i64,
    pub absences_allowed: i64,
    pub absences_before: i64,
    pub pages: i64,
    pub listed: i64,
    pub calls: i64,
    pub matched: i64,
    pub different: i64,
    pub recorded: i64,
    pub only_at_smartpay: i64,
    pub absent: i64,
    pub in_flight: i64,
    pub unattributed: i64,
    pub unreadable: i64,
    pub digest: String,
}

/// One run, and the first of its differences.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconciliationDetails)]
pub(super) struct RunDetailsShape {
    #[serde(flatten)]
    pub run: RunShape,
    pub differences: Vec<DifferenceShape>,
    /// There are more than are shown here.
    pub more_differences: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Difference)]
pub(super) struct DifferenceShape {
    pub r#ref: String,
    #[schema(required = true)]
    pub ledger: Option<&'static str>,
    #[schema(format = DateTime, required = true)]
    pub ledger_since: Option<String>,
    pub smartpay: &'static str,
    #[schema(format = DateTime, required = true)]
    pub smartpay_at: Option<String>,
    pub done: &'static str,
    pub likely: &'static str,
}

impl RunShape {
    pub(super) fn of(run: &Run) -> Self {
        let counts = &run.counts;
        Self {
            id: run.id.clone(),
            state: run.state.as_str(),
            ending: run.ending.map(Ending::as_str),
            actor: run.actor.clone(),
            dry_run: run.options.dry_run,
            settle_seconds: run.options.settle.as_secs(),
            accept: run.options.accept,
            started_at: time(run.started_at),
            ended_at: run.ended_at.map(time),
            position: run.position,
            tokens: run.tokens,
            deleted: run.deleted,
            absences_allowed: run.absences_allowed,
            absences_before: run.absences_before,
            pages: counts.pages,
            listed: counts.listed,
            calls: counts.calls,
            matched: counts.matched,
            different: counts.different,
            recorded: counts.recorded,
            only_at_smartpay: counts.only_at_smartpay,
            absent: counts.absent,
            in_flight: counts.in_flight,
            unattributed: counts.unattributed,
            unreadable: counts.unreadable,
            digest: hex::encode(run.digest),
        }
    }
}

impl DifferenceShape {
    pub(super) fn of(one: Difference) -> Self {
        Self {
            r#ref: one.reference.into(),
            ledger: one.ledger.map(Status::as_str),
            ledger_since: one.ledger_since.map(time),
            smartpay: one.smartpay.as_str(),
            smartpay_at: one.smartpay_at.map(time),
            done: one.done.as_str(),
            likely: one.likely.as_str(),
        }
    }
}
