//! Events.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use cqrs_es::Aggregate;
use sqlx::postgres::PgConnection;

use crate::journal::Entry;
use crate::token::EVENT_VERSION;
use crate::token::Token;

pub(super) async fn insert_entries(
    connection: &mut PgConnection,
    entries: &[Entry],
) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO events (
            aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
            position, occurred_at, recorded_at, leaf_hash
        )
        SELECT
            $1, aggregate_id, sequence, event_type, $5, payload::json, metadata::json,
            position, occurred_at, recorded_at, leaf_hash
        FROM unnest(
            $2::text[], $3::bigint[], $4::text[], $6::text[], $7::text[],
            $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::bytea[]
        ) AS new (
            aggregate_id, sequence, event_type, payload, metadata, position, occurred_at,
            recorded_at, leaf_hash
        )
        RETURNING position",
        Token::TYPE,
        entries.iter().map(|entry| entry.reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &entries
            .iter()
            .map(|entry| i64::try_from(entry.sequence).expect("sequences fit bigint"))
            .collect::<Vec<_>>(),
        entries.iter().map(|entry| entry.event.kind().as_str()).collect::<Vec<_>>() as Vec<&str>,
        EVENT_VERSION,
        entries.iter().map(|entry| entry.payload.as_str()).collect::<Vec<_>>() as Vec<&str>,
        entries.iter().map(|entry| entry.metadata.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &entries.iter().map(|entry| entry.position).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.occurred_at).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.recorded_at).collect::<Vec<_>>(),
        entries.iter().map(|entry| entry.leaf_hash.as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
