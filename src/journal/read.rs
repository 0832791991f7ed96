//! Reading events: by position, by token.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal::Cause;
use crate::journal::Entry;
use crate::journal::Happening;
use crate::journal::Position;
use crate::journal::Unreadable;
use crate::token::Sequence;
use crate::token::StoredEvent;
use crate::token::decode_stored;
use crate::token::upcasters;
use crate::vault::Ref;

/// A row of `events`, as stored.
#[derive(Clone, Debug)]
pub struct EventRow {
    pub position: i64,
    pub aggregate_id: String,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub metadata: String,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub leaf_hash: Vec<u8>,
}

struct StreamRow {
    position: i64,
    aggregate_id: String,
    event_type: String,
    event_version: String,
    payload: String,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    leaf_hash: Vec<u8>,
}

impl TryFrom<StreamRow> for Happening {
    type Error = Unreadable;

    fn try_from(row: StreamRow) -> Result<Self, Unreadable> {
        let position = row.position;
        let unreadable = |what: String| Unreadable { position, what };
        let stored = StoredEvent {
            event_type: &row.event_type,
            event_version: &row.event_version,
            payload: &row.payload,
        };
        Ok(Self {
            position,
            reference: Ref::parse(&row.aggregate_id)
                .map_err(|error| unreadable(format!("ref: {error}")))?,
            event: decode_stored(stored, &upcasters())
                .map_err(|error| unreadable(format!("payload: {error}")))?,
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            leaf_hash: <[u8; 32]>::try_from(row.leaf_hash)
                .map_err(|bytes| unreadable(format!("leaf of {} bytes", bytes.len())))?,
        })
    }
}

impl TryFrom<EventRow> for Entry {
    type Error = Unreadable;

    fn try_from(row: EventRow) -> Result<Self, Unreadable> {
        let position = row.position;
        let unreadable = |what: String| Unreadable { position, what };
        let stored = StoredEvent {
            event_type: &row.event_type,
            event_version: &row.event_version,
            payload: &row.payload,
        };
        let event = decode_stored(stored, &upcasters())
            .map_err(|error| unreadable(format!("payload: {error}")))?;
        let cause: Cause = serde_json::from_str(&row.metadata)
            .map_err(|error| unreadable(format!("metadata: {error}")))?;
        Ok(Self {
            position,
            reference: Ref::parse(&row.aggregate_id)
                .map_err(|error| unreadable(format!("ref: {error}")))?,
            sequence: Sequence::try_from(row.sequence)
                .map_err(|error| unreadable(format!("sequence: {error}")))?,
            event,
            cause,
            payload: row.payload,
            metadata: row.metadata,
            occurred_at: row.occurred_at,
            recorded_at: row.recorded_at,
            leaf_hash: <[u8; 32]>::try_from(row.leaf_hash)
                .map_err(|bytes| unreadable(format!("leaf of {} bytes", bytes.len())))?,
        })
    }
}

/// All that happened to these tokens, in order of token and sequence. For the fold alone: what
/// else an entry holds would be read for nothing. The offset keeps each token a lookup of its own:
/// as a plain condition, planned on an empty ledger, it became a walk through all events in order.
pub async fn streams(
    connection: &mut PgConnection,
    refs: &[String],
) -> anyhow::Result<Vec<Happening>> {
    let rows = sqlx::query_as!(
        StreamRow,
        r#"SELECT
            stream.position AS "position!",
            stream.aggregate_id AS "aggregate_id!",
            stream.event_type AS "event_type!",
            stream.event_version AS "event_version!",
            stream.payload AS "payload!",
            stream.occurred_at AS "occurred_at!",
            stream.recorded_at AS "recorded_at!",
            stream.leaf_hash AS "leaf_hash!"
        FROM unnest($1::text[]) AS wanted (ref)
        CROSS JOIN LATERAL (
            SELECT
                position, aggregate_id, sequence, event_type, event_version,
                payload::text AS payload, occurred_at, recorded_at, leaf_hash
            FROM events
            WHERE aggregate_type = 'token' AND aggregate_id = wanted.ref
            OFFSET 0
        ) stream
        ORDER BY stream.aggregate_id, stream.sequence"#,
        refs,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Happening::try_from).collect::<Result<_, _>>()?)
}

/// At most `limit` entries behind `position`. Dense numbers make a hole impossible; one that is
/// there all the same is a damaged ledger, so it is asserted.
pub async fn after(
    connection: &mut PgConnection,
    position: Position,
    limit: i64,
) -> anyhow::Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT
            position,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            payload::text AS "payload!",
            metadata::text AS "metadata!",
            occurred_at,
            recorded_at,
            leaf_hash
        FROM events
        WHERE position > $1
        ORDER BY position
        LIMIT $2"#,
        position,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let mut previous = position;
    for row in &rows {
        anyhow::ensure!(
            row.position == previous + 1,
            "the ledger has no event at position {}, the next is at {}",
            previous + 1,
            row.position,
        );
        previous = row.position;
    }
    entries(rows)
}

/// At most `limit` entries of one token behind `sequence`.
pub async fn of_token(
    connection: &mut PgConnection,
    reference: &Ref,
    sequence: i64,
    limit: i64,
) -> anyhow::Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT
            position,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            payload::text AS "payload!",
            metadata::text AS "metadata!",
            occurred_at,
            recorded_at,
            leaf_hash
        FROM events
        WHERE aggregate_type = 'token' AND aggregate_id = $1 AND sequence > $2
        ORDER BY sequence
        LIMIT $3"#,
        reference.as_str(),
        sequence,
        limit,
    )
    .fetch_all(connection)
    .await?;
    entries(rows)
}

/// How many later inputs agree with each of these entries, in their order.
pub async fn count_witnesses(
    connection: &mut PgConnection,
    entries: &[Entry],
) -> Result<Vec<i64>, sqlx::Error> {
    let refs: Vec<String> = entries.iter().map(|entry| entry.reference.to_string()).collect();
    let sequences: Vec<i64> = entries
        .iter()
        .map(|entry| i64::try_from(entry.sequence).expect("sequences come from bigint"))
        .collect();
    sqlx::query_scalar!(
        r#"SELECT (
            SELECT count(*) FROM witnesses
            WHERE witnesses.ref = wanted.ref AND witnesses.sequence = wanted.sequence
        ) AS "count!"
        FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS wanted (ref, sequence, place)
        ORDER BY wanted.place"#,
        &refs,
        &sequences,
    )
    .fetch_all(connection)
    .await
}

fn entries(rows: Vec<EventRow>) -> anyhow::Result<Vec<Entry>> {
    Ok(rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?)
}
