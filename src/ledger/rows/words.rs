//! Each token's newest reading, and the readings that were wanted.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;

use crate::ledger::rows::Served;
use crate::ledger::rows::WordRow;
use crate::vault::Ref;

pub(super) async fn upsert(
    connection: &mut PgConnection,
    words: &BTreeMap<Ref, Option<WordRow>>,
) -> Result<(), sqlx::Error> {
    let rows: Vec<(&Ref, &WordRow)> =
        words.iter().filter_map(|(reference, row)| Some((reference, row.as_ref()?))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO words (ref, said, at, input, read_at)
        SELECT * FROM unnest(
            $1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::timestamptz[]
        )
        ON CONFLICT (ref) DO UPDATE SET
            said = excluded.said,
            at = excluded.at,
            input = excluded.input,
            read_at = excluded.read_at",
        rows.iter().map(|(reference, _)| reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|(_, row)| row.word.heard.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &rows.iter().map(|(_, row)| row.word.at.to_datetime()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.input).collect::<Vec<_>>(),
        &rows.iter().map(|(_, row)| row.read_at).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn clear(
    connection: &mut PgConnection,
    words: &BTreeMap<Ref, Option<WordRow>>,
) -> Result<(), sqlx::Error> {
    let gone = words.iter().filter(|(_, row)| row.is_none());
    let refs: Vec<&str> = gone.map(|(reference, _)| reference.as_str()).collect();
    if refs.is_empty() {
        return Ok(());
    }
    sqlx::query!("DELETE FROM words WHERE ref = ANY($1)", refs as Vec<&str>)
        .execute(connection)
        .await?;
    Ok(())
}

/// Closes those that nobody has asked for again since.
pub(super) async fn close_served(
    connection: &mut PgConnection,
    rows: &[Served],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM readings_due
        USING unnest($1::text[], $2::timestamptz[], $3::integer[]) AS served (ref, asked_at, asks)
        WHERE readings_due.ref = served.ref AND readings_due.asked_at = served.asked_at
            AND readings_due.asks = served.asks",
        rows.iter().map(|row| row.reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &rows.iter().map(|row| row.wanted.asked_at).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.wanted.asks).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
