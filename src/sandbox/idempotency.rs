//! Requests under a key: within six hours the same one gets the same answer.

use sqlx::postgres::PgConnection;

use crate::token::ProviderTime;

/// From the first receipt.
const WINDOW_MS: i64 = 6 * 60 * 60 * 1000;

/// What a key stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// Nothing yet: the request is to be carried out, and its answer kept.
    New,
    /// The answer to the same request.
    Answered { status: u16, body: Vec<u8> },
    /// Another request.
    Other,
}

/// Claims the key. Whoever comes at the same time waits for the end of this transaction.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    key: &str,
    request: &[u8],
    now: ProviderTime,
) -> Result<Known, sqlx::Error> {
    let claimed = sqlx::query_scalar!(
        "INSERT INTO sandbox.idempotency AS known (key, request, first_received_at_ms)
         VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET
            request = excluded.request,
            first_received_at_ms = excluded.first_received_at_ms,
            status = NULL,
            body = NULL
         WHERE known.first_received_at_ms <= $4
         RETURNING key",
        key,
        request,
        now.millis(),
        now.millis() - WINDOW_MS,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if claimed.is_some() {
        return Ok(Known::New);
    }
    let known = sqlx::query!(
        r#"SELECT request, status AS "status!", body AS "body!" FROM sandbox.idempotency
         WHERE key = $1"#,
        key,
    )
    .fetch_one(connection)
    .await?;
    if known.request != request {
        return Ok(Known::Other);
    }
    let status = u16::try_from(known.status).expect("only HTTP statuses are written");
    Ok(Known::Answered { status, body: known.body })
}

/// Keeps the answer to the request that claimed the key.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    key: &str,
    status: u16,
    body: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE sandbox.idempotency SET status = $2, body = $3 WHERE key = $1",
        key,
        i32::from(status),
        body,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets keys whose time is over.
pub(crate) async fn sweep(
    connection: &mut PgConnection,
    now: ProviderTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM sandbox.idempotency WHERE first_received_at_ms <= $1",
        now.millis() - WINDOW_MS,
    )
    .execute(connection)
    .await?;
    Ok(())
}
