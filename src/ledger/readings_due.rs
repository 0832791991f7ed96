//! Readings that are wanted from Smartpay: one open row per token, served by the duty holder.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use crate::database::BEGIN_ASIDE;
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
