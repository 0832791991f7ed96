//! A ledger made in an empty database.

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

use crate::shared::LEDGER;
use crate::shared::server::Server;

/// Schema and vault; gives the key that opens the vault.
pub(crate) async fn make(server: &Server, database: &str) -> anyhow::Result<MasterKey> {
    let ledger = LEDGER.parse().map_err(anyhow::Error::msg)?;
    let target = Target { ledger, mode: Mode::Test, demo_until: None };
    let owner = options(server, database, OWNER)?;
    database::migrate(&owner, &target, Clock::system().now()).await?;
    let master_key = MasterKey::generate();
    let service = options(server, database, SERVICE)?;
    let mut connection = PgConnection::connect_with(&service).await?;
    vault::store::open(&mut connection, LEDGER, &master_key).await?;
    connection.close().await?;
    Ok(master_key)
}

pub(crate) fn options(
    server: &Server,
    database: &str,
    role: &str,
) -> anyhow::Result<PgConnectOptions> {
    let ledger = LEDGER.parse().map_err(anyhow::Error::msg)?;
    Ok(database::connect_options(&server.url(database, role), &ledger)?)
}
