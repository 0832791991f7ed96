//! Reaching PostgreSQL: one schema per ledger, one role per purpose.

mod act;
mod choice;
mod demo;
mod failure;
mod hosts;
mod look;
mod primary;
mod readers;
mod roles;
mod schema;
mod server;
mod watch;

pub use act::Act;
pub use act::CHAIN_BEGINS;
pub use choice::NoPrimary;
pub use choice::Writable;
pub use choice::choose;
pub use demo::Mark;
pub use demo::demo_mark;
pub use demo::drop_demo;
pub use failure::Failure;
pub use failure::unreachable_hint;
pub use hosts::HOSTS_MAX;
pub use hosts::Hosts;
pub use hosts::HostsError;
pub use hosts::address;
pub use look::Found;
pub use look::describe;
pub use look::look_around;
pub use primary::NotFound;
pub use primary::Primary;
pub use readers::Readers;
pub use roles::OWNER;
pub use roles::READER;
pub use roles::SERVICE;
pub use roles::create_roles;
pub use schema::MigrateError;
pub use schema::Target;
pub use schema::check_schema;
pub use schema::function_body;
pub use schema::migrate;
pub use schema::schema_version;
pub use server::Server;
pub use server::server;
pub use watch::Watch;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgPool;
use sqlx::postgres::PgPoolOptions;

/// A statement that runs longer is cancelled by the server.
pub const STATEMENT_TIMEOUT_MS: u32 = 5_000;
/// A lock that is waited for longer is given up.
pub const LOCK_TIMEOUT_MS: u32 = 2_000;
/// A transaction that is left open without a statement is ended by the server.
pub const IDLE_IN_TRANSACTION_TIMEOUT_MS: u32 = 5_000;
/// Begins a transaction of what is nobody's answer (counters, the last use of a key, bodies that
/// are destroyed): its commit does not wait for a standby, which may be away for long.
pub const BEGIN_ASIDE: &str = "BEGIN; SET LOCAL synchronous_commit = local";
/// How long a request waits for a connection of the pool.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections for reads; the writer has its own.
const POOL_CONNECTIONS_MAX: u32 = 16;

/// The schema that holds one ledger: a lower-case PostgreSQL identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerName(String);

impl LedgerName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LedgerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for LedgerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (1..=63).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !text.starts_with("pg_");
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "{text:?} cannot name a ledger: use 1–63 characters of a–z, 0–9 and _, a letter \
                 first, not beginning with pg_"
            ))
        }
    }
}

/// Options for a connection whose tables are those of one ledger, with the time-outs of the design.
pub fn connect_options(url: &str, ledger: &LedgerName) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(url
        .parse::<PgConnectOptions>()?
        .application_name("tokenledger")
        .statement_cache_capacity(200)
        .options([
            ("search_path", ledger.as_str().to_owned()),
            ("statement_timeout", STATEMENT_TIMEOUT_MS.to_string()),
            ("lock_timeout", LOCK_TIMEOUT_MS.to_string()),
            ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_TIMEOUT_MS.to_string()),
        ]))
}

/// A pool for reads. Does not connect yet, so that a service can start before its database.
pub fn pool(options: PgConnectOptions) -> PgPool {
    pool_options().connect_lazy_with(options)
}

fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(POOL_CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
}
