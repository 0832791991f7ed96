//! `tokens` is the fold of the events, row by row, in both directions.

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::compare::compare;
use crate::audit::report::counted;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Projections);
    let comparison = compare(&mut snapshot.connection, snapshot.step).await?;
    for differing in &comparison.differing {
        let place = Place::Token(differing.reference.clone());
        report.find(place, differing.expected.clone(), differing.found.clone());
    }
    let all = comparison.changed + comparison.missing + comparison.extra;
    let unnamed = all - i64::try_from(comparison.differing.len())?;
    report.more += u64::try_from(unnamed)?;
    let words = format!(
        "tokens {} = fold of {} events",
        counted(comparison.equal),
        counted(comparison.events)
    );
    Ok(report.looked_at(words))
}
