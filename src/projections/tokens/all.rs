//! All tokens of the ledger, newest first.

use sqlx::PgExecutor;

use crate::projections::tokens::read::Filter;
use crate::projections::tokens::read::Found;
use crate::projections::tokens::read::Row;
use crate::projections::tokens::read::TokenRecord;
use crate::projections::tokens::read::page;

/// Apart from the tokens of one consumer, so that each has a plan of its own.
pub async fn all(
    reader: impl PgExecutor<'_>,
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
            WHERE tokens.status = ANY($1) AND tokens.first_position < $2
                AND ($4::boolean IS NULL OR $4 = (
                    tokens.status = 'active' AND NOT EXISTS (
                        SELECT FROM intents
                        WHERE intents.ref = tokens.ref AND intents.kind IN ('disable', 'delete')
                            AND intents.state IN ('open', 'unresolved')
                    )
                ))
            ORDER BY tokens.first_position DESC
            LIMIT $3
        ) page ON true
        LEFT JOIN vault ON vault.ref = page.ref
        LEFT JOIN words ON words.ref = page.ref
        ORDER BY page.first_position DESC"#,
        &statuses,
        filter.before,
        filter.limit,
        filter.usable,
    )
    .fetch_all(reader)
    .await?;
    page(rows)
}
