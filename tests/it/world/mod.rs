//! A ledger of its own for a test, on real PostgreSQL, and verbs to act on it and look at it.
//!
//! Each world has a fresh database, cloned from a migrated template and dropped at the end. Time
//! stands still at [`crate::bodies::NOW_MS`] until a test moves [`World::clock`].

mod arrange;
mod database;
mod faults;
mod http;
mod look;
mod readings;
mod smartpay;
mod waits;

use std::sync::Arc;

use sqlx::Executor;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPoolOptions;
use tokenledger::clock::Clock;
use tokenledger::database::LedgerName;
use tokenledger::database::SERVICE;
use tokenledger::database::connect_options;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Settings;
use tokenledger::vault::MasterKey;
use tokenledger::vault::Vault;
use tokenledger::vault::store;

use crate::bodies::NOW_MS;
use crate::token_inputs::ms;
use crate::world::database::Database;

pub(crate) use crate::world::faults::event_sql;
pub(crate) use crate::world::http::API_KEY;
pub(crate) use crate::world::http::DEV;
pub(crate) use crate::world::http::LIVE;
pub(crate) use crate::world::http::PREVIOUS;
pub(crate) use crate::world::http::REVOKED;
pub(crate) use crate::world::http::SECOND;
pub(crate) use crate::world::http::SECRET;
pub(crate) use crate::world::http::SUBSCRIPTION;
pub(crate) use crate::world::http::Served;
pub(crate) use crate::world::http::Serving;
pub(crate) use crate::world::http::fresh_key;
pub(crate) use crate::world::http::get;
pub(crate) use crate::world::http::serves_routes;
pub(crate) use crate::world::http::write;
pub(crate) use crate::world::look::Projected;
pub(crate) use crate::world::look::ask;
pub(crate) use crate::world::readings::LONG_AGO;
pub(crate) use crate::world::smartpay::Told;
pub(crate) use crate::world::smartpay::approved;
pub(crate) use crate::world::smartpay::claim;
pub(crate) use crate::world::smartpay::token_id;
pub(crate) use crate::world::smartpay::told;
pub(crate) use crate::world::smartpay::used;

/// The schema in every test database.
pub(crate) const LEDGER: &str = "ledger";

/// The endpoint that deliveries arrive at unless a test names another.
pub(crate) const ENDPOINT: &str = "main";

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) vault: Arc<Vault>,
    /// Opens the vault again, for a service of its own.
    pub(crate) master_key: MasterKey,
    /// On the service role, with a connection of its own.
    pub(crate) ledger: Ledger,
    /// Reads, on the service role.
    pub(crate) pool: PgPool,
    // Last: dropped, and its database with it, when nothing above uses it any more.
    database: Database,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let clock = Clock::set_at(ms(NOW_MS).to_datetime());
        let options = database.options(SERVICE);
        let mut connection =
            <PgConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
        let master_key = MasterKey::generate();
        let vault = store::open(&mut connection, LEDGER, &master_key).await.unwrap();
        let vault = Arc::new(vault);
        let settings = Settings::new(options.clone(), vault.clone(), clock.clone());
        let (ledger, _writer) = Ledger::start(settings);
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy_with(options);
        Self { clock, vault, master_key, ledger, pool, database }
    }

    /// Another process on the same ledger: a writer and a connection of its own.
    pub(crate) fn second_ledger(&self) -> Ledger {
        self.ledger_on(self.options(SERVICE))
    }

    /// One that waits for the head as long as a slow machine takes.
    pub(crate) fn patient_ledger(&self) -> Ledger {
        self.ledger_on(self.options(SERVICE).options([("lock_timeout", "0")]))
    }

    /// A ledger that reaches the database in another way.
    pub(crate) fn ledger_on(&self, options: PgConnectOptions) -> Ledger {
        Ledger::start(Settings::new(options, self.vault.clone(), self.clock.clone())).0
    }

    /// How a role reaches this world's ledger.
    pub(crate) fn options(&self, role: &str) -> PgConnectOptions {
        self.database.options(role)
    }

    /// The URL of the database, without the choice of a schema.
    pub(crate) fn url(&self, role: &str) -> String {
        self.database.url(role)
    }

    /// A new connection.
    pub(crate) async fn sql_as(&self, role: &str) -> PgConnection {
        <PgConnection as sqlx::Connection>::connect_with(&self.options(role)).await.unwrap()
    }

    /// As the superuser.
    pub(crate) async fn execute(&self, statements: &str) {
        self.sql_as("postgres").await.execute(statements).await.unwrap();
    }
}

pub(crate) fn options_of(url: &str) -> PgConnectOptions {
    connect_options(url, &LEDGER.parse::<LedgerName>().unwrap()).unwrap()
}
