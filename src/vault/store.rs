//! The vault's tables: wrapped keys, and the secrets that signed what the ledger holds.

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::smartpay::SigningSecret;
use crate::vault::MasterKey;
use crate::vault::Place;
use crate::vault::Salt;
use crate::vault::Vault;
use crate::vault::WrappedKey;

/// What secrets are sealed under: they belong to no token.
const NO_TOKEN: &str = "-";

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
    let wrapped = sqlx::query_as!(
        WrappedKey,
        "SELECT purpose, version, wrapped FROM vault_keys ORDER BY purpose, version"
    )
    .fetch_all(&mut *tx)
    .await?;
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
