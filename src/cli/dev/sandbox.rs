//! The pretend Smartpay: opened beside the service by `dev`, and `sandbox`, which is it alone.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;

use tokenledger::clock::Clock;
use tokenledger::sandbox::Registration;
use tokenledger::sandbox::Sandbox;

use crate::cli::dev::DATA_DEFAULT;
use crate::cli::dev::ENDPOINT;
use crate::cli::dev::home::Home;
use crate::cli::dev::listen;
use crate::cli::dev::postgres::Database;
use crate::cli::dev::postgres::DatabaseOptions;
use crate::cli::dev::url_of;
use crate::cli::exit::Exit;
use crate::cli::options::SharedOptions;
use crate::cli::stop;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger sandbox                   on port 8788, with a private PostgreSQL
  tokenledger --data DIR sandbox        goes on with the tokens of a `dev` that has ended
")]
pub(crate) struct SandboxOptions {
    /// Port to serve on
    #[arg(long, default_value_t = 8788)]
    pub port: u16,
    #[command(flatten)]
    pub database: DatabaseOptions,
}

pub(crate) async fn run(options: &SandboxOptions, shared: &SharedOptions) -> Result<(), Exit> {
    let data = shared.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
    let home = Home::open(&data)?;
    let listener = listen(options.port).await?;
    let stopped = stop::signal()?;
    let database = Database::start(&options.database, &home).await?;
    let result = serve(&database, listener, stop::of(stopped)).await;
    database.stop().await.and(result)
}

pub(super) async fn open(database_url: &str, url: &str, clock: Clock) -> anyhow::Result<Sandbox> {
    let database: PgConnectOptions =
        database_url.parse().context("the pretend Smartpay's database URL")?;
    Ok(Sandbox::open(database, url, clock).await?)
}

/// Has its webhooks sent to the service that answers there.
pub(super) async fn register(sandbox: &Sandbox, home: &Home, service: &str) -> anyhow::Result<()> {
    let registration = Registration {
        id: &home.secrets.webhook_subscription_id,
        url: &format!("{service}/webhooks/smartpay/{ENDPOINT}"),
        signing_secret: &home.secrets.webhook_secret,
    };
    sandbox.register(&registration).await.context("registering the webhook endpoint")
}

async fn serve(
    database: &Database,
    listener: TcpListener,
    stopped: impl Future<Output = ()>,
) -> Result<(), Exit> {
    let url = url_of(&listener)?;
    let sandbox = open(&database.sandbox_url, &url, Clock::system()).await?;
    let sandbox = sandbox.with_movable_clock().await.context("the sandbox's clock")?;
    let ready = writeln!(std::io::stdout(), "ready {url}").and_then(|()| std::io::stdout().flush());
    ready.context("saying that it is ready")?;
    sandbox.serve(listener, stopped).await;
    sandbox.close().await;
    Ok(())
}
