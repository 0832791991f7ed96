//! The table `webhook_endpoints`: attempts to make one, and those that were made.

use chrono::DateTime;
use chrono::Utc;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::smartpay::SigningSecret;
use crate::vault;
use crate::vault::Vault;

/// More than a ledger will ever have, those of ended rotations included.
const ROWS_MAX: i64 = 1_000;

/// A request to Smartpay of which it is not known (yet) what became of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// `Idempotency-Key` of the request.
    pub key: String,
    /// The name in the path.
    pub endpoint: String,
    pub url: String,
    /// The bytes of the request.
    pub request: String,
    /// For how long the secrets before stay live once it has come about.
    pub overlap_seconds: i64,
    pub asked_at: DateTime<Utc>,
    pub asked_by: String,
}

/// An endpoint that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub key: String,
    /// The name in the path.
    pub endpoint: String,
    pub url: String,
    pub subscription_id: String,
    /// Of its secret in the vault.
    pub fingerprint: String,
    pub asked_by: String,
    pub valid_from: DateTime<Utc>,
    /// Deliveries signed with its secret are refused from here on. None: live.
    pub valid_until: Option<DateTime<Utc>>,
    /// When it was deleted at Smartpay.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Registered {
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.valid_until.is_none_or(|ends| now < ends)
    }
}

/// All of them, in the order in which they became valid.
pub async fn registered(connection: &mut PgConnection) -> Result<Vec<Registered>, sqlx::Error> {
    let mut newest_first = sqlx::query_as!(
        Registered,
        r#"SELECT
            key, endpoint, url, subscription_id AS "subscription_id!",
            fingerprint AS "fingerprint!", asked_by, valid_from AS "valid_from!", valid_until,
            deleted_at
         FROM webhook_endpoints
         WHERE subscription_id IS NOT NULL
         ORDER BY valid_from DESC, key DESC
         LIMIT $1"#,
        ROWS_MAX,
    )
    .fetch_all(connection)
    .await?;
    newest_first.reverse();
    Ok(newest_first)
}

/// The attempts of which it is not known what became of them.
pub async fn attempts(connection: &mut PgConnection) -> Result<Vec<Attempt>, sqlx::Error> {
    sqlx::query_as!(
        Attempt,
        "SELECT key, endpoint, url, request, overlap_seconds, asked_at, asked_by
         FROM webhook_endpoints
         WHERE subscription_id IS NULL AND given_up_at IS NULL
         ORDER BY asked_at, key
         LIMIT $1",
        ROWS_MAX,
    )
    .fetch_all(connection)
    .await
}

/// Before Smartpay is called.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    attempt: &Attempt,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO webhook_endpoints (
            key, endpoint, url, request, overlap_seconds, asked_at, asked_by
         )
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        attempt.key,
        attempt.endpoint,
        attempt.url,
        attempt.request,
        attempt.overlap_seconds,
        attempt.asked_at,
        attempt.asked_by,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Nothing more will come of it.
pub(crate) async fn give_up(
    connection: &mut PgConnection,
    key: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints SET given_up_at = $2
         WHERE key = $1 AND subscription_id IS NULL AND given_up_at IS NULL",
        key,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Seals the secret, and makes it live: the secrets before of the same name end after the overlap.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    vault: &Vault,
    attempt: &Attempt,
    (subscription_id, secret): (&str, &SigningSecret),
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut tx = connection.begin().await?;
    vault::store::keep_secret(&mut tx, vault, &attempt.endpoint, secret, now).await?;
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET subscription_id = $2, fingerprint = $3, valid_from = $4
         WHERE key = $1",
        attempt.key,
        subscription_id,
        secret.fingerprint(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET valid_until = $3::timestamptz + $4::bigint * interval '1 second'
         WHERE endpoint = $1 AND key <> $2 AND subscription_id IS NOT NULL AND valid_until IS NULL",
        attempt.endpoint,
        attempt.key,
        now,
        attempt.overlap_seconds,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

/// It is no longer at Smartpay: its secret has nothing to sign any more.
pub(crate) async fn end(
    connection: &mut PgConnection,
    subscription_id: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE webhook_endpoints
         SET deleted_at = $2, valid_until = least(valid_until, $2)
         WHERE subscription_id = $1 AND deleted_at IS NULL",
        subscription_id,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps other commands like this one from this ledger while the connection lasts. False when one
/// is at work.
pub(crate) async fn take_turn(
    connection: &mut PgConnection,
    ledger: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock(hashtextextended('tokenledger/webhooks/1/' || $1, 0))
            AS "taken!""#,
        ledger,
    )
    .fetch_one(connection)
    .await
}

/// The next one may.
pub(crate) async fn give_turn(
    connection: &mut PgConnection,
    ledger: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT pg_advisory_unlock(hashtextextended('tokenledger/webhooks/1/' || $1, 0))
            AS "given!""#,
        ledger,
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
