//! Witnesses, charges and wanted readings.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::rows::Due;
use crate::ledger::rows::UsageRow;
use crate::ledger::rows::WitnessRow;

pub(super) async fn insert_witnesses(
    connection: &mut PgConnection,
    rows: &[WitnessRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    // A copy of a quarantined delivery that is decided anew may agree once more.
    sqlx::query!(
        "INSERT INTO witnesses (ref, sequence, input, arrival)
        SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
        ON CONFLICT (ref, sequence, input) DO NOTHING",
        rows.iter().map(|row| row.reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &rows
            .iter()
            .map(|row| i64::try_from(row.sequence).expect("sequences fit bigint"))
            .collect::<Vec<_>>(),
        &rows.iter().map(|row| row.input).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.arrival).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_usage(
    connection: &mut PgConnection,
    rows: &[UsageRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO usage (ref, event_id, input, used_at, arrival)
        SELECT *
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::bigint[])
        RETURNING ref",
        rows.iter().map(|row| row.reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|row| row.event_id.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &rows.iter().map(|row| row.input).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.used_at.to_datetime()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.arrival).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// One open row per token: the first cause stands, and that it was asked for again is counted.
pub(super) async fn insert_readings_due(
    connection: &mut PgConnection,
    rows: &[Due],
    asked_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for due in rows {
        first.entry(due.reference.as_str()).or_insert(due.cause);
    }
    let (refs, causes): (Vec<&str>, Vec<&str>) = first.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO readings_due (ref, cause, asked_at, asks)
        SELECT ref, cause, $3, 1
        FROM unnest($1::text[], $2::text[]) AS new (ref, cause)
        ON CONFLICT (ref) DO UPDATE SET asks = readings_due.asks + 1",
        refs as Vec<&str>,
        causes as Vec<&str>,
        asked_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
