//! Acts: their numbers are dense, their chain is that of their rows, the first begins incarnation 1.

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::report::counted;
use crate::audit::report::short;
use crate::database::Act;
use crate::database::CHAIN_BEGINS;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Acts);
    let (mut after, mut last) = (i64::MIN, 0);
    let mut count = 0;
    let mut recorded_at = None;
    let mut previous = CHAIN_BEGINS.to_vec();
    loop {
        let step = sqlx::query!(
            r#"SELECT
                number, kind, actor, reason, details::text AS "details!", recorded_at, chain
            FROM acts
            WHERE number > $1
            ORDER BY number
            LIMIT $2"#,
            after,
            snapshot.step,
        )
        .fetch_all(&mut snapshot.connection)
        .await?;
        let Some(end) = step.last() else { break };
        after = end.number;
        for row in &step {
            let act = Act {
                number: row.number,
                kind: &row.kind,
                actor: &row.actor,
                reason: &row.reason,
                details: &row.details,
                recorded_at: row.recorded_at,
            };
            if act.number != last + 1 {
                let found = format!("none: the next is act {}", act.number);
                report.find(Place::Act(last + 1), "an act", found);
            }
            let place = Place::Act(act.number);
            if act.number == 1 && act.kind != "incarnation" {
                report.find(place, "the act that began the ledger", "one of another kind");
            } else if act.chain(&previous).as_slice() != row.chain {
                report.find(
                    place,
                    format!("a chain of {}", short(&act.chain(&previous))),
                    format!("a chain of {}", short(&row.chain)),
                );
            } else if recorded_at.is_some_and(|before| act.recorded_at < before) {
                report.find(place, "recorded not before the act in front of it", "earlier");
            }
            previous.clone_from(&row.chain);
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
    Ok(report.looked_at(format!("acts: {}, no gaps", counted(count))))
}
