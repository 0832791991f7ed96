//! Answers: one statement each, so that the position stands for the same snapshot as the rows.

use chrono::DateTime;
use chrono::Utc;
use sqlx::PgExecutor;

use crate::journal::Position;
use crate::token::Consumer;
use crate::token::Status;
use crate::token::UnusableReason;
use crate::token::Usability;
use crate::vault::Ref;

/// A token as answers show it.
#[derive(Clone, Debug)]
pub struct TokenRecord {
    pub reference: String,
    pub masked_id: String,
    pub status: String,
    pub consumer: Option<String>,
    pub session: Option<String>,
    pub merchant_reference: Option<String>,
    pub sequence: i64,
    pub position: Position,
    pub first_position: Position,
    pub since: DateTime<Utc>,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub provider_checked_at: Option<DateTime<Utc>>,
    pub last_notice_at: Option<DateTime<Utc>>,
    pub anomalies: i32,
    /// A disable or a delete of ours is open or unresolved: see `intents`.
    pub in_flight: bool,
}

impl TokenRecord {
    pub fn status(&self) -> Status {
        self.status.parse().expect("the table's check admits known statuses only")
    }

    pub fn usability(&self) -> Usability {
        usability(self.status(), self.in_flight)
    }
}

/// By the status, unless a change of ours is in flight: who was told to wait must not read yes.
pub(super) const fn usability(status: Status, in_flight: bool) -> Usability {
    if in_flight { Usability::Unusable(UnusableReason::ChangeInFlight) } else { status.usability() }
}

/// An answer and the position (and incarnation) as of which it holds.
#[derive(Debug)]
pub struct Found<T> {
    pub found: T,
    pub as_of: Position,
    pub incarnation: i32,
}

/// Which tokens of a list: newest first, behind `before` (a `first_position`).
#[derive(Clone, Debug)]
pub struct Filter {
    pub statuses: Vec<Status>,
    /// Only what can be charged now, or only what cannot.
    pub usable: Option<bool>,
    pub before: Position,
    pub limit: i64,
}

impl Filter {
    /// Every status, from the newest, up to `limit`.
    pub fn newest(limit: i64) -> Self {
        Self { statuses: Status::ALL.to_vec(), usable: None, before: Position::MAX, limit }
    }
}

/// What the queries give: the head, and a token's columns or nulls.
pub(super) struct Row {
    pub(super) as_of: Position,
    pub(super) incarnation: i32,
    pub(super) reference: Option<String>,
    pub(super) masked_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) consumer: Option<String>,
    pub(super) session: Option<String>,
    pub(super) merchant_reference: Option<String>,
    pub(super) sequence: Option<i64>,
    pub(super) position: Option<i64>,
    pub(super) first_position: Option<i64>,
    pub(super) since: Option<DateTime<Utc>>,
    pub(super) occurred_at: Option<DateTime<Utc>>,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) provider_checked_at: Option<DateTime<Utc>>,
    pub(super) last_notice_at: Option<DateTime<Utc>>,
    pub(super) anomalies: Option<i32>,
    pub(super) in_flight: bool,
}

impl Row {
    fn into_record(self) -> Option<TokenRecord> {
        Some(TokenRecord {
            reference: self.reference?,
            masked_id: self.masked_id?,
            status: self.status?,
            consumer: self.consumer,
            session: self.session,
            merchant_reference: self.merchant_reference,
            sequence: self.sequence?,
            position: self.position?,
            first_position: self.first_position?,
            since: self.since?,
            occurred_at: self.occurred_at?,
            recorded_at: self.recorded_at?,
            provider_checked_at: self.provider_checked_at,
            last_notice_at: self.last_notice_at,
            anomalies: self.anomalies?,
            in_flight: self.in_flight,
        })
    }
}

/// One token, or none when the ledger holds no event of it.
pub async fn find(
    reader: impl PgExecutor<'_>,
    reference: &Ref,
) -> Result<Found<Option<TokenRecord>>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT
            head.position AS as_of,
            head.incarnation,
            tokens.ref AS "reference?",
            vault.masked_id AS "masked_id?",
            tokens.status AS "status?",
            tokens.consumer,
            tokens.session,
            tokens.reference AS merchant_reference,
            tokens.sequence AS "sequence?",
            tokens.position AS "position?",
            tokens.first_position AS "first_position?",
            tokens.since AS "since?",
            tokens.occurred_at AS "occurred_at?",
            tokens.recorded_at AS "recorded_at?",
            words.read_at AS "provider_checked_at?",
            tokens.last_notice_at,
            tokens.anomalies AS "anomalies?",
            EXISTS (
                SELECT FROM intents
                WHERE intents.ref = tokens.ref AND intents.kind IN ('disable', 'delete')
                    AND intents.state IN ('open', 'unresolved')
            ) AS "in_flight!"
        FROM head
        LEFT JOIN tokens ON tokens.ref = $1
        LEFT JOIN vault ON vault.ref = tokens.ref
        LEFT JOIN words ON words.ref = tokens.ref"#,
        reference.as_str(),
    )
    .fetch_one(reader)
    .await?;
    let (as_of, incarnation) = (row.as_of, row.incarnation);
    Ok(Found { found: row.into_record(), as_of, incarnation })
}

/// A consumer's tokens, newest first.
pub async fn of_consumer(
    reader: impl PgExecutor<'_>,
    consumer: &Consumer,
    filter: &Filter,
) -> Result<Found<Vec<TokenRecord>>, sqlx::Error> {
    let statuses: Vec<String> =
        filter.statuses.iter().map(|status| status.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT
            head.position AS as_of,
            head.incarnation,
            page.ref AS "reference?",
            vault.masked_id AS "masked_id?",
            page.status AS "status?",
            page.consumer,
            page.session,
            page.reference AS merchant_reference,
            page.sequence AS "sequence?",
            page.position AS "position?",
            page.first_position AS "first_position?",
            page.since AS "since?",
            page.occurred_at AS "occurred_at?",
            page.recorded_at AS "recorded_at?",
            words.read_at AS "provider_checked_at?",
            page.last_notice_at,
            page.anomalies AS "anomalies?",
            EXISTS (
                SELECT FROM intents
                WHERE intents.ref = page.ref AND intents.kind IN ('disable', 'delete')
                    AND intents.state IN ('open', 'unresolved')
            ) AS "in_flight!"
        FROM head
        LEFT JOIN LATERAL (
            SELECT * FROM tokens
            WHERE tokens.consumer = $1 AND tokens.status = ANY($2) AND tokens.first_position < $3
                AND ($5::boolean IS NULL OR $5 = (
                    tokens.status = 'active' AND NOT EXISTS (
                        SELECT FROM intents
                        WHERE intents.ref = tokens.ref AND intents.kind IN ('disable', 'delete')
                            AND intents.state IN ('open', 'unresolved')
                    )
                ))
            ORDER BY tokens.first_position DESC
            LIMIT $4
        ) page ON true
        LEFT JOIN vault ON vault.ref = page.ref
        LEFT JOIN words ON words.ref = page.ref
        ORDER BY page.first_position DESC"#,
        consumer.as_str(),
        &statuses,
        filter.before,
        filter.limit,
        filter.usable,
    )
    .fetch_all(reader)
    .await?;
    page(rows)
}

/// Every row repeats the head, and without tokens there is one row of nulls.
pub(super) fn page(rows: Vec<Row>) -> Result<Found<Vec<TokenRecord>>, sqlx::Error> {
    let head =
        rows.first().map(|row| (row.as_of, row.incarnation)).ok_or(sqlx::Error::RowNotFound)?;
    let found = rows.into_iter().filter_map(Row::into_record).collect();
    Ok(Found { found, as_of: head.0, incarnation: head.1 })
}
