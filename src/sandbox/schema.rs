//! The sandbox's own tables, in a schema of a fixed name.

use sqlx::Connection;
use sqlx::Executor;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use thiserror::Error;

static MIGRATOR: Migrator = sqlx::migrate!("./src/sandbox/migrations");

const SCHEMA: &str = "sandbox";

#[derive(Debug, Error)]
pub enum OpenError {
    #[error("the sandbox's database failed while its tables were made")]
    Database(#[from] sqlx::Error),
    #[error("the sandbox's tables could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Forgets everything the sandbox knows, and its tables.
pub(crate) async fn discard(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    connection.execute(format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE").as_str()).await?;
    connection.close().await
}

/// Makes the tables, or brings them up to date.
pub(crate) async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    // Where sqlx keeps its own table is decided by the search path.
    let options = options.clone().options([("search_path", SCHEMA)]);
    let mut connection = PgConnection::connect_with(&options).await?;
    connection.execute(format!("CREATE SCHEMA IF NOT EXISTS {SCHEMA}").as_str()).await?;
    MIGRATOR.run(&mut connection).await?;
    Ok(connection.close().await?)
}
