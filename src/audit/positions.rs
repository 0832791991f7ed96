//! Positions are dense from 1, and the head names the last.

use cqrs_es::Aggregate;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::events;
use crate::audit::report::counted;
use crate::token::Token;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Positions);
    let mut after = snapshot.before_first();
    let mut last = snapshot.from - 1;
    let mut count = 0;
    loop {
        let step = events::step(&mut snapshot.connection, after, snapshot.step).await?;
        for event in &step {
            if event.position != last + 1 {
                let place = Place::Position(last + 1);
                report.find(
                    place,
                    "an event",
                    format!("none: the next is at position {}", event.position),
                );
            }
            if event.aggregate_type != Token::TYPE {
                let place = Place::Position(event.position);
                report.find(place, format!("an event of a {}", Token::TYPE), "one of another type");
            }
            last = event.position;
            count += 1;
        }
        let Some(end) = step.last() else { break };
        after = end.position;
    }
    let head = snapshot.head.position;
    // One position behind the head is where reading ends when it begins there.
    if last != head && snapshot.from <= head + 1 {
        let place = Place::Position(last.min(head) + 1);
        report.find(
            place,
            format!("the last event at position {head}, as the head says"),
            format!("the last event at position {last}"),
        );
    }
    Ok(report.looked_at(format!("{} events, no gaps", counted(count))))
}
