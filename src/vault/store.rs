//! The vault's tables: wrapped keys, and the secrets that signed what the ledger holds.

use anyhow::Context;
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
        return Ok(Vault::open(ledger, master_key, &wrapped)?);
    }
    anyhow::ensure!(
        inputs == 0,
        "the vault's keys are missing while the ledger holds {inputs} inputs: restore the table \
         vault_keys from a backup before starting"
    );
    let (vault, wrapped) = Vault::create(ledger, master_key);
    for key in wrapped {
        sqlx::query!(
            "INSERT INTO vault_keys (purpose, version, wrapped) VALUES ($1, $2, $3)",
            key.purpose,
            key.version,
            key.wrapped,
        )
        .execute(&mut *tx)
        .await?;
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
    Ok(Some(Vault::open(ledger, master_key, &wrapped)?))
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

async fn wrapped_keys(connection: &mut PgConnection) -> Result<Vec<WrappedKey>, sqlx::Error> {
    sqlx::query_as!(
        WrappedKey,
        "SELECT purpose, version, wrapped FROM vault_keys ORDER BY purpose, version"
    )
    .fetch_all(connection)
    .await
}
