//! Writing rows of the projection, many at once.
#![expect(clippy::too_many_lines, reason = "one column a line, three times")]
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use sqlx::postgres::PgConnection;

use crate::projections::tokens::TokenRow;
use crate::token::Consumer;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::SessionId;

/// Inserts or replaces each token's row. The caller holds the head's lock.
pub async fn upsert(connection: &mut PgConnection, rows: &[&TokenRow]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let refs: Vec<&str> = rows.iter().map(|row| row.reference.as_str()).collect();
    let statuses: Vec<&str> = rows.iter().map(|row| row.token().status().as_str()).collect();
    let consumers: Vec<Option<&str>> =
        rows.iter().map(|row| row.token().consumer().map(Consumer::as_str)).collect();
    let sessions: Vec<Option<&str>> =
        rows.iter().map(|row| row.token().session().map(SessionId::as_str)).collect();
    let references: Vec<Option<&str>> =
        rows.iter().map(|row| row.token().reference().map(Reference::as_str)).collect();
    let sequences: Vec<i64> = rows.iter().map(|row| bigint(row.token().sequence())).collect();
    let positions: Vec<i64> = rows.iter().map(|row| row.position).collect();
    let firsts: Vec<i64> = rows.iter().map(|row| row.first_position).collect();
    let created: Vec<_> =
        rows.iter().map(|row| row.token().created_at().map(ProviderTime::to_datetime)).collect();
    let since: Vec<_> = rows
        .iter()
        .map(|row| row.token().since().map_or(row.occurred_at, ProviderTime::to_datetime))
        .collect();
    let occurred: Vec<_> = rows.iter().map(|row| row.occurred_at).collect();
    let recorded: Vec<_> = rows.iter().map(|row| row.recorded_at).collect();
    let noticed: Vec<_> = rows
        .iter()
        .map(|row| row.token().last_notice_at().map(ProviderTime::to_datetime))
        .collect();
    let anomalies: Vec<i32> = rows
        .iter()
        .map(|row| i32::try_from(row.token().anomalies()).expect("a stream is short"))
        .collect();
    sqlx::query!(
        "INSERT INTO tokens (
            ref, status, consumer, session, reference, sequence, position, first_position,
            created_at, since, occurred_at, recorded_at, last_notice_at, anomalies
        )
        SELECT * FROM unnest(
            $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
            $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
            $12::timestamptz[], $13::timestamptz[], $14::integer[]
        )
        ON CONFLICT (ref) DO UPDATE SET
            status = excluded.status,
            consumer = excluded.consumer,
            session = excluded.session,
            reference = excluded.reference,
            sequence = excluded.sequence,
            position = excluded.position,
            first_position = excluded.first_position,
            created_at = excluded.created_at,
            since = excluded.since,
            occurred_at = excluded.occurred_at,
            recorded_at = excluded.recorded_at,
            last_notice_at = excluded.last_notice_at,
            anomalies = excluded.anomalies",
        refs as Vec<&str>,
        statuses as Vec<&str>,
        consumers as Vec<Option<&str>>,
        sessions as Vec<Option<&str>>,
        references as Vec<Option<&str>>,
        &sequences,
        &positions,
        &firsts,
        created as Vec<Option<chrono::DateTime<chrono::Utc>>>,
        &since,
        &occurred,
        &recorded,
        noticed as Vec<Option<chrono::DateTime<chrono::Utc>>>,
        &anomalies,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn bigint(number: u64) -> i64 {
    i64::try_from(number).expect("sequences fit bigint")
}
