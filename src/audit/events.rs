//! Events as they are stored: nothing is decoded, so that damaged ones can be read too.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal::Cause;
use crate::journal::EventRow;
use crate::journal::Position;

/// An event with what its token's event before it has.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub metadata: String,
    pub position: Position,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub leaf_hash: Vec<u8>,
    /// Of the event with the sequence before; none if it is not there.
    pub previous_position: Option<Position>,
    pub previous_leaf: Option<Vec<u8>>,
}

/// The next events behind a position.
pub(super) async fn step(
    connection: &mut PgConnection,
    after: Position,
    limit: i64,
) -> Result<Vec<Stored>, sqlx::Error> {
    sqlx::query_as!(
        Stored,
        r#"SELECT
            events.aggregate_type,
            events.aggregate_id,
            events.sequence,
            events.event_type,
            events.event_version,
            events.payload::text AS "payload!",
            events.metadata::text AS "metadata!",
            events.position,
            events.occurred_at,
            events.recorded_at,
            events.leaf_hash,
            previous.position AS "previous_position?",
            previous.leaf_hash AS "previous_leaf?"
        FROM events
        LEFT JOIN events previous ON previous.aggregate_type = events.aggregate_type
            AND previous.aggregate_id = events.aggregate_id
            AND previous.sequence = events.sequence - 1
        WHERE events.position > $1
        ORDER BY events.position
        LIMIT $2"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await
}

impl Stored {
    /// The number of the input that the metadata names.
    pub(super) fn input(&self) -> Option<i64> {
        input_of(&self.metadata)
    }

    pub(super) fn row(&self) -> EventRow {
        EventRow {
            position: self.position,
            aggregate_id: self.aggregate_id.clone(),
            sequence: self.sequence,
            event_type: self.event_type.clone(),
            event_version: self.event_version.clone(),
            payload: self.payload.clone(),
            metadata: self.metadata.clone(),
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            leaf_hash: self.leaf_hash.clone(),
        }
    }
}

pub(super) fn input_of(metadata: &str) -> Option<i64> {
    serde_json::from_str::<Cause>(metadata).ok()?.input.parse().ok()
}
