//! The table `run_seen`: the tokens that a run has read, while it lasts.

use std::collections::HashSet;

use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use crate::database::BEGIN_ASIDE;
use crate::journal::Position;

/// Rows are deleted so many at a time: a million take longer than a statement may.
const FORGOTTEN_AT_ONCE: i64 = 10_000;
/// Tokens are looked through so many at a time.
pub(super) const LOOKED_THROUGH: i64 = 5_000;

/// A part of the ledger's tokens, looked through.
pub(super) struct Part {
    /// The last ref in it; none at the end.
    pub last: Option<String>,
    /// Those that the list should have shown or cannot show.
    pub unread: Vec<String>,
}

pub(super) async fn add(
    connection: &mut PgConnection,
    run: &str,
    refs: &[String],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO run_seen (run, ref) SELECT $1, ref FROM unnest($2::text[]) AS new (ref)
        ON CONFLICT (run, ref) DO NOTHING",
        run,
        refs,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these have been read.
pub(super) async fn among(
    connection: &mut PgConnection,
    run: &str,
    refs: &[String],
) -> Result<HashSet<String>, sqlx::Error> {
    let seen =
        sqlx::query_scalar!("SELECT ref FROM run_seen WHERE run = $1 AND ref = ANY($2)", run, refs)
            .fetch_all(connection)
            .await?;
    Ok(seen.into_iter().collect())
}

/// Tokens in the order of refs, behind one of them: which of those known at `position` as pending,
/// active or disabled the run has not read.
pub(super) async fn part(
    connection: &mut PgConnection,
    run: &str,
    position: Position,
    after: &str,
) -> Result<Part, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT
            part.ref,
            part.status IN ('awaiting_authorization', 'active', 'disabled')
                AND part.first_position <= $2
                AND NOT EXISTS (
                    SELECT FROM run_seen WHERE run_seen.run = $1 AND run_seen.ref = part.ref
                ) AS "unread!"
        FROM (
            SELECT ref, status, first_position FROM tokens WHERE ref > $3 ORDER BY ref LIMIT $4
        ) part
        ORDER BY part.ref"#,
        run,
        position,
        after,
        LOOKED_THROUGH,
    )
    .fetch_all(connection)
    .await?;
    let last = rows.last().map(|row| row.r#ref.clone());
    let unread = rows.into_iter().filter(|row| row.unread).map(|row| row.r#ref).collect();
    Ok(Part { last, unread })
}

/// Tokens that this ledger's own key can probably read: those it holds as alive and the run has not
/// read, the newest first.
pub(super) async fn readable(
    connection: &mut PgConnection,
    run: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT ref FROM tokens
        WHERE status IN ('awaiting_authorization', 'active', 'disabled', 'rejected')
            AND NOT EXISTS (
                SELECT FROM run_seen WHERE run_seen.run = $1 AND run_seen.ref = tokens.ref
            )
        ORDER BY first_position DESC
        LIMIT $2",
        run,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Some of those that the run has read.
pub(super) async fn some(
    connection: &mut PgConnection,
    run: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT ref FROM run_seen WHERE run = $1 ORDER BY ref LIMIT $2",
        run,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Of all runs that will not go on.
pub(super) async fn forget(pool: &PgPool) -> Result<(), sqlx::Error> {
    loop {
        let mut tx = pool.begin_with(BEGIN_ASIDE).await?;
        let deleted = sqlx::query!(
            "DELETE FROM run_seen
            WHERE ctid = ANY(ARRAY(
                SELECT run_seen.ctid FROM run_seen
                LEFT JOIN runs ON runs.id = run_seen.run
                WHERE runs.id IS NULL OR runs.state IN ('done', 'failed')
                LIMIT $1
            ))",
            FORGOTTEN_AT_ONCE,
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        if deleted == 0 {
            return Ok(());
        }
    }
}
