//! The table `idempotency`.

use std::sync::Arc;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use crate::database::BEGIN_ASIDE;

/// How long an answer is kept, from the first request on.
pub(super) const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a request in flight is its holder's alone. Well above the deadline of requests, since
/// the clocks of several processes differ.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// Rows removed by one transaction.
const STEP: i64 = 1_000;
/// The most transactions of one sweep; what is left waits for the next.
const STEPS_MAX: u32 = 1_000;
/// A row that is there cannot be read because another removes it: looked for again so often.
const TRIES_MAX: u32 = 3;

/// One request under one key.
pub(super) struct Asked {
    pub key: [u8; 32],
    pub client: Arc<str>,
    pub request: [u8; 32],
    pub at: DateTime<Utc>,
}

/// The right to act for a key, until its lease is over.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub key: [u8; 32],
    pub request_id: String,
    leased_until: DateTime<Utc>,
}

/// An answer, sealed.
pub(super) struct Kept {
    pub request_id: String,
    pub status: i32,
    pub salt: Vec<u8>,
    pub sealed: Vec<u8>,
}

pub(super) enum Claim {
    /// This request acts.
    Held(Held),
    Answered(Kept),
    /// The key stands for another request.
    Reused,
    InFlight,
}

/// Takes the key, unless it is in flight, answered, or another request's. One row per key decides
/// among several processes.
pub(super) async fn claim(
    connection: &mut PgConnection,
    asked: &Asked,
    new_request_id: &str,
) -> Result<Claim, sqlx::Error> {
    for _ in 0..TRIES_MAX {
        if let Some(held) = take(connection, asked, new_request_id).await? {
            return Ok(Claim::Held(held));
        }
        let row = sqlx::query!(
            "SELECT request, request_id, status, salt, sealed FROM idempotency WHERE key = $1",
            asked.key.as_slice(),
        )
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { continue };
        if row.request != asked.request {
            return Ok(Claim::Reused);
        }
        return Ok(match (row.status, row.salt, row.sealed) {
            (Some(status), Some(salt), Some(sealed)) => {
                Claim::Answered(Kept { request_id: row.request_id, status, salt, sealed })
            }
            _ => Claim::InFlight,
        });
    }
    Ok(Claim::InFlight)
}

/// A key that is new, whose time is over, or which the same request left without an answer.
async fn take(
    connection: &mut PgConnection,
    asked: &Asked,
    new_request_id: &str,
) -> Result<Option<Held>, sqlx::Error> {
    let leased_until = asked.at + LEASE;
    let request_id = sqlx::query_scalar!(
        "INSERT INTO idempotency AS kept (
            key, client, request, request_id, created_at, leased_until
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (key) DO UPDATE SET
            request = EXCLUDED.request,
            request_id = CASE
                WHEN kept.created_at <= $7 THEN EXCLUDED.request_id ELSE kept.request_id
            END,
            created_at = CASE
                WHEN kept.created_at <= $7 THEN EXCLUDED.created_at ELSE kept.created_at
            END,
            leased_until = EXCLUDED.leased_until,
            status = NULL,
            salt = NULL,
            sealed = NULL
        WHERE kept.leased_until <= EXCLUDED.created_at
            AND (
                kept.created_at <= $7
                OR (kept.status IS NULL AND kept.request = EXCLUDED.request)
            )
        RETURNING kept.request_id",
        asked.key.as_slice(),
        &*asked.client,
        asked.request.as_slice(),
        new_request_id,
        asked.at,
        leased_until,
        asked.at - KEPT,
    )
    .fetch_optional(connection)
    .await?;
    Ok(request_id.map(|request_id| Held { key: asked.key, request_id, leased_until }))
}

/// Keeps the answer. Says whether the key was still held: its lease may have been over.
pub(super) async fn answer(
    connection: &mut PgConnection,
    held: &Held,
    kept: &Kept,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE idempotency SET status = $4, salt = $5, sealed = $6, leased_until = $7
        WHERE key = $1 AND request_id = $2 AND leased_until = $3 AND status IS NULL",
        held.key.as_slice(),
        held.request_id,
        held.leased_until,
        kept.status,
        kept.salt,
        kept.sealed,
        now,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing was done: the key is free for any request.
pub(super) async fn release(connection: &mut PgConnection, held: &Held) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM idempotency
        WHERE key = $1 AND request_id = $2 AND leased_until = $3 AND status IS NULL",
        held.key.as_slice(),
        held.request_id,
        held.leased_until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Something may have been done: the same request may go on at once, and no other may.
pub(super) async fn give_up(
    connection: &mut PgConnection,
    held: &Held,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE idempotency SET leased_until = $4
        WHERE key = $1 AND request_id = $2 AND leased_until = $3 AND status IS NULL",
        held.key.as_slice(),
        held.request_id,
        held.leased_until,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes rows whose time is over, in small transactions. Says how many.
pub(super) async fn sweep(pool: &PgPool, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let mut swept = 0;
    for _ in 0..STEPS_MAX {
        let mut tx = pool.begin_with(BEGIN_ASIDE).await?;
        let step = sqlx::query!(
            "DELETE FROM idempotency WHERE key IN (
                SELECT key FROM idempotency
                WHERE created_at <= $1 AND leased_until <= $2
                ORDER BY created_at
                LIMIT $3
                FOR UPDATE SKIP LOCKED
            )",
            now - KEPT,
            now,
            STEP,
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        swept += step;
        if step < STEP.unsigned_abs() {
            break;
        }
    }
    Ok(swept)
}

/// Whether there are so many rows or more.
pub(super) async fn has_rows(pool: &PgPool, count: i64) -> Result<bool, sqlx::Error> {
    let found = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM idempotency LIMIT $1) AS rows"#,
        count,
    )
    .fetch_one(pool)
    .await?;
    Ok(found >= count)
}
