//! The vault's tables: wrapped keys, and the secrets that signed what the ledger holds.

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use chrono::Utc;
use secrecy::ExposeSecret;
use secrecy::SecretSlice;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::smartpay::SigningSecret;
use crate::smartpay::TokenId;
use crate::vault::MasterKey;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Ref;
use crate::vault::Salt;
use crate::vault::Vault;
use crate::vault::WrappedKey;

/// Seconds after which a data key that was made seals. Every process loads it long before.
pub const SEALS_AFTER_S: i32 = 30;

/// Opens the ledger's vault with the master key. A ledger that holds nothing yet gets its keys
/// here; one whose keys are gone is refused, because its refs could never be computed again.
pub async fn open(
    connection: &mut PgConnection,
    ledger: &str,
    master_key: &MasterKey,
) -> anyhow::Result<Vault> {
    let mut tx = connection.begin().await?;
    let inputs =
        sqlx::query_scalar!("SELECT input FROM head FOR UPDATE").fetch_one(&mut *tx).await?;
    let wrapped = wrapped_keys(&mut tx).await?;
    if !wrapped.is_empty() {
        return opened(&mut tx, ledger, master_key, &wrapped).await;
    }
    anyhow::ensure!(
        inputs == 0,
        "the vault's keys are missing while the ledger holds {inputs} inputs: restore the table \
         vault_keys from a backup before starting"
    );
    let (vault, wrapped) = Vault::create(ledger, master_key);
    for key in &wrapped {
        insert_key(&mut tx, key).await?;
    }
    tx.commit().await.context("keeping the new vault's keys")?;
    Ok(vault)
}

/// Opens the vault without ever writing. None while the ledger holds no keys.
pub async fn open_to_read(
    connection: &mut PgConnection,
    ledger: &str,
    master_key: &MasterKey,
) -> anyhow::Result<Option<Vault>> {
    let wrapped = wrapped_keys(connection).await?;
    if wrapped.is_empty() {
        return Ok(None);
    }
    Ok(Some(opened(connection, ledger, master_key, &wrapped).await?))
}

/// Takes in data keys that were made since. To be called again and again by whoever keeps a vault
/// open, well within the time after which a new key seals.
pub async fn reload(connection: &mut PgConnection, vault: &Vault) -> anyhow::Result<()> {
    let wrapped = wrapped_keys(connection).await?;
    vault.load(&wrapped, seals(connection).await?)?;
    Ok(())
}

/// Keeps one more key.
pub(crate) async fn insert_key(
    connection: &mut PgConnection,
    key: &WrappedKey,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO vault_keys (purpose, version, wrapped) VALUES ($1, $2, $3)",
        key.purpose,
        key.version,
        key.wrapped,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// SQL that puts a key back when the table was lost.
pub fn restoring(key: &WrappedKey) -> String {
    let WrappedKey { purpose, version, wrapped } = key;
    let wrapped = STANDARD.encode(wrapped);
    format!(
        "INSERT INTO vault_keys (purpose, version, wrapped) \
         VALUES ('{purpose}', {version}, decode('{wrapped}', 'base64'));"
    )
}

/// Keeps a key as another master key wraps it. For the owner role alone.
pub(crate) async fn rewrap_key(
    connection: &mut PgConnection,
    key: &WrappedKey,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "UPDATE vault_keys SET wrapped = $3 WHERE purpose = $1 AND version = $2",
        key.purpose,
        key.version,
        key.wrapped,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn opened(
    connection: &mut PgConnection,
    ledger: &str,
    master_key: &MasterKey,
    wrapped: &[WrappedKey],
) -> anyhow::Result<Vault> {
    let vault = Vault::open(ledger, master_key, wrapped)?;
    vault.load(&[], seals(connection).await?)?;
    Ok(vault)
}

/// The version that seals: the newest that every process had the time to load, by the database's
/// own clock, which is one for all of them.
async fn seals(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(
            max(version) FILTER (WHERE made_at <= now() - make_interval(secs => $1::integer)),
            min(version),
            1
        ) AS "version!"
        FROM vault_keys
        WHERE purpose = 'data'"#,
        SEALS_AFTER_S,
    )
    .fetch_one(connection)
    .await
}

/// Keeps a webhook secret for ever, sealed, so that signatures can be verified again later.
pub async fn keep_secret(
    connection: &mut PgConnection,
    vault: &Vault,
    endpoint: &str,
    secret: &SigningSecret,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let fingerprint = secret.fingerprint();
    let salt = Salt::random();
    let row = format!("{endpoint}/{fingerprint}");
    let place = Place { table: "vault_secrets", row: &row, field: "secret" };
    let sealed = vault.seal(&place, NO_TOKEN, &salt, secret.expose().as_bytes());
    sqlx::query!(
        "INSERT INTO vault_secrets (fingerprint, endpoint, salt, sealed, first_used_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (fingerprint, endpoint) DO NOTHING",
        fingerprint,
        endpoint,
        salt.as_bytes().as_slice(),
        sealed,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A secret kept earlier, by the name of its endpoint and its fingerprint. None if it is not there.
pub async fn kept_secret(
    connection: &mut PgConnection,
    vault: &Vault,
    endpoint: &str,
    fingerprint: &str,
) -> anyhow::Result<Option<SigningSecret>> {
    let row = sqlx::query!(
        "SELECT salt, sealed FROM vault_secrets WHERE fingerprint = $1 AND endpoint = $2",
        fingerprint,
        endpoint,
    )
    .fetch_optional(connection)
    .await?;
    let Some(kept) = row else { return Ok(None) };
    let row = format!("{endpoint}/{fingerprint}");
    let place = Place { table: "vault_secrets", row: &row, field: "secret" };
    let salt = Salt::try_from(kept.salt.as_slice())?;
    let text = SecretSlice::from(vault.unseal(&place, NO_TOKEN, &salt, &kept.sealed)?);
    let text = str::from_utf8(text.expose_secret()).context("a kept secret is no text")?;
    Ok(Some(SigningSecret::parse(text)?))
}

/// The Smartpay id behind a ref. None if the vault does not hold it.
pub async fn token_id(
    connection: &mut PgConnection,
    vault: &Vault,
    reference: &Ref,
) -> anyhow::Result<Option<TokenId>> {
    let row = sqlx::query!("SELECT salt, sealed_id FROM vault WHERE ref = $1", reference.as_str())
        .fetch_optional(connection)
        .await?;
    let Some(kept) = row else { return Ok(None) };
    let place = Place { table: "vault", row: reference.as_str(), field: "id" };
    let salt = Salt::try_from(kept.salt.as_slice())?;
    let text = vault.unseal(&place, reference.as_str(), &salt, &kept.sealed_id)?;
    let text = SecretSlice::from(text);
    let text = str::from_utf8(text.expose_secret()).context("a kept token id is no text")?;
    Ok(Some(TokenId::parse(text)?))
}

pub(crate) async fn wrapped_keys(
    connection: &mut PgConnection,
) -> Result<Vec<WrappedKey>, sqlx::Error> {
    sqlx::query_as!(
        WrappedKey,
        "SELECT purpose, version, wrapped FROM vault_keys ORDER BY purpose, version"
    )
    .fetch_all(connection)
    .await
}
