//! A database per test: cloned from a template that is made once per schema, dropped at the end.
#![expect(clippy::disallowed_methods, reason = "databases are made outside the checked schema")]

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use rand::random;
use sha2::Digest;
use sha2::Sha256;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::database::Target;
use tokenledger::database::check_schema;
use tokenledger::database::create_roles;
use tokenledger::database::migrate;
use tokenledger::embedded::Address;
use tokenledger::smartpay::Mode;

use crate::bodies::NOW_MS;
use crate::postgres;
use crate::token_inputs::ms;
use crate::world::LEDGER;
use crate::world::options_of;

/// Whether this process has looked for what others left behind.
static SWEPT: AtomicBool = AtomicBool::new(false);

const SUPERUSER: &str = "postgres";

/// Held while databases are made and swept, by all processes that test on this server.
const TURN: i64 = 7_463_511;

pub(super) struct Database {
    address: &'static Address,
    name: String,
    /// Shows the sweep of other processes that this database is in use.
    _keeper: PgConnection,
}

impl Database {
    pub(super) async fn new() -> Self {
        let address = postgres::cluster().await;
        let mut server = PgConnection::connect(&address.url(SUPERUSER, SUPERUSER)).await.unwrap();
        server.execute(format!("SELECT pg_advisory_lock({TURN})").as_str()).await.unwrap();
        let template = template(address, &mut server).await;
        let name = format!("world_{:016x}", random::<u64>());
        create(&mut server, &name, &format!("TEMPLATE {template}")).await;
        let keeper = PgConnection::connect(&address.url(&name, SUPERUSER)).await.unwrap();
        server.close().await.unwrap();
        let service = options_of(&address.url(&name, SERVICE));
        let mut service = PgConnection::connect_with(&service).await.unwrap();
        check_schema(&mut service, &target()).await.unwrap();
        Self { address, name, _keeper: keeper }
    }

    pub(super) fn url(&self, role: &str) -> String {
        self.address.url(&self.name, role)
    }

    pub(super) fn options(&self, role: &str) -> PgConnectOptions {
        options_of(&self.url(role))
    }
}

/// From a thread of its own: the runtime of the test may be ending. What is left behind, because
/// the test was killed, the next process sweeps.
impl Drop for Database {
    fn drop(&mut self) {
        let url = self.address.url(SUPERUSER, SUPERUSER);
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                PgConnection::connect(&url).await?.execute(statement.as_str()).await?;
                Ok::<_, anyhow::Error>(())
            })
        });
        drop(dropping.join());
    }
}

fn target() -> Target {
    Target { ledger: LEDGER.parse().unwrap(), mode: Mode::Test, demo_until: None }
}

/// The name of the migrated template, made if need be. The caller holds the turn.
async fn template(address: &Address, server: &mut PgConnection) -> String {
    let name = format!("template_{}", schema_hash());
    let found = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    if !sqlx::query_scalar::<_, bool>(found).bind(&name).fetch_one(&mut *server).await.unwrap() {
        create_roles(server).await.unwrap();
        let unfinished = "template_unfinished";
        drop_database(server, unfinished).await;
        create(server, unfinished, "").await;
        let options = options_of(&address.url(unfinished, OWNER));
        migrate(&options, &target(), ms(NOW_MS).to_datetime()).await.unwrap();
        let rename = format!("ALTER DATABASE {unfinished} RENAME TO {name}");
        server.execute(rename.as_str()).await.unwrap();
    }
    if !SWEPT.swap(true, Ordering::Relaxed) {
        sweep(server, &name).await;
    }
    name
}

async fn create(server: &mut PgConnection, name: &str, source: &str) {
    let statement = format!("CREATE DATABASE {name} OWNER {OWNER} {source}");
    server.execute(statement.as_str()).await.unwrap();
}

/// Drops what killed tests and older schemas left behind.
async fn sweep(server: &mut PgConnection, template: &str) {
    let left: Vec<String> = sqlx::query_scalar(
        r"SELECT datname::text FROM pg_database
        WHERE (datname LIKE 'world\_%' OR datname LIKE 'template\_%') AND datname <> $1
            AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = pg_database.datname)",
    )
    .bind(template)
    .fetch_all(&mut *server)
    .await
    .unwrap();
    for name in left {
        drop_database(server, &name).await;
    }
}

async fn drop_database(server: &mut PgConnection, name: &str) {
    server.execute(format!("DROP DATABASE IF EXISTS {name}").as_str()).await.unwrap();
}

/// Over everything that a template is made from.
fn schema_hash() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources: Vec<_> = ["migrations", "src/database"]
        .iter()
        .flat_map(|folder| fs::read_dir(root.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    sources.sort();
    let mut hash = Sha256::new();
    for source in sources {
        hash.update(fs::read(source).unwrap());
    }
    let mut hash = hex::encode(hash.finalize());
    hash.truncate(16);
    hash
}
