//! Counters of refused requests: endpoint, cause, minute. Never bytes.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use chrono::DateTime;
use chrono::DurationRound;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use crate::database::BEGIN_ASIDE;

/// The most rows that the table keeps: the oldest minutes go first.
pub const ROWS_MAX: i64 = 10_000;
/// The most distinct counters between two flushes. There are few endpoints and few causes.
const COUNTERS_MAX: usize = 2_000;

/// Between two flushes, so many requests of one endpoint and cause have a line of their own in the
/// log. The others are one line together: senders without a secret must not fill a disk.
pub const LINES_MAX: i64 = 10;

/// Sums by endpoint, cause and minute.
type Counters = HashMap<(String, &'static str, DateTime<Utc>), i64>;

/// Counts in memory, apart from requests; [`Refusals::flush`] carries the sums to the database.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    counters: Arc<Mutex<Counters>>,
}

impl Refusals {
    /// `endpoint` is a configured name, or the one word for all others. Tells whether this request
    /// may have a line of its own in the log.
    pub fn count(&self, endpoint: &str, cause: &'static str, now: DateTime<Utc>) -> bool {
        metrics::counter!("tokenledger_refused_total", "cause" => cause).increment(1);
        let minute = now.duration_trunc(TimeDelta::minutes(1)).unwrap_or(now);
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (endpoint.to_owned(), cause, minute);
        if counters.len() == COUNTERS_MAX && !counters.contains_key(&key) {
            return false;
        }
        let count = counters.entry(key).or_insert(0);
        *count += 1;
        *count <= LINES_MAX
    }

    /// Adds what was counted to the table. On failure the counts stay for the next time.
    pub async fn flush(&self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let taken =
            std::mem::take(&mut *self.counters.lock().unwrap_or_else(PoisonError::into_inner));
        if taken.is_empty() {
            return Ok(());
        }
        let written = write(pool, &taken).await;
        if written.is_err() {
            let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, count) in taken {
                *counters.entry(key).or_insert(0) += count;
            }
        } else {
            log_sums(&taken);
        }
        written
    }
}

/// One line for those that have none of their own, and for the ten that have.
fn log_sums(counters: &Counters) {
    for ((endpoint, cause, _), count) in counters {
        if *count > LINES_MAX {
            tracing::info!(endpoint, cause, count, "webhooks were refused");
        }
    }
}

async fn write(pool: &PgPool, counters: &Counters) -> Result<(), sqlx::Error> {
    let endpoints: Vec<&str> = counters.keys().map(|key| key.0.as_str()).collect();
    let causes: Vec<&str> = counters.keys().map(|key| key.1).collect();
    let minutes: Vec<DateTime<Utc>> = counters.keys().map(|key| key.2).collect();
    let counts: Vec<i64> = counters.values().copied().collect();
    let mut tx = pool.begin_with(BEGIN_ASIDE).await?;
    sqlx::query!(
        "INSERT INTO refusals (endpoint, cause, minute, count)
        SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[])
        ON CONFLICT (endpoint, cause, minute)
        DO UPDATE SET count = refusals.count + excluded.count",
        endpoints as Vec<&str>,
        causes as Vec<&str>,
        &minutes,
        &counts,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "DELETE FROM refusals WHERE minute < (
            SELECT minute FROM refusals ORDER BY minute DESC OFFSET $1 LIMIT 1
        )",
        ROWS_MAX,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Requests refused at one endpoint for one cause.
#[derive(Clone, Debug)]
pub struct Refused {
    pub endpoint: String,
    pub cause: String,
    pub count: i64,
    /// The minute of the newest.
    pub last: DateTime<Utc>,
}

/// What was refused since then, the most frequent first.
pub async fn since(
    connection: &mut PgConnection,
    then: DateTime<Utc>,
) -> Result<Vec<Refused>, sqlx::Error> {
    sqlx::query_as!(
        Refused,
        r#"SELECT endpoint, cause, sum(count)::bigint AS "count!", max(minute) AS "last!"
        FROM refusals
        WHERE minute >= $1
        GROUP BY endpoint, cause
        ORDER BY 3 DESC, 1, 2"#,
        then,
    )
    .fetch_all(connection)
    .await
}
