//! Acts: their numbers are dense, the first begins incarnation 1.

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::report::counted;

/// Rows of one step.
const STEP: i64 = 1_000;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Acts);
    let (mut after, mut last) = (i64::MIN, 0);
    let mut count = 0;
    let mut recorded_at = None;
    loop {
        let step = sqlx::query!(
            "SELECT number, kind, recorded_at FROM acts WHERE number > $1 ORDER BY number LIMIT $2",
            after,
            STEP,
        )
        .fetch_all(&mut snapshot.connection)
        .await?;
        let Some(end) = step.last() else { break };
        after = end.number;
        for act in &step {
            if act.number != last + 1 {
                let found = format!("none: the next is act {}", act.number);
                report.find(Place::Act(last + 1), "an act", found);
            }
            let place = Place::Act(act.number);
            if act.number == 1 && act.kind != "incarnation" {
                report.find(place, "the act that began the ledger", "one of another kind");
            } else if recorded_at.is_some_and(|before| act.recorded_at < before) {
                report.find(place, "recorded not before the act in front of it", "earlier");
            }
            recorded_at = Some(act.recorded_at);
            last = act.number;
            count += 1;
        }
    }
    let head = snapshot.head.act;
    if last != head {
        report.find(
            Place::Act(last.min(head) + 1),
            format!("the last act {head}, as the head says"),
            format!("the last act {last}"),
        );
    }
    Ok(report.looked_at(format!("{} acts, no gaps", counted(count))))
}
