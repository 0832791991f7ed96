//! Within each token the sequence is dense and follows the positions; the two clocks are sane.

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::events;
use crate::audit::events::Stored;
use crate::audit::report::counted;
use crate::journal::Entry;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Sequences);
    let mut after = snapshot.before_first();
    let mut recorded_at = None;
    let (mut count, mut tokens) = (0, 0);
    loop {
        let step = events::step(&mut snapshot.connection, after, snapshot.step).await?;
        for event in &step {
            let place = || Place::Position(event.position);
            if recorded_at.is_some_and(|before| event.recorded_at < before) {
                report.find(
                    place(),
                    "recorded not before the event in front of it",
                    "recorded earlier",
                );
            }
            if event.recorded_at > snapshot.head.recorded_at {
                report.find(place(), "recorded not after the head", "recorded later");
            }
            recorded_at = Some(event.recorded_at);
            follows(event, &mut report);
            means_something(event, &mut report);
            count += 1;
            tokens += i64::from(event.sequence == 1);
        }
        let Some(end) = step.last() else { break };
        after = end.position;
    }
    let words = format!("{} events of {} tokens, no gaps", counted(count), counted(tokens));
    Ok(report.looked_at(words))
}

/// The event before it in its token is there, and lies before it.
fn follows(event: &Stored, report: &mut Report) {
    let place = Place::Position(event.position);
    let before = event.sequence - 1;
    match event.previous_position {
        None if event.sequence == 1 => {}
        None => report.find(
            place,
            format!("the token's event {before} before its event {}", event.sequence),
            format!("no event {before} of {}", event.aggregate_id),
        ),
        Some(position) if position < event.position && event.sequence > 1 => {}
        Some(position) => report.find(
            place,
            format!("the token's event {before} at an earlier position"),
            format!("it is at position {position}"),
        ),
    }
}

/// It can be decoded, and its time is the one its payload tells.
fn means_something(event: &Stored, report: &mut Report) {
    let place = Place::Position(event.position);
    match Entry::try_from(event.row()) {
        Ok(entry) if entry.event.at().to_datetime() == entry.occurred_at => {}
        Ok(entry) => report.find(
            place,
            format!("occurred at {}, as its payload says", entry.event.at().to_datetime()),
            format!("occurred at {}", entry.occurred_at),
        ),
        Err(error) => report.find(place, "an event that can be read", error.what),
    }
}
