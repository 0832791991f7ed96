//! Each leaf, computed again from the texts as they are stored.

use std::collections::HashMap;

use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::events;
use crate::audit::events::Stored;
use crate::audit::report::counted;
use crate::audit::report::short;
use crate::journal::Leaf;
use crate::journal::leaf_hash;

/// Before a token's first event.
const NO_LEAF: [u8; 32] = [0; 32];

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Leaves);
    let mut after = snapshot.before_first();
    let mut count = 0;
    // Incarnations only go up: each event has that of the one before it, or a later one.
    let mut incarnation = 1;
    loop {
        let step = events::step(&mut snapshot.connection, after, snapshot.step).await?;
        let digests = digests(&mut snapshot.connection, &step).await?;
        for event in &step {
            count += 1;
            let place = Place::Position(event.position);
            let digest = event.input().and_then(|input| digests.get(&input));
            let Some(digest) = digest else {
                report.find(
                    place,
                    "an input that the metadata name",
                    "none, or none that is there",
                );
                continue;
            };
            let Some(computed) = compute(event, digest, incarnation) else {
                report.find(
                    place,
                    "a leaf of 32 bytes before it",
                    "none, or one of another length",
                );
                continue;
            };
            if computed.as_slice() == event.leaf_hash {
                continue;
            }
            let later = (incarnation + 1..=snapshot.head.incarnation).find(|later| {
                compute(event, digest, *later)
                    .is_some_and(|leaf| leaf.as_slice() == event.leaf_hash)
            });
            if let Some(later) = later {
                incarnation = later;
                continue;
            }
            report.find(
                place,
                format!("a leaf of {}, which the stored texts hash to", short(&computed)),
                format!("a leaf of {}", short(&event.leaf_hash)),
            );
        }
        let Some(end) = step.last() else { break };
        after = end.position;
    }
    Ok(report.looked_at(format!("{} leaves computed again", counted(count))))
}

fn compute(event: &Stored, digest: &[u8; 32], incarnation: i32) -> Option<[u8; 32]> {
    let previous = match &event.previous_leaf {
        Some(leaf) => leaf.as_slice().try_into().ok()?,
        None => NO_LEAF,
    };
    Some(leaf_hash(&Leaf {
        incarnation,
        reference: &event.aggregate_id,
        sequence: u64::try_from(event.sequence).ok()?,
        event_type: &event.event_type,
        event_version: &event.event_version,
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        payload: &event.payload,
        metadata: &event.metadata,
        input_digest: digest,
        previous: &previous,
    }))
}

/// Of the inputs that a step's events name.
async fn digests(
    connection: &mut PgConnection,
    step: &[Stored],
) -> Result<HashMap<i64, [u8; 32]>, sqlx::Error> {
    let numbers: Vec<i64> = step.iter().filter_map(Stored::input).collect();
    let rows = sqlx::query!("SELECT number, digest FROM inputs WHERE number = ANY($1)", &numbers)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.number, row.digest.try_into().ok()?))).collect())
}
