//! `vault rotate` and `vault export`: new keys while services run, and keys for escrow.
#![expect(clippy::disallowed_methods, reason = "tests look at tables as no product code does")]

mod command;
mod cut_off;
mod keys;
mod serving;

use sqlx::Row;
use tokenledger::database::OWNER;
use tokenledger::ledger::Authority;
use tokenledger::ledger::rotation::Rotation;
use tokenledger::vault::MasterKey;

use crate::world::LEDGER;
use crate::world::World;

impl World {
    /// One more data key, by the service's role.
    async fn rotates(&self) -> anyhow::Result<i32> {
        self.rotates_with(&self.master_key).await
    }

    async fn rotates_with(&self, master_key: &MasterKey) -> anyhow::Result<i32> {
        let authority = authority();
        let mut connection = self.sql_as(tokenledger::database::SERVICE).await;
        self.rotation(master_key, &authority).new_data_key(&mut connection).await
    }

    /// All keys under another master key, by the owner's role.
    async fn rewraps(&self, old: &MasterKey, new: &MasterKey) -> anyhow::Result<usize> {
        let authority = authority();
        let mut connection = self.sql_as(OWNER).await;
        self.rotation(old, &authority).rewrap(&mut connection, new).await
    }

    fn rotation<'a>(&self, master_key: &'a MasterKey, authority: &'a Authority) -> Rotation<'a> {
        Rotation { ledger: LEDGER, master_key, authority, now: self.clock.now() }
    }

    /// As if the data keys had been made a minute before.
    async fn ages_keys(&self) {
        self.execute("UPDATE vault_keys SET made_at = made_at - interval '1 minute'").await;
    }

    /// The keys as they lie there, and how many acts there are.
    async fn kept(&self) -> (Vec<(String, i32, Vec<u8>)>, i64) {
        let mut connection = self.sql_as("postgres").await;
        let rows = sqlx::query(
            "SELECT purpose, version, wrapped FROM vault_keys ORDER BY purpose, version",
        );
        let rows = rows.fetch_all(&mut connection).await.unwrap();
        let keys = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        (keys, self.count("acts").await)
    }
}

fn authority() -> Authority {
    Authority { actor: "aiko".to_owned(), reason: "of a test".to_owned() }
}
