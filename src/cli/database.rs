//! The ledger's database, opened for reading and checked first.

use std::time::Duration;

use anyhow::Context;
use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use tokenledger::database;
use tokenledger::database::Hosts;
use tokenledger::database::MigrateError;
use tokenledger::database::Primary;
use tokenledger::database::Target;

use crate::cli::exit::Exit;
use crate::cli::settings::Settings;

/// Somebody waits at the terminal.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool on a ledger whose schema and mode are those that this program and the settings expect.
pub(crate) async fn open(settings: &Settings) -> Result<PgPool, Exit> {
    let target =
        Target { ledger: settings.ledger.clone(), mode: settings.mode()?, demo_until: None };
    let options = options(settings).await?;
    let mut connection = connect(&options).await?;
    database::check_schema(&mut connection, &target).await.map_err(|error| match error {
        MigrateError::Database(error) => Exit::from(error),
        MigrateError::Mode { .. } => Exit::Usage(error.into()),
        MigrateError::Migrate(_)
        | MigrateError::Newer { .. }
        | MigrateError::Older { .. }
        | MigrateError::Missing { .. } => Exit::Failure(error.into()),
    })?;
    connection.close().await.context("closing the first connection")?;
    Ok(database::pool(options))
}

/// How the ledger is reached: among several hosts, at the primary.
pub(crate) async fn options(settings: &Settings) -> Result<PgConnectOptions, Exit> {
    primary(settings.database_hosts()?).await
}

/// The primary of these hosts.
pub(crate) async fn primary(hosts: Hosts) -> Result<PgConnectOptions, Exit> {
    let looked_at = format!("the database cannot be reached at {hosts}");
    let (primary, _) = Primary::find(hosts)
        .await
        .map_err(|error| anyhow::Error::from(error).context(looked_at))?;
    Ok(primary.options())
}

/// One connection, or where it was looked for and why it may not be there.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Exit> {
    let attempt = PgConnection::connect_with(options);
    let error = match tokio::time::timeout(CONNECT_TIMEOUT, attempt).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(error)) => error,
        Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
    };
    let hint = database::unreachable_hint(&error);
    let place = Hosts::from(options.clone());
    Err(Exit::Unreachable(
        anyhow::Error::from(error)
            .context(format!("the database cannot be reached at {place}; {hint}")),
    ))
}
