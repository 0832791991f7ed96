//! Verbs that look at what the ledger holds.
#![expect(clippy::disallowed_methods, reason = "tests look at tables as no product code does")]

use chrono::DateTime;
use chrono::Utc;
use sqlx::FromRow;
use sqlx::PgConnection;
use sqlx::Postgres;
use sqlx::Row;
use sqlx::Type;
use sqlx::decode::Decode;
use tokenledger::journal;
use tokenledger::journal::Entry;

use crate::world::World;

const ENTRIES_MAX: i64 = 100_000;

/// A row of the projection, every column of it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub(crate) struct Projected {
    pub(crate) r#ref: String,
    pub(crate) status: String,
    pub(crate) consumer: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) sequence: i64,
    pub(crate) position: i64,
    pub(crate) first_position: i64,
    pub(crate) created_at: Option<DateTime<Utc>>,
    pub(crate) since: DateTime<Utc>,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) last_notice_at: Option<DateTime<Utc>>,
    pub(crate) anomalies: i32,
}

impl World {
    /// All events, in position order; reading them asserts that no position is missing.
    pub(crate) async fn events(&self) -> Vec<Entry> {
        let mut connection = self.pool.acquire().await.unwrap();
        journal::after(&mut connection, 0, ENTRIES_MAX).await.unwrap()
    }

    /// The events of one token by their names.
    pub(crate) async fn timeline(&self, token: &str) -> Vec<&'static str> {
        let mut connection = self.pool.acquire().await.unwrap();
        let reference = self.ref_of(token);
        let entries = journal::of_token(&mut connection, &reference, 0, ENTRIES_MAX).await.unwrap();
        entries.iter().map(|entry| entry.event.kind().as_str()).collect()
    }

    /// The whole projection, by ref.
    pub(crate) async fn projection(&self) -> Vec<Projected> {
        let query = sqlx::query_as("SELECT * FROM tokens ORDER BY ref");
        query.fetch_all(&self.pool).await.unwrap()
    }

    pub(crate) async fn status(&self, token: &str) -> String {
        let query = sqlx::query_scalar("SELECT status FROM tokens WHERE ref = $1");
        query.bind(self.ref_of(token).as_str()).fetch_one(&self.pool).await.unwrap()
    }

    /// One value, asked as the service.
    pub(crate) async fn one<T>(&self, query: &str) -> T
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        ask(&mut self.pool.acquire().await.unwrap(), query).await
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.one(&format!("SELECT count(*) FROM {table}")).await
    }
}

/// One value.
pub(crate) async fn ask<T>(connection: &mut PgConnection, query: &str) -> T
where
    T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
{
    sqlx::query(query).fetch_one(connection).await.unwrap().get(0)
}
