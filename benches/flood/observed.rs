//! What a phase did to the database and to the log.
#![expect(clippy::disallowed_methods, reason = "counts, in a benchmark's own words")]

use std::fs;
use std::path::Path;

use anyhow::Context;
use sqlx::PgConnection;

/// The state of the counters at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counters {
    commits: i64,
    log_bytes: u64,
}

/// The sums of a kind of phase.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observed {
    pub(crate) answered: u64,
    pub(crate) refused: u64,
    pub(crate) commits: u64,
    /// The most of the service at the end of a phase.
    pub(crate) connections: u64,
    pub(crate) log_bytes: u64,
}

/// Asks on a connection to another database, so that it does not count itself.
pub(crate) async fn counters(
    aside: &mut PgConnection,
    database: &str,
    log: &Path,
) -> anyhow::Result<Counters> {
    let commits = sqlx::query_scalar("SELECT xact_commit FROM pg_stat_database WHERE datname = $1")
        .bind(database)
        .fetch_one(aside)
        .await?;
    let log_bytes = fs::metadata(log).context("the service's log")?.len();
    Ok(Counters { commits, log_bytes })
}

pub(crate) async fn connections(aside: &mut PgConnection, database: &str) -> anyhow::Result<u64> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
        WHERE datname = $1 AND backend_type = 'client backend'",
    )
    .bind(database)
    .fetch_one(aside)
    .await?;
    Ok(u64::try_from(count)?)
}

impl Observed {
    pub(crate) fn add(&mut self, before: Counters, after: Counters) -> anyhow::Result<()> {
        self.commits += u64::try_from(after.commits - before.commits)?;
        self.log_bytes += after.log_bytes.saturating_sub(before.log_bytes);
        Ok(())
    }

    /// Of 100 deliveries, so that a part of one shows.
    pub(crate) fn commits_per_hundred(&self) -> u64 {
        (self.commits * 100).checked_div(self.answered).unwrap_or_default()
    }
}
