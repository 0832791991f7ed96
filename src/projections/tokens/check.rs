//! Can these be charged now? One statement for many, without what only people look at.

use std::collections::HashMap;

use sqlx::PgExecutor;

use crate::projections::tokens::read::Found;
use crate::projections::tokens::read::usability;
use crate::token::Consumer;
use crate::token::Status;
use crate::token::Usability;
use crate::vault::Ref;

/// The token that decides, and its status.
#[derive(Clone, Debug)]
pub struct Standing {
    pub reference: String,
    pub status: Status,
    /// A disable or a delete of ours is open or unresolved.
    pub in_flight: bool,
}

impl Standing {
    pub fn usability(&self) -> Usability {
        usability(self.status, self.in_flight)
    }
}

struct Row {
    as_of: i64,
    incarnation: i32,
    key: Option<String>,
    reference: Option<String>,
    status: Option<String>,
    in_flight: bool,
}

/// By ref; those that the ledger does not know are missing.
pub async fn check_tokens(
    reader: impl PgExecutor<'_>,
    refs: &[Ref],
) -> Result<Found<HashMap<String, Standing>>, sqlx::Error> {
    let refs: Vec<String> = refs.iter().map(Ref::to_string).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT
            head.position AS as_of,
            head.incarnation,
            tokens.ref AS "key?",
            tokens.ref AS "reference?",
            tokens.status AS "status?",
            EXISTS (
                SELECT FROM intents
                WHERE intents.ref = tokens.ref AND intents.kind IN ('disable', 'delete')
                    AND intents.state IN ('open', 'unresolved')
            ) AS "in_flight!"
        FROM head
        LEFT JOIN tokens ON tokens.ref = ANY($1)"#,
        &refs,
    )
    .fetch_all(reader)
    .await?;
    standings(rows)
}

/// By consumer, the token to charge: a usable one before all others, then the newest. Consumers
/// without any are missing.
pub async fn check_consumers(
    reader: impl PgExecutor<'_>,
    consumers: &[Consumer],
) -> Result<Found<HashMap<String, Standing>>, sqlx::Error> {
    let consumers: Vec<String> =
        consumers.iter().map(|consumer| consumer.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT
            head.position AS as_of,
            head.incarnation,
            best.consumer AS "key?",
            best.ref AS "reference?",
            best.status AS "status?",
            coalesce(best.in_flight, false) AS "in_flight!"
        FROM head
        LEFT JOIN (
            SELECT DISTINCT ON (tokens.consumer)
                tokens.consumer, tokens.ref, tokens.status, change.in_flight
            FROM tokens
            CROSS JOIN LATERAL (
                SELECT EXISTS (
                    SELECT FROM intents
                    WHERE intents.ref = tokens.ref AND intents.kind IN ('disable', 'delete')
                        AND intents.state IN ('open', 'unresolved')
                ) AS in_flight
            ) change
            WHERE tokens.consumer = ANY($1)
            ORDER BY
                tokens.consumer,
                (tokens.status = 'active' AND NOT change.in_flight) DESC,
                tokens.first_position DESC
        ) best ON true"#,
        &consumers,
    )
    .fetch_all(reader)
    .await?;
    standings(rows)
}

/// Every row repeats the head, and without tokens there is one row of nulls.
fn standings(rows: Vec<Row>) -> Result<Found<HashMap<String, Standing>>, sqlx::Error> {
    let (as_of, incarnation) =
        rows.first().map(|row| (row.as_of, row.incarnation)).ok_or(sqlx::Error::RowNotFound)?;
    let standing = |row: Row| {
        let status = row.status?.parse().expect("the table's check admits known statuses only");
        Some((row.key?, Standing { reference: row.reference?, status, in_flight: row.in_flight }))
    };
    let found = rows.into_iter().filter_map(standing).collect();
    Ok(Found { found, as_of, incarnation })
}
