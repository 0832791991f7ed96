//! Making a ledger's schema, and refusing to work on one of another version.

use chrono::DateTime;
use chrono::Utc;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::migrate::Migrate;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use thiserror::Error;

use crate::database::Act;
use crate::database::CHAIN_BEGINS;
use crate::database::LedgerName;
use crate::smartpay::Mode;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// Which ledger to make: written once, afterwards it must agree.
#[derive(Clone, Debug)]
pub struct Target {
    pub ledger: LedgerName,
    pub mode: Mode,
    /// The demo mark: the instant at which the ledger's simulated past ends.
    pub demo_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Error)]
pub enum MigrateError {
    #[error("the database failed while the schema was made or checked")]
    Database(#[from] sqlx::Error),
    #[error("the schema could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error(
        "ledger {ledger} has schema version {found}, newer than {known}, the newest this program \
         knows: run the newer tokenledger"
    )]
    Newer { ledger: String, found: i64, known: i64 },
    #[error(
        "ledger {ledger} has schema version {found}, this program needs {known}: run `tokenledger \
         migrate` first"
    )]
    Older { ledger: String, found: i64, known: i64 },
    #[error("there is no ledger in schema {ledger}: run `tokenledger migrate` first")]
    Missing { ledger: String },
    #[error(
        "ledger {ledger} is a {found} ledger, configured is {configured}: test and live never \
         share a ledger; correct TOKENLEDGER_MODE or name another TOKENLEDGER_LEDGER"
    )]
    Mode { ledger: String, found: String, configured: Mode },
}

/// Brings the schema up to date, as the owner role, and writes the head of a new ledger together
/// with its first act: incarnation 1.
pub async fn migrate(
    options: &PgConnectOptions,
    target: &Target,
    now: DateTime<Utc>,
) -> Result<(), MigrateError> {
    let mut connection = PgConnection::connect_with(options).await?;
    let schema = format!("CREATE SCHEMA IF NOT EXISTS {}", target.ledger);
    connection.execute(schema.as_str()).await?;
    connection.ensure_migrations_table().await?;
    if let Some(found) = version(&mut connection).await? {
        refuse_newer(&target.ledger, found)?;
    }
    MIGRATOR.run(&mut connection).await?;
    connection
        .execute("GRANT SELECT ON _sqlx_migrations TO tokenledger_service, tokenledger_reader")
        .await?;
    begin_ledger(&mut connection, target, now).await?;
    agree_on_mode(&mut connection, target).await
}

/// The body of a function as the newest migration that makes it has it.
pub fn function_body(name: &str) -> Option<&'static str> {
    let begin = format!("FUNCTION {name}() RETURNS trigger");
    let mut made = MIGRATOR.iter().filter_map(|migration| migration.sql.split_once(&begin));
    let (_, rest) = made.next_back()?;
    rest.split("$function$").nth(1)
}

/// Refuses a missing, older or newer schema, and a ledger of the other mode.
pub async fn check_schema(
    connection: &mut PgConnection,
    target: &Target,
) -> Result<(), MigrateError> {
    let ledger = target.ledger.to_string();
    let found = match version(connection).await {
        Ok(found) => found,
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => None,
        Err(error) => return Err(error.into()),
    };
    let Some(found) = found else { return Err(MigrateError::Missing { ledger }) };
    refuse_newer(&target.ledger, found)?;
    let known = schema_version();
    if found < known {
        return Err(MigrateError::Older { ledger, found, known });
    }
    agree_on_mode(connection, target).await
}

/// The head of a ledger that has none yet.
async fn begin_ledger(
    connection: &mut PgConnection,
    target: &Target,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin().await?;
    let begun = sqlx::query!(
        "INSERT INTO head (
            ledger, mode, demo_until, incarnation, position, input, arrival, chain, act, recorded_at
         )
         VALUES ($1, $2, $3, 1, 0, 0, 0, $4, 1, $5)
         ON CONFLICT (one) DO NOTHING",
        target.ledger.as_str(),
        target.mode.as_str(),
        target.demo_until,
        CHAIN_BEGINS.as_slice(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    if begun.rows_affected() == 1 {
        let details = format!(r#"{{"incarnation":1,"mode":"{}"}}"#, target.mode);
        let act = Act {
            number: 1,
            kind: "incarnation",
            actor: "migrate",
            reason: "a new ledger begins",
            details: &details,
            recorded_at: now,
        };
        let chain = act.chain(&CHAIN_BEGINS);
        sqlx::query!(
            "INSERT INTO acts (number, kind, actor, reason, details, recorded_at, chain)
             VALUES ($1, $2, $3, $4, $5::text::json, $6, $7)",
            act.number,
            act.kind,
            act.actor,
            act.reason,
            act.details,
            act.recorded_at,
            chain.as_slice(),
        )
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}

async fn agree_on_mode(connection: &mut PgConnection, target: &Target) -> Result<(), MigrateError> {
    let found = sqlx::query_scalar!("SELECT mode FROM head").fetch_one(connection).await?;
    if found == target.mode.as_str() {
        return Ok(());
    }
    Err(MigrateError::Mode { ledger: target.ledger.to_string(), found, configured: target.mode })
}

fn refuse_newer(ledger: &LedgerName, found: i64) -> Result<(), MigrateError> {
    let known = schema_version();
    if found <= known {
        return Ok(());
    }
    Err(MigrateError::Newer { ledger: ledger.to_string(), found, known })
}

/// The newest schema that this program knows: the one that it works on.
pub fn schema_version() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The newest migration that the database has.
#[expect(clippy::disallowed_methods, reason = "sqlx's own table is not part of our migrations")]
async fn version(connection: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await
}
