//! The rows that the events amount to, and the rows of `tokens`, for the same refs.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal::Entry;
use crate::journal::EventRow;
use crate::journal::Position;
use crate::projections::tokens::TokenRow;
use crate::token::ProviderTime;

/// A row of the projection, every column in words: none is NULL.
pub(super) type Columns = [(&'static str, Option<String>); 13];

/// Some tokens, one after the other in the order of their refs.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub tokens: BTreeMap<String, Pair>,
    pub events: i64,
    pub last_position: Position,
}

/// One token, folded and stored.
#[derive(Debug, Default)]
pub(super) struct Pair {
    /// None without events; in words why events could not be folded.
    pub folded: Option<Result<Columns, String>>,
    pub stored: Option<Columns>,
}

/// The next tokens behind a ref: those of the events, and those of the projection.
pub(super) async fn step(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> sqlx::Result<Step> {
    let refs = refs(connection, after, limit).await?;
    let mut streams: BTreeMap<String, Vec<EventRow>> = BTreeMap::new();
    let mut step = Step::default();
    for event in events(connection, &refs).await? {
        step.events += 1;
        step.last_position = step.last_position.max(event.position);
        streams.entry(event.aggregate_id.clone()).or_default().push(event);
    }
    for reference in refs.iter().cloned() {
        step.tokens.entry(reference).or_default();
    }
    for (reference, events) in streams {
        step.tokens.entry(reference).or_default().folded = Some(fold(events));
    }
    for (reference, columns) in stored(connection, &refs).await? {
        step.tokens.entry(reference).or_default().stored = Some(columns);
    }
    Ok(step)
}

/// Damaged events must not stop the one who looks for them.
fn fold(events: Vec<EventRow>) -> Result<Columns, String> {
    let mut row: Option<TokenRow> = None;
    for event in events {
        let entry = Entry::try_from(event).map_err(|error| error.to_string())?;
        if row.as_ref().is_some_and(|row| row.position >= entry.position) {
            return Err(format!("its event at position {} is out of order", entry.position));
        }
        row = Some(TokenRow::apply(row, &entry));
    }
    row.as_ref().map(columns).ok_or_else(|| "it has no events".to_owned())
}

fn columns(row: &TokenRow) -> Columns {
    let token = row.token();
    let provider = |time: Option<ProviderTime>| time.map(|time| stamp(time.to_datetime()));
    let since = token.since().map_or(row.occurred_at, ProviderTime::to_datetime);
    [
        ("status", Some(token.status().to_string())),
        ("consumer", token.consumer().map(ToString::to_string)),
        ("session", token.session().map(ToString::to_string)),
        ("reference", token.reference().map(ToString::to_string)),
        ("sequence", Some(token.sequence().to_string())),
        ("position", Some(row.position.to_string())),
        ("first_position", Some(row.first_position.to_string())),
        ("created_at", provider(token.created_at())),
        ("since", Some(stamp(since))),
        ("occurred_at", Some(stamp(row.occurred_at))),
        ("recorded_at", Some(stamp(row.recorded_at))),
        ("last_notice_at", provider(token.last_notice_at())),
        ("anomalies", Some(token.anomalies().to_string())),
    ]
}

fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

async fn refs(connection: &mut PgConnection, after: &str, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"SELECT reference AS "reference!"
        FROM (
            (
                SELECT DISTINCT aggregate_id AS reference
                FROM events
                WHERE aggregate_type = 'token' AND aggregate_id > $1
                ORDER BY reference
                LIMIT $2
            )
            UNION
            (SELECT ref FROM tokens WHERE ref > $1 ORDER BY ref LIMIT $2)
        ) known
        ORDER BY reference
        LIMIT $2"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await
}

async fn events(connection: &mut PgConnection, refs: &[String]) -> sqlx::Result<Vec<EventRow>> {
    sqlx::query_as!(
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
        WHERE aggregate_type = 'token' AND aggregate_id = ANY($1)
        ORDER BY aggregate_id, sequence"#,
        refs,
    )
    .fetch_all(connection)
    .await
}

async fn stored(
    connection: &mut PgConnection,
    refs: &[String],
) -> sqlx::Result<Vec<(String, Columns)>> {
    let rows = sqlx::query!(
        "SELECT
            ref, status, consumer, session, reference, sequence, position, first_position,
            created_at, since, occurred_at, recorded_at, last_notice_at, anomalies
        FROM tokens
        WHERE ref = ANY($1)
        ORDER BY ref",
        refs,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let columns = [
            ("status", Some(row.status)),
            ("consumer", row.consumer),
            ("session", row.session),
            ("reference", row.reference),
            ("sequence", Some(row.sequence.to_string())),
            ("position", Some(row.position.to_string())),
            ("first_position", Some(row.first_position.to_string())),
            ("created_at", row.created_at.map(stamp)),
            ("since", Some(stamp(row.since))),
            ("occurred_at", Some(stamp(row.occurred_at))),
            ("recorded_at", Some(stamp(row.recorded_at))),
            ("last_notice_at", row.last_notice_at.map(stamp)),
            ("anomalies", Some(row.anomalies.to_string())),
        ];
        (row.r#ref, columns)
    });
    Ok(rows.collect())
}
