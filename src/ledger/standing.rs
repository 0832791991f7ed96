//! Where the ledger stands.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal::Position;

/// The head, as one who does not hold its lock sees it.
#[derive(Clone, Debug)]
pub struct Standing {
    pub position: Position,
    /// Number of the last input.
    pub input: i64,
    pub incarnation: i32,
    pub recorded_at: DateTime<Utc>,
    /// The demo mark: the instant at which a simulated past ends.
    pub demo_until: Option<DateTime<Utc>>,
}

pub async fn standing(connection: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    sqlx::query_as!(
        Standing,
        "SELECT position, input, incarnation, recorded_at, demo_until FROM head"
    )
    .fetch_one(connection)
    .await
}
