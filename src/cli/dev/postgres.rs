//! The database under `dev`: a private server that is kept running, or one that was named.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::postgres::PgConnection;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::task::spawn_blocking;

use tokenledger::database;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::embedded;
use tokenledger::embedded::Cluster;

use crate::cli::dev::home::Home;
use crate::cli::exit::Exit;

const DATABASE: &str = "tokenledger";
/// Of the pretend Smartpay: what it knows is none of the ledger's business.
const SANDBOX: &str = "sandbox";
/// How often the server is looked after.
const WATCH: Duration = Duration::from_secs(1);

/// The database under `dev` and `sandbox`.
#[derive(Debug, Args)]
pub(crate) struct DatabaseOptions {
    /// Use this database, as a role that may create roles, and start none
    #[arg(long, value_name = "URL")]
    pub database_url: Option<SecretString>,
    /// Directory of the PostgreSQL binaries
    #[arg(long, value_name = "DIR")]
    pub binaries: Option<PathBuf>,
    /// Download no PostgreSQL when none is installed
    #[arg(long)]
    pub no_download: bool,
}

pub(super) struct Database {
    pub owner_url: String,
    pub service_url: String,
    pub sandbox_url: String,
    watch: Option<Watch>,
}

/// The task that starts the server again when it is gone.
struct Watch {
    stop: oneshot::Sender<()>,
    watcher: JoinHandle<Cluster>,
}

impl Database {
    /// Roles and the databases are there when it returns.
    pub(super) async fn start(options: &DatabaseOptions, home: &Home) -> Result<Self, Exit> {
        if let Some(url) = &options.database_url {
            let url = url.expose_secret();
            let owner_url = acting_as(url, OWNER);
            let service_url = acting_as(url, SERVICE);
            prepare_named(url).await?;
            let sandbox_url = owner_url.clone();
            return Ok(Self { owner_url, service_url, sandbox_url, watch: None });
        }
        let embedded = embedded::Options {
            binaries: options.binaries.clone(),
            download: !options.no_download,
            say: |line| tracing::info!("{line}"),
            ..embedded::Options::new(home.directory.join("postgres"))
        };
        let cluster = start(&embedded).await?;
        prepare_private(&cluster).await?;
        let owner_url = cluster.url(DATABASE, OWNER);
        let service_url = cluster.url(DATABASE, SERVICE);
        let sandbox_url = cluster.url(SANDBOX, OWNER);
        let (stop, stopped) = oneshot::channel();
        let watcher = tokio::spawn(watch(embedded, cluster, stopped));
        Ok(Self { owner_url, service_url, sandbox_url, watch: Some(Watch { stop, watcher }) })
    }

    /// Stops the private server.
    pub(super) async fn stop(self) -> Result<(), Exit> {
        let Some(Watch { stop, watcher }) = self.watch else { return Ok(()) };
        drop(stop);
        let cluster = watcher.await.context("watching PostgreSQL")?;
        spawn_blocking(|| cluster.stop())
            .await
            .context("stopping PostgreSQL")?
            .context("stopping PostgreSQL")?;
        Ok(())
    }
}

async fn start(options: &embedded::Options) -> anyhow::Result<Cluster> {
    let options = options.clone();
    let started = spawn_blocking(move || embedded::start(&options)).await;
    Ok(started.context("starting PostgreSQL")??)
}

/// A server that was killed is started again on the same data; the service answers 503 meanwhile.
async fn watch(
    options: embedded::Options,
    mut cluster: Cluster,
    mut stopped: oneshot::Receiver<()>,
) -> Cluster {
    let url = cluster.url("postgres", "postgres");
    loop {
        tokio::select! {
            _ = &mut stopped => return cluster,
            () = tokio::time::sleep(WATCH) => {}
        }
        if PgConnection::connect(&url).await.is_ok() {
            continue;
        }
        tracing::warn!("PostgreSQL does not answer; starting it again");
        drop(cluster);
        cluster = loop {
            match start(&options).await {
                Ok(cluster) => break cluster,
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "PostgreSQL does not start");
                    tokio::time::sleep(WATCH).await;
                }
            }
        };
    }
}

async fn prepare_private(cluster: &Cluster) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(&cluster.url("postgres", "postgres")).await?;
    database::create_roles(&mut connection).await.context("making the roles")?;
    for name in [DATABASE, SANDBOX] {
        let create = format!("CREATE DATABASE {name} OWNER {OWNER}");
        match connection.execute(create.as_str()).await {
            Ok(_) => {}
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P04") => {}
            Err(error) => return Err(error).context("making the databases"),
        }
    }
    connection.close().await.context("leaving PostgreSQL")
}

/// On a database that was named, our roles own and serve a schema; the one who connects keeps it.
async fn prepare_named(url: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url)
        .await
        .map_err(|error| anyhow::Error::from(error).context("connecting to --database-url"))?;
    database::create_roles(&mut connection).await.context("making the roles")?;
    let grant = format!(
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {OWNER}', current_database()); \
         END $$"
    );
    connection.execute(grant.as_str()).await.context("letting the owner make a schema")?;
    connection.close().await.context("leaving PostgreSQL")
}

/// The same URL, on which the session takes a role after logging in.
fn acting_as(url: &str, role: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}options=-c%20role%3D{role}")
}
