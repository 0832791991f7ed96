//! What a new run finds of old ones: left behind, given up, no longer kept.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

/// Of more than a year, at one a day; the differences of older ones go too.
const RUNS_KEPT_MAX: i64 = 400;

/// Runs that are left as if they were at work, though nobody is.
pub(super) async fn stop_orphans(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE runs SET state = 'stopped', ending = 'interrupted', ended_at = $1
        WHERE state = 'running'",
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Those that somebody could have gone on with have had their time.
pub(super) async fn abandon(connection: &mut PgConnection, but: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE runs SET state = 'failed' WHERE state = 'stopped' AND id <> $1", but)
        .execute(connection)
        .await?;
    Ok(())
}

/// Runs beyond those that are kept, with their differences.
pub(super) async fn sweep(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let old =
        sqlx::query_scalar!("SELECT id FROM runs ORDER BY number DESC OFFSET $1", RUNS_KEPT_MAX,)
            .fetch_all(&mut *connection)
            .await?;
    if old.is_empty() {
        return Ok(());
    }
    sqlx::query!("DELETE FROM run_differences WHERE run = ANY($1)", &old)
        .execute(&mut *connection)
        .await?;
    sqlx::query!("DELETE FROM runs WHERE id = ANY($1)", &old).execute(connection).await?;
    Ok(())
}
