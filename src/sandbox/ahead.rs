//! How far the sandbox's clock has been moved ahead of the system's: the table `clock`.

use sqlx::postgres::PgConnection;

/// Ten years: times stay plausible.
pub(crate) const AHEAD_MS_MAX: i64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// Held until the transaction ends, so that two moves add up.
pub(crate) async fn hold(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("SELECT ahead_ms FROM sandbox.clock FOR UPDATE").fetch_one(connection).await
}

pub(crate) async fn set(connection: &mut PgConnection, ahead_ms: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE sandbox.clock SET ahead_ms = $1", ahead_ms).execute(connection).await?;
    Ok(())
}
