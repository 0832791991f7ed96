//! The measure of latency: one durable INSERT of one row through sqlx, one after the other.
#![expect(clippy::disallowed_methods, reason = "its table is not part of our migrations")]

use std::time::Duration;

use sqlx::Executor;
use sqlx::PgConnection;
use tokio::time::Instant;

use crate::shared::load::Measured;

/// As many bytes as a webhook's body.
const BODY_BYTES: usize = 400;

pub(crate) async fn measure(
    connection: &mut PgConnection,
    duration: Duration,
) -> anyhow::Result<Measured> {
    connection
        .execute("CREATE TABLE single (number bigint PRIMARY KEY, body bytea NOT NULL)")
        .await?;
    let body = vec![7_u8; BODY_BYTES];
    let mut measured = Measured::default();
    let started = Instant::now();
    for number in 0_i64.. {
        let asked = Instant::now();
        if asked >= started + duration {
            break;
        }
        sqlx::query("INSERT INTO single (number, body) VALUES ($1, $2)")
            .bind(number)
            .bind(&body)
            .execute(&mut *connection)
            .await?;
        measured.answered += 1;
        let took = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
        measured.latencies_us.push(took);
    }
    measured.elapsed = started.elapsed();
    measured.latencies_us.sort_unstable();
    Ok(measured)
}
