//! The ledger's place: the newest position.

use sqlx::postgres::PgConnection;

use crate::journal::Position;

/// The position of the newest event; 0 before the first.
pub async fn position(connection: &mut PgConnection) -> Result<Position, sqlx::Error> {
    sqlx::query_scalar!("SELECT position FROM head").fetch_one(connection).await
}
