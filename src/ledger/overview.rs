//! The inbox in a few numbers: what waits, when the last came, who signs.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

/// How many deliveries, the newest, and how many copies tell which secrets sign lately.
pub const SIGNERS_AMONG: i64 = 1_000;

/// Deliveries that wait for somebody to decide: those whose verdict is now quarantined.
#[derive(Clone, Debug)]
pub struct Undecided {
    pub count: i64,
    pub oldest: Option<DateTime<Utc>>,
}

pub async fn undecided(connection: &mut PgConnection) -> Result<Undecided, sqlx::Error> {
    sqlx::query_as!(
        Undecided,
        r#"SELECT count(*) AS "count!", min(inputs.received_at) AS oldest
        FROM inputs
        WHERE inputs.kind = 'delivery' AND inputs.verdict IN ('ignored', 'quarantined')
            AND coalesce((
                SELECT verdicts.verdict FROM verdicts
                WHERE verdicts.input = inputs.number
                ORDER BY verdicts.number DESC LIMIT 1
            ), inputs.verdict) = 'quarantined'"#,
    )
    .fetch_one(connection)
    .await
}

/// When the newest delivery came, copies included.
pub async fn last_received(
    connection: &mut PgConnection,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT greatest(
            (SELECT received_at FROM inputs WHERE kind = 'delivery' ORDER BY number DESC LIMIT 1),
            (SELECT received_at FROM copies ORDER BY arrival DESC LIMIT 1)
         )"
    )
    .fetch_one(connection)
    .await
}

/// The same, looked for among the newest inputs only: cheap also when imports and answers of
/// Smartpay lie in between.
pub async fn last_received_lately(
    connection: &mut PgConnection,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT greatest(
            (
                SELECT max(newest.received_at) FILTER (WHERE newest.kind = 'delivery')
                FROM (
                    SELECT kind, received_at FROM inputs ORDER BY number DESC LIMIT $1
                ) AS newest
            ),
            (SELECT received_at FROM copies ORDER BY arrival DESC LIMIT 1)
         )",
        SIGNERS_AMONG,
    )
    .fetch_one(connection)
    .await
}

/// A secret, by its fingerprint, and what it signed among the newest [`SIGNERS_AMONG`] deliveries
/// and as many copies: during a rotation all that one of two secrets signs may be copies.
#[derive(Clone, Debug)]
pub struct Signer {
    pub endpoint: String,
    pub fingerprint: String,
    pub key_variant: String,
    pub deliveries: i64,
    pub last: DateTime<Utc>,
}

pub async fn signers(connection: &mut PgConnection) -> Result<Vec<Signer>, sqlx::Error> {
    sqlx::query_as!(
        Signer,
        r#"SELECT
            endpoint AS "endpoint!",
            secret_fingerprint AS "fingerprint!",
            key_variant AS "key_variant!",
            count(*) AS "deliveries!",
            max(received_at) AS "last!"
        FROM (
            (
                SELECT endpoint, secret_fingerprint, key_variant, received_at
                FROM inputs
                WHERE kind = 'delivery'
                ORDER BY number DESC
                LIMIT $1
            )
            UNION ALL
            (
                SELECT
                    inputs.endpoint, copies.secret_fingerprint, copies.key_variant,
                    copies.received_at
                FROM copies
                JOIN inputs ON inputs.number = copies.input
                ORDER BY copies.arrival DESC
                LIMIT $1
            )
        ) AS newest
        GROUP BY 1, 2, 3
        ORDER BY 1, 5 DESC"#,
        SIGNERS_AMONG,
    )
    .fetch_all(connection)
    .await
}
