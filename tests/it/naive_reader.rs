//! A follower as naive as any: it asks for what lies behind the last position that it saw.
#![expect(clippy::disallowed_methods, reason = "it reads tables that only a test has, too")]

use sqlx::PgConnection;
use tokenledger::database::READER;

use crate::world::World;

const PAGE: i64 = 7;

/// Remembers nothing but the last number it saw.
pub(crate) struct Reader {
    connection: PgConnection,
    page: String,
    last: i64,
    pub(crate) seen: Vec<(i64, String)>,
}

impl Reader {
    pub(crate) async fn of(world: &World, role: &str, table: &str, column: &str) -> Self {
        let page = format!(
            "SELECT position, {column} FROM {table} WHERE position > $1 ORDER BY position LIMIT {PAGE}"
        );
        Self { connection: world.sql_as(role).await, page, last: 0, seen: Vec::new() }
    }

    pub(crate) async fn of_events(world: &World) -> Self {
        Self::of(world, READER, "events", "aggregate_id").await
    }

    pub(crate) async fn reads(&mut self) {
        let page = sqlx::query_as(&self.page).bind(self.last);
        let page: Vec<(i64, String)> = page.fetch_all(&mut self.connection).await.unwrap();
        self.last = page.last().map_or(self.last, |(position, _)| *position);
        self.seen.extend(page);
    }

    pub(crate) fn positions(&self) -> Vec<i64> {
        self.seen.iter().map(|(position, _)| *position).collect()
    }
}
