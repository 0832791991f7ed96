//! The table `access_keys`: digests, never keys.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::access::NewKey;
use crate::access::Scopes;

/// The most keys that are live at once; a service holds all of them in memory.
pub const KEYS_MAX: i64 = 1_000;

/// What is said of a key when it is made.
#[derive(Clone, Debug)]
pub struct Grant {
    pub name: String,
    pub scopes: Scopes,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as lists show it.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    pub id: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// What a service needs to recognise a key.
#[derive(Clone, Debug)]
pub struct LiveKey {
    pub id: String,
    pub digest: Vec<u8>,
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Whether there was room for one more live key.
pub async fn insert(
    connection: &mut PgConnection,
    key: &NewKey,
    grant: &Grant,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO access_keys (id, digest, name, scopes, created_at, expires_at)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE (
            SELECT count(*) FROM access_keys
            WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $5)
        ) < $7",
        key.id,
        key.digest.as_slice(),
        grant.name,
        &grant.scopes.words(),
        grant.created_at,
        grant.expires_at,
        KEYS_MAX,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// All keys that ever were, newest first, up to `limit`.
pub async fn list(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<KeyRecord>, sqlx::Error> {
    sqlx::query_as!(
        KeyRecord,
        "SELECT id, name, scopes, created_at, expires_at, revoked_at, last_used_at
        FROM access_keys
        ORDER BY created_at DESC, id
        LIMIT $1",
        limit,
    )
    .fetch_all(connection)
    .await
}

/// When it was revoked: now or before. None: there is no such key.
pub async fn revoke(
    connection: &mut PgConnection,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"UPDATE access_keys SET revoked_at = coalesce(revoked_at, $2)
        WHERE id = $1
        RETURNING revoked_at AS "revoked_at!""#,
        id,
        now,
    )
    .fetch_optional(connection)
    .await
}

/// Keys that are neither revoked nor expired.
pub(crate) async fn live(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<LiveKey>, sqlx::Error> {
    sqlx::query_as!(
        LiveKey,
        "SELECT id, digest, scopes, expires_at
        FROM access_keys
        WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
        ORDER BY created_at
        LIMIT $2",
        now,
        KEYS_MAX,
    )
    .fetch_all(connection)
    .await
}

/// Takes down when keys were last used.
pub(crate) async fn touch(
    connection: &mut PgConnection,
    uses: &[(String, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE access_keys SET last_used_at = used.at
        FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at)
        WHERE access_keys.id = used.id
            AND (access_keys.last_used_at IS NULL OR access_keys.last_used_at < used.at)",
        uses.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>() as Vec<&str>,
        &uses.iter().map(|(_, at)| *at).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
