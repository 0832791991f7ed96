//! All tokens with their history, also what Smartpay shows to nobody: for tests.

use serde::Serialize;
use sqlx::postgres::PgConnection;

/// A token with everything that happened to it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Truth {
    id: String,
    session: Option<String>,
    reference: Option<String>,
    status: String,
    created_at: i64,
    updated_at: i64,
    history: Vec<Happened>,
}

#[derive(Debug, Serialize)]
struct Happened {
    r#type: String,
    at: i64,
}

/// In the order in which the tokens were made.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<Vec<Truth>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT
            t.id, t.reference, t.status, t.created_at_ms, t.updated_at_ms,
            (SELECT min(s.id) FROM sandbox.sessions AS s WHERE s.token = t.id) AS session,
            coalesce(array_agg(c.action ORDER BY c.number) FILTER (WHERE c.number > 0), '{}')
                AS "actions!",
            coalesce(array_agg(c.at_ms ORDER BY c.number) FILTER (WHERE c.number > 0), '{}')
                AS "times!"
         FROM sandbox.tokens AS t
         LEFT JOIN sandbox.changes AS c ON c.token = t.id
         GROUP BY t.number
         ORDER BY t.number"#,
    )
    .fetch_all(connection)
    .await?;
    let truths = rows.into_iter().map(|row| Truth {
        id: row.id,
        session: row.session,
        reference: row.reference,
        status: row.status,
        created_at: row.created_at_ms,
        updated_at: row.updated_at_ms,
        history: row
            .actions
            .into_iter()
            .zip(row.times)
            .map(|(r#type, at)| Happened { r#type, at })
            .collect(),
    });
    Ok(truths.collect())
}
