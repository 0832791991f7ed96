//! Intents that are not over: taking one up, putting it off, giving it up.

use std::collections::HashSet;

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::intents::IntentId;

/// Takes up at most `limit` of those whose time has come, for `lease_until`: another process leaves
/// them alone till then. Oldest first.
pub async fn lease(
    connection: &mut PgConnection,
    limit: i64,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> anyhow::Result<Vec<IntentId>> {
    let rows = sqlx::query_scalar!(
        "UPDATE intents SET next_at = $3
        FROM (
            SELECT id FROM intents WHERE next_at <= $2
            ORDER BY next_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE intents.id = due.id
        RETURNING intents.id",
        limit,
        now,
        lease_until,
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|id| known(id)).collect()
}

/// Before the first byte goes out: from here on it may have had its effect.
pub async fn mark_sent(connection: &mut PgConnection, id: &IntentId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE intents SET sent = true WHERE id = $1 AND NOT sent", id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// It stays as it is, and is looked at again at `next_at`.
pub async fn defer(
    connection: &mut PgConnection,
    id: &IntentId,
    next_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE intents SET next_at = $2, tries = tries + 1
        WHERE id = $1 AND state IN ('open', 'unresolved')",
        id.as_str(),
        next_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Smartpay's window is over and the truth cannot be read: it is shown as such, and looked at again
/// at `next_at`.
pub async fn give_up(
    connection: &mut PgConnection,
    id: &IntentId,
    next_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE intents
        SET state = 'unresolved', sealed_request = NULL, next_at = $2, tries = tries + 1
        WHERE id = $1 AND state IN ('open', 'unresolved')",
        id.as_str(),
        next_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sessions whose token must be looked at by now.
pub async fn due(
    connection: &mut PgConnection,
    limit: i64,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> anyhow::Result<Vec<IntentId>> {
    let rows = sqlx::query_scalar!(
        "UPDATE intents SET check_at = $3
        FROM (
            SELECT id FROM intents WHERE check_at <= $2
            ORDER BY check_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE intents.id = due.id
        RETURNING intents.id",
        limit,
        now,
        lease_until,
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(|id| known(id)).collect()
}

/// Which of these tokens we are about to change, or may have changed.
pub async fn changing(
    connection: &mut PgConnection,
    refs: &[String],
) -> Result<HashSet<String>, sqlx::Error> {
    let refs = sqlx::query_scalar!(
        r#"SELECT DISTINCT ref AS "ref!" FROM intents
        WHERE ref = ANY($1) AND kind IN ('disable', 'enable', 'delete') AND next_at IS NOT NULL"#,
        refs,
    )
    .fetch_all(connection)
    .await?;
    Ok(refs.into_iter().collect())
}

/// How many stand in a state that is not final, and since when.
#[derive(Clone, Debug)]
pub struct Unfinished {
    pub state: String,
    pub count: i64,
    pub oldest: DateTime<Utc>,
}

pub async fn unfinished(connection: &mut PgConnection) -> Result<Vec<Unfinished>, sqlx::Error> {
    sqlx::query_as!(
        Unfinished,
        r#"SELECT state, count(*) AS "count!", min(created_at) AS "oldest!"
        FROM intents WHERE next_at IS NOT NULL
        GROUP BY state ORDER BY state"#,
    )
    .fetch_all(connection)
    .await
}

fn known(id: &str) -> anyhow::Result<IntentId> {
    IntentId::parse(id).ok_or_else(|| anyhow::anyhow!("an intent's id is none"))
}
