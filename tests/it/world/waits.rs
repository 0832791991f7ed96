//! Waiting for what the server itself says: never for a time.
#![expect(clippy::disallowed_methods, reason = "tests ask the server's own tables")]

use std::time::Duration;
use std::time::Instant;

use sqlx::Executor;
use sqlx::postgres::PgConnection;

use crate::world::World;
use crate::world::ask;

const DEADLINE: Duration = Duration::from_secs(30);

impl World {
    /// A session that holds the head until it commits, rolls back or is dropped.
    pub(crate) async fn holds_the_head(&self) -> PgConnection {
        let mut holder = self.sql_as("postgres").await;
        holder.execute("SET idle_in_transaction_session_timeout = 0").await.unwrap();
        holder.execute("BEGIN; SELECT FROM head FOR UPDATE").await.unwrap();
        holder
    }

    /// Until a condition holds of what the ledger has, and of the server's sessions.
    pub(crate) async fn until(&self, condition: &str) {
        let mut watcher = self.sql_as("postgres").await;
        let started = Instant::now();
        while !ask::<bool>(&mut watcher, &format!("SELECT {condition}")).await {
            assert!(started.elapsed() < DEADLINE, "it never holds that {condition}");
            tokio::task::yield_now().await;
        }
    }

    /// Until so many sessions of this world's database wait for a lock.
    pub(crate) async fn waiters(&self, count: i64) {
        let waiting = "SELECT count(*) >= $1 FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let mut watcher = self.sql_as("postgres").await;
        let started = Instant::now();
        while !sqlx::query_scalar::<_, bool>(waiting)
            .bind(count)
            .fetch_one(&mut watcher)
            .await
            .unwrap()
        {
            assert!(started.elapsed() < DEADLINE, "fewer than {count} sessions wait for a lock");
            tokio::task::yield_now().await;
        }
    }
}
