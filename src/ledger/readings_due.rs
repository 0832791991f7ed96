//! Readings that are wanted from Smartpay: one open row per token, served by the duty holder.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use crate::database::BEGIN_ASIDE;
use crate::ledger::Wanted;
use crate::vault::Ref;

/// Asks for a reading of a token whose id the vault holds; of others there is nothing to read. What
/// is asked here was refused, and comes again if a standby that takes over does not know of it.
pub async fn ask(
    pool: &PgPool,
    reference: &Ref,
    cause: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin_with(BEGIN_ASIDE).await?;
    sqlx::query!(
        "INSERT INTO readings_due (ref, cause, asked_at, asks)
        SELECT vault.ref, $2::text, $3::timestamptz, 1 FROM vault WHERE vault.ref = $1
        ON CONFLICT (ref) DO UPDATE SET asks = readings_due.asks + 1",
        reference.as_str(),
        cause,
        now,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Readings that are open for one cause.
#[derive(Clone, Debug)]
pub struct Open {
    pub cause: String,
    pub count: i64,
    pub oldest: DateTime<Utc>,
}

/// What is open, the oldest cause first.
pub async fn open(connection: &mut PgConnection) -> Result<Vec<Open>, sqlx::Error> {
    sqlx::query_as!(
        Open,
        r#"SELECT cause, count(*) AS "count!", min(asked_at) AS "oldest!"
        FROM readings_due
        GROUP BY cause
        ORDER BY 3, 1"#,
    )
    .fetch_all(connection)
    .await
}

/// One that is open.
#[derive(Clone, Debug)]
pub struct Due {
    pub reference: Ref,
    pub cause: String,
    pub wanted: Wanted,
    /// How often it was tried in vain.
    pub tries: i32,
}

/// Those whose time has come, at most `limit`: what was never tried first, then the oldest.
pub async fn oldest(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> anyhow::Result<Vec<Due>> {
    let rows = sqlx::query!(
        "SELECT ref, cause, asked_at, asks, tries FROM readings_due
        WHERE next_at <= $1
        ORDER BY next_at, asked_at
        LIMIT $2",
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let due = rows.into_iter().map(|row| {
        let wanted = Wanted { asked_at: row.asked_at, asks: row.asks };
        Ok(Due { reference: Ref::parse(&row.r#ref)?, cause: row.cause, wanted, tries: row.tries })
    });
    due.collect()
}

/// It was tried, and if it is still open it is tried again at `next_at`.
pub async fn put_off(
    connection: &mut PgConnection,
    reference: &Ref,
    next_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE readings_due SET tries = tries + 1, next_at = $2 WHERE ref = $1",
        reference.as_str(),
        next_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}
