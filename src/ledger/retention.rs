//! What is not kept for ever: bodies of ignored deliveries, which may be orders with names.
//!
//! Digest, type, signature and verdict stay. Nothing waits for this: rows of `sealed_bodies` go in
//! small transactions of their own, without the head.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgPool;

use crate::database::BEGIN_ASIDE;

/// How long the body of an ignored delivery is kept after it was recorded.
pub const IGNORED_BODY_DAYS: i64 = 30;
/// Deliveries looked at by one transaction.
const STEP: i64 = 1_000;
/// The most transactions of one run; what is left waits for the next.
const STEPS_MAX: u32 = 10_000;

/// Destroys the bodies of deliveries that are ignored now and were recorded long enough before
/// `now`. Says how many.
pub async fn destroy_ignored_bodies(pool: &PgPool, now: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    let recorded_before = now - TimeDelta::days(IGNORED_BODY_DAYS);
    let (mut after, mut destroyed) = (0, 0);
    for _ in 0..STEPS_MAX {
        let mut tx = pool.begin_with(BEGIN_ASIDE).await?;
        // Only what was first ignored or quarantined can be ignored now.
        let step = sqlx::query!(
            r#"WITH step AS (
                SELECT number, verdict
                FROM inputs
                WHERE number > $1 AND verdict IN ('ignored', 'quarantined')
                    AND kind = 'delivery' AND recorded_at < $2
                ORDER BY number
                LIMIT $3
            ), destroyed AS (
                DELETE FROM sealed_bodies USING step
                WHERE sealed_bodies.input = step.number AND coalesce((
                    SELECT verdicts.verdict FROM verdicts
                    WHERE verdicts.input = step.number
                    ORDER BY verdicts.number DESC LIMIT 1
                ), step.verdict) = 'ignored'
                RETURNING sealed_bodies.input
            )
            SELECT
                (SELECT max(number) FROM step) AS last,
                (SELECT count(*) FROM destroyed) AS "destroyed!""#,
            after,
            recorded_before,
            STEP,
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        destroyed += step.destroyed;
        let Some(last) = step.last else { break };
        after = last;
    }
    Ok(destroyed)
}
