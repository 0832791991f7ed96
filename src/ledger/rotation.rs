//! New keys for the vault, and its keys for escrow: each in one transaction with its act, so that a
//! process that dies in between has changed nothing.

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;
use serde_json::json;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::ledger::Authority;
use crate::ledger::acts;
use crate::ledger::acts::NewAct;
use crate::ledger::loaded;
use crate::vault::MasterKey;
use crate::vault::Vault;
use crate::vault::WrappedKey;
use crate::vault::store;

/// The vault of a ledger, and what is to be done in whose name.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    pub ledger: &'a str,
    /// The one that opens the vault now.
    pub master_key: &'a MasterKey,
    pub authority: &'a Authority,
    pub now: DateTime<Utc>,
}

impl Rotation<'_> {
    /// Makes one more data key. Gives its version.
    pub async fn new_data_key(&self, connection: &mut PgConnection) -> anyhow::Result<i32> {
        let mut tx = connection.begin().await?;
        let vault = self.open(&mut tx).await?;
        let key = vault.next_data_key();
        store::insert_key(&mut tx, &key).await?;
        self.record(&mut tx, "data_key", &json!({ "version": key.version })).await?;
        tx.commit().await.context("keeping the new data key")?;
        Ok(key.version)
    }

    /// Wraps all keys by another master key, as the owner role. Gives how many. Refs and all that
    /// is sealed stay as they are.
    pub async fn rewrap(
        &self,
        connection: &mut PgConnection,
        new: &MasterKey,
    ) -> anyhow::Result<usize> {
        let mut tx = connection.begin().await?;
        let vault = self.open(&mut tx).await?;
        let wrapped = vault.wrapped_by(new);
        for key in &wrapped {
            let kept = store::rewrap_key(&mut tx, key).await?;
            anyhow::ensure!(kept, "key {} {} is not there any more", key.purpose, key.version);
        }
        // What is about to be relied on opens, read back from where it lies.
        store::open_to_read(&mut tx, self.ledger, new).await?.context("the vault lost its keys")?;
        self.record(&mut tx, "master_key", &json!({ "keys": wrapped.len() })).await?;
        tx.commit().await.context("keeping the keys as the new master key wraps them")?;
        Ok(wrapped.len())
    }

    /// All keys as they are wrapped: worth nothing without the master key, which was tried on them.
    pub async fn export(&self, connection: &mut PgConnection) -> anyhow::Result<Vec<WrappedKey>> {
        let mut tx = connection.begin().await?;
        self.open(&mut tx).await?;
        let wrapped = store::wrapped_keys(&mut tx).await?;
        self.record(&mut tx, "vault_export", &json!({ "keys": wrapped.len() })).await?;
        tx.commit().await.context("recording the export")?;
        Ok(wrapped)
    }

    /// The vault, while nobody else changes its keys: the head is locked.
    async fn open(&self, tx: &mut PgConnection) -> anyhow::Result<Vault> {
        loaded::lock_head(tx).await?;
        let vault = store::open_to_read(tx, self.ledger, self.master_key).await?;
        vault.context("the vault has no keys yet: the first start of the service makes them")
    }

    async fn record(
        &self,
        tx: &mut PgConnection,
        kind: &'static str,
        details: &serde_json::Value,
    ) -> anyhow::Result<()> {
        let Authority { actor, reason } = self.authority;
        acts::record(tx, &NewAct { kind, actor, reason, details }, self.now).await?;
        Ok(())
    }
}
