//! Beside inputs and events: later verdicts, copies, witnesses and charges refer to what is there.

use anyhow::Result;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::inputs::Given;
use crate::audit::inputs::fits;
use crate::audit::report::counted;

pub(super) async fn check(snapshot: &mut Snapshot) -> Result<Report> {
    let mut report = Report::new(Check::Evidence);
    let verdicts = verdicts(snapshot, &mut report).await?;
    let copies = copies(snapshot, &mut report).await?;
    let witnesses = witnesses(snapshot, &mut report).await?;
    let charges = charges(snapshot, &mut report).await?;
    let words = format!(
        "{} later verdicts, {} copies, {} witnesses, {} charges",
        counted(verdicts),
        counted(copies),
        counted(witnesses),
        counted(charges)
    );
    Ok(report.looked_at(words))
}

async fn verdicts(snapshot: &mut Snapshot, report: &mut Report) -> Result<i64> {
    let mut after = (i64::MIN, i32::MIN);
    let mut count = 0;
    loop {
        let step = sqlx::query!(
            r#"SELECT
                verdicts.input,
                verdicts.number,
                verdicts.verdict,
                verdicts.reason,
                verdicts.position,
                (verdicts.number = 1 OR previous.number IS NOT NULL) AS "follows!",
                (verdicts.recorded_at >= inputs.recorded_at) AS later,
                inputs.ref AS reference,
                events.aggregate_id AS "event_ref?",
                events.metadata::text AS event_metadata
            FROM verdicts
            LEFT JOIN verdicts previous ON previous.input = verdicts.input
                AND previous.number = verdicts.number - 1
            LEFT JOIN inputs ON inputs.number = verdicts.input
            LEFT JOIN events ON events.position = verdicts.position
            WHERE (verdicts.input, verdicts.number) > ($1, $2)
            ORDER BY verdicts.input, verdicts.number
            LIMIT $3"#,
            after.0,
            after.1,
            snapshot.step,
        )
        .fetch_all(&mut snapshot.connection)
        .await?;
        let Some(end) = step.last() else { return Ok(count) };
        after = (end.input, end.number);
        for row in &step {
            count += 1;
            let place = Place::Input(row.input);
            let given = Given {
                verdict: &row.verdict,
                reason: row.reason.as_deref(),
                position: row.position,
            };
            let event = row.event_ref.as_deref().zip(row.event_metadata.as_deref());
            // The token of a quarantined input may have become known only later.
            let reference = row.reference.as_deref().or(row.event_ref.as_deref());
            if !row.follows {
                report.find(place, format!("a verdict before number {}", row.number), "none");
            } else if row.later != Some(true) {
                report.find(place, "a later verdict recorded after the input", "no such order");
            } else if let Err(wrong) = fits(&given, row.input, reference, event) {
                report.find(place, wrong.expected, wrong.found);
            }
        }
    }
}

async fn copies(snapshot: &mut Snapshot, report: &mut Report) -> Result<i64> {
    let mut after = (i64::MIN, i32::MIN);
    let mut count = 0;
    loop {
        let step = sqlx::query!(
            r#"SELECT
                copies.input,
                copies.number,
                (copies.number = 1 OR previous.number IS NOT NULL) AS "follows!",
                (inputs.number IS NOT NULL) AS "there!"
            FROM copies
            LEFT JOIN copies previous ON previous.input = copies.input
                AND previous.number = copies.number - 1
            LEFT JOIN inputs ON inputs.number = copies.input
            WHERE (copies.input, copies.number) > ($1, $2)
            ORDER BY copies.input, copies.number
            LIMIT $3"#,
            after.0,
            after.1,
            snapshot.step,
        )
        .fetch_all(&mut snapshot.connection)
        .await?;
        let Some(end) = step.last() else { return Ok(count) };
        after = (end.input, end.number);
        for row in &step {
            count += 1;
            let place = Place::Input(row.input);
            if !row.there {
                report.find(place, "the input that copies are of", "none");
            } else if !row.follows {
                report.find(place, format!("a copy before number {}", row.number), "none");
            }
        }
    }
}

async fn witnesses(snapshot: &mut Snapshot, report: &mut Report) -> Result<i64> {
    let mut after = (String::new(), i64::MIN, i64::MIN);
    let mut count = 0;
    loop {
        let step = sqlx::query!(
            r#"SELECT
                witnesses.ref AS reference,
                witnesses.sequence,
                witnesses.input,
                (events.position IS NOT NULL) AS "event!",
                (inputs.number IS NOT NULL) AS "there!",
                (inputs.ref IS NULL OR inputs.ref = witnesses.ref) AS "same_token!"
            FROM witnesses
            LEFT JOIN events ON events.aggregate_type = 'token'
                AND events.aggregate_id = witnesses.ref AND events.sequence = witnesses.sequence
            LEFT JOIN inputs ON inputs.number = witnesses.input
            WHERE (witnesses.ref, witnesses.sequence, witnesses.input) > ($1, $2, $3)
            ORDER BY witnesses.ref, witnesses.sequence, witnesses.input
            LIMIT $4"#,
            &after.0,
            after.1,
            after.2,
            snapshot.step,
        )
        .fetch_all(&mut snapshot.connection)
        .await?;
        let Some(end) = step.last() else { return Ok(count) };
        after = (end.reference.clone(), end.sequence, end.input);
        for row in &step {
            count += 1;
            let place = Place::Input(row.input);
            if !row.event {
                let event = format!("event {} of the token that it witnesses", row.sequence);
                report.find(place, event, "none");
            } else if !row.there {
                report.find(place, "the input that is the witness", "none");
            } else if !row.same_token {
                report.find(place, "a witness about its own token", "one about another");
            }
        }
    }
}

async fn charges(snapshot: &mut Snapshot, report: &mut Report) -> Result<i64> {
    let mut after = (String::new(), String::new());
    let mut count = 0;
    loop {
        let step = sqlx::query!(
            r#"SELECT
                usage.ref AS reference,
                usage.event_id,
                usage.input,
                (
                    inputs.event_id = usage.event_id
                    AND (inputs.ref IS NULL OR inputs.ref = usage.ref)
                ) AS same
            FROM usage
            LEFT JOIN inputs ON inputs.number = usage.input
            WHERE (usage.ref, usage.event_id) > ($1, $2)
            ORDER BY usage.ref, usage.event_id
            LIMIT $3"#,
            &after.0,
            &after.1,
            snapshot.step,
        )
        .fetch_all(&mut snapshot.connection)
        .await?;
        let Some(end) = step.last() else { return Ok(count) };
        after = (end.reference.clone(), end.event_id.clone());
        for row in &step {
            count += 1;
            match row.same {
                Some(true) => {}
                Some(false) => report.find(
                    Place::Input(row.input),
                    "a charge of the token and the event id of its input",
                    "one of another",
                ),
                None => report.find(Place::Input(row.input), "the input of a charge", "none"),
            }
        }
    }
}
