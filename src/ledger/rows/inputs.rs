//! Inputs, their copies, their later verdicts.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::Verdict;
use crate::ledger::rows::CopyRow;
use crate::ledger::rows::InputRow;
use crate::ledger::rows::Signed;
use crate::ledger::rows::VerdictRow;
use crate::vault::Ref;

pub(super) async fn insert_inputs(
    connection: &mut PgConnection,
    rows: &[InputRow],
    recorded_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let signed = |field: fn(&Signed) -> &str| -> Vec<Option<&str>> {
        rows.iter().map(|row| row.signed.as_ref().map(field)).collect()
    };
    sqlx::query!(
        "INSERT INTO inputs (
            number, kind, endpoint, digest, event_id, type, ref, received_at, recorded_at,
            signature, signature_timestamp, key_variant, secret_fingerprint, conflict, verdict,
            reason, position, arrival, chain
        )
        SELECT
            number, kind, endpoint, digest, event_id, type, ref, received_at, $16,
            signature, signature_timestamp, key_variant, secret_fingerprint, conflict, verdict,
            reason, position, arrival, chain
        FROM unnest(
            $1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[],
            $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[],
            $14::text[], $15::text[], $17::bigint[], $18::bigint[], $19::bytea[]
        ) AS new (
            number, kind, endpoint, digest, event_id, type, ref, received_at, signature,
            signature_timestamp, key_variant, secret_fingerprint, conflict, verdict, reason,
            position, arrival, chain
        )
        RETURNING number",
        &rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        rows.iter().map(|row| row.kind).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|row| row.endpoint.as_str()).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|row| row.digest.as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
        rows.iter().map(|row| row.event_id.as_deref()).collect::<Vec<_>>() as Vec<Option<&str>>,
        rows.iter().map(|row| row.event_type.as_deref()).collect::<Vec<_>>() as Vec<Option<&str>>,
        rows.iter().map(|row| row.reference.as_ref().map(Ref::as_str)).collect::<Vec<_>>()
            as Vec<Option<&str>>,
        &rows.iter().map(|row| row.received_at).collect::<Vec<_>>(),
        signed(|signed| &signed.signature) as Vec<Option<&str>>,
        signed(|signed| &signed.timestamp) as Vec<Option<&str>>,
        signed(|signed| signed.key_variant.as_str()) as Vec<Option<&str>>,
        signed(|signed| &signed.secret_fingerprint) as Vec<Option<&str>>,
        &rows.iter().map(|row| row.conflict).collect::<Vec<_>>(),
        verdicts(rows.iter().map(|row| row.verdict)) as Vec<&str>,
        rows.iter().map(|row| row.reason).collect::<Vec<_>>() as Vec<Option<&str>>,
        recorded_at,
        rows.iter().map(|row| row.position).collect::<Vec<_>>() as Vec<Option<i64>>,
        &rows.iter().map(|row| row.arrival).collect::<Vec<_>>(),
        rows.iter().map(|row| row.chain.as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_copies(
    connection: &mut PgConnection,
    rows: &[CopyRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let signed = |field: fn(&Signed) -> &str| -> Vec<&str> {
        rows.iter().map(|row| field(&row.signed)).collect()
    };
    sqlx::query!(
        "INSERT INTO copies (
            input, number, received_at, signature, signature_timestamp, key_variant,
            secret_fingerprint, arrival, chain
        )
        SELECT * FROM unnest(
            $1::bigint[], $2::integer[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::bigint[], $9::bytea[]
        )
        RETURNING input",
        &rows.iter().map(|row| row.input).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.received_at).collect::<Vec<_>>(),
        signed(|signed| &signed.signature) as Vec<&str>,
        signed(|signed| &signed.timestamp) as Vec<&str>,
        signed(|signed| signed.key_variant.as_str()) as Vec<&str>,
        signed(|signed| &signed.secret_fingerprint) as Vec<&str>,
        &rows.iter().map(|row| row.arrival).collect::<Vec<_>>(),
        rows.iter().map(|row| row.chain.as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_verdicts(
    connection: &mut PgConnection,
    rows: &[VerdictRow],
    recorded_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO verdicts (
            input, number, verdict, reason, position, recorded_at, arrival, chain
        )
        SELECT input, number, verdict, reason, position, $6, arrival, chain
        FROM unnest(
            $1::bigint[], $2::integer[], $3::text[], $4::text[], $5::bigint[], $7::bigint[],
            $8::bytea[]
        ) AS new (input, number, verdict, reason, position, arrival, chain)
        RETURNING input",
        &rows.iter().map(|row| row.input).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        verdicts(rows.iter().map(|row| row.verdict)) as Vec<&str>,
        rows.iter().map(|row| row.reason).collect::<Vec<_>>() as Vec<Option<&str>>,
        rows.iter().map(|row| row.position).collect::<Vec<_>>() as Vec<Option<i64>>,
        recorded_at,
        &rows.iter().map(|row| row.arrival).collect::<Vec<_>>(),
        rows.iter().map(|row| row.chain.as_ref().map(<[u8; 32]>::as_slice)).collect::<Vec<_>>()
            as Vec<Option<&[u8]>>,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

fn verdicts(verdicts: impl Iterator<Item = Verdict>) -> Vec<&'static str> {
    verdicts.map(Verdict::as_str).collect()
}
