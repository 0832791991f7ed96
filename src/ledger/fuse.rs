//! The fuse: how many tokens vanished lately. A key of another account or mode finds nothing, and a
//! ledger that believed it would be deleted in a night.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::token::absences_allowed;

/// Absences are counted over so long.
pub const FUSE_HOURS: i64 = 24;

/// Absences of the last 24 hours: deletions by absence, and tokens still awaiting whose word is a
/// 404. What we deleted ourselves is none.
pub async fn recorded(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let count = sqlx::query_scalar!(
        r#"SELECT (
            SELECT count(*) FROM events
            WHERE event_type = 'Deleted' AND payload ->> 'basis' = 'absence' AND recorded_at > $1
        ) + (
            SELECT count(*) FROM words WHERE said = 'absent' AND read_at > $1
        ) AS "count!""#,
        now - TimeDelta::hours(FUSE_HOURS),
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// How many may be recorded within 24 hours unasked, for a ledger as large as this one. Counts all
/// tokens: for the start of a run, not for each answer.
pub async fn allowed(connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let tokens = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM tokens"#)
        .fetch_one(connection)
        .await?;
    Ok(absences_allowed(u64::try_from(tokens).unwrap_or_default()))
}
