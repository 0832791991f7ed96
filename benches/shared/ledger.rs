//! A ledger made in an empty database.

use std::sync::Arc;

use secrecy::ExposeSecret;
use sqlx::Connection;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::database::Target;
use tokenledger::smartpay::Mode;
use tokenledger::vault;
use tokenledger::vault::MasterKey;
use tokenledger::vault::Vault;

use crate::shared::LEDGER;
use crate::shared::server::Server;

pub(crate) struct Made {
    pub(crate) master_key: String,
    pub(crate) vault: Arc<Vault>,
    /// The service role's.
    pub(crate) options: PgConnectOptions,
}

pub(crate) async fn make(server: &Server, database: &str) -> anyhow::Result<Made> {
    let ledger = LEDGER.parse().map_err(anyhow::Error::msg)?;
    let options = |role| database::connect_options(&server.url(database, role), &ledger);
    let target = Target { ledger: ledger.clone(), mode: Mode::Test, demo_until: None };
    database::migrate(&options(OWNER)?, &target, Clock::system().now()).await?;
    let master_key = MasterKey::generate();
    let mut connection = PgConnection::connect_with(&options(SERVICE)?).await?;
    let vault = Arc::new(vault::store::open(&mut connection, LEDGER, &master_key).await?);
    connection.close().await?;
    let master_key = master_key.to_text().expose_secret().to_owned();
    Ok(Made { master_key, vault, options: options(SERVICE)? })
}
