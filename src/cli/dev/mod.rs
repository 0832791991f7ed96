//! `dev`: everything in one process on a directory of its own. Needs no account, no configuration.

mod demo;
mod home;
/// What becomes of the demo when it is not wanted any more.
pub(crate) mod reset;
/// The database under it.
pub(crate) mod postgres;
/// The pretend Smartpay: beside the service, and alone.
pub(crate) mod sandbox;

use std::io::Write;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::sync::watch;

use tokenledger::api::ApiKey;
use tokenledger::api::Service;
use tokenledger::api::Setup;
use tokenledger::api::install_metrics;
use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::Hosts;
use tokenledger::database::Target;
use tokenledger::readings::Points;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokenledger::traces::Traces;
use tokenledger::webhooks::Endpoints;

use crate::cli::dev::demo::Demo;
use crate::cli::dev::demo::Places;
use crate::cli::dev::home::Home;
use crate::cli::dev::home::Urls;
use crate::cli::dev::postgres::Database;
use crate::cli::exit::Exit;
use crate::cli::options::DevOptions;
use crate::cli::options::SharedOptions;
use crate::cli::stop;

const DATA_DEFAULT: &str = ".tokenledger";
/// Name of the one webhook endpoint, as in its path.
const ENDPOINT: &str = "dev";
/// The schema of the one ledger.
const LEDGER: &str = "tokenledger";
const WINDOW_MS: i64 = 300_000;

pub(crate) async fn run(options: &DevOptions, shared: &SharedOptions) -> Result<(), Exit> {
    let data = shared.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
    let home = Home::open(&data)?;
    let listeners = Listeners::bind(options.port).await?;
    let stopped = stop::signal()?;
    let database = Database::start(&options.database, &home).await?;
    let result = serve(options, &home, listeners, &database, stopped).await;
    database.stop().await.and(result)
}

/// Everything that a service of this `dev` is made of but its clock.
struct Site<'a> {
    home: &'a Home,
    target: &'a Target,
    urls: Urls<'a>,
    sandbox_database: &'a str,
    metrics: PrometheusHandle,
}

/// From the migrated schema to the last request.
async fn serve(
    options: &DevOptions,
    home: &Home,
    listeners: Listeners,
    database: &Database,
    stopped: watch::Receiver<bool>,
) -> Result<(), Exit> {
    let places = places(database)?;
    let demo = Demo::prepare(options, home, &places).await?;
    let clock = Clock::system();
    let target = Target {
        ledger: places.ledger,
        mode: Mode::Test,
        demo_until: demo.as_ref().map(|demo| demo.until),
    };
    let begun = demo.as_ref().map_or_else(|| clock.now(), |demo| demo.plan().starts_at());
    database::migrate(&places.owner, &target, begun).await.map_err(anyhow::Error::from)?;

    let url = url_of(&listeners.service)?;
    let sandbox_url = url_of(&listeners.sandbox)?;
    let urls = Urls {
        service: &url,
        sandbox: &sandbox_url,
        database: &database.service_url,
        database_owner: &database.owner_url,
    };
    home.write(&urls)?;
    let site = Site {
        home,
        target: &target,
        urls,
        sandbox_database: &database.sandbox_url,
        metrics: install_metrics()?,
    };
    if let Some(demo) = demo.filter(|demo| !demo.is_made()) {
        demo::make(demo, &site, stopped.clone()).await?;
    }
    if *stopped.borrow() {
        return Ok(());
    }
    let sandbox = sandbox::open(site.sandbox_database, &sandbox_url, clock.clone()).await?;
    sandbox::register(&sandbox, home, &url).await?;
    let service = open(&site, &sandbox_url, clock).await?;
    let ready = writeln!(std::io::stdout(), "ready {url}").and_then(|()| std::io::stdout().flush());
    ready.context("saying that it is ready")?;
    // Whichever ends first ends the other: a service that can record nothing ends by itself.
    let (ended, ending) = watch::channel(false);
    let serving = async {
        service.serve(listeners.service, Duration::ZERO, stop::of(stopped)).await;
        ended.send_replace(true);
    };
    tokio::join!(serving, sandbox.serve(listeners.sandbox, stop::of(ending)));
    sandbox.close().await;
    service.close().await?;
    Ok(())
}

/// Where the ledger and the sandbox of this `dev` are kept.
fn places(database: &Database) -> anyhow::Result<Places> {
    let ledger = LEDGER.parse().expect("a fixed name that fits");
    let owner = database::connect_options(&database.owner_url, &ledger);
    Ok(Places {
        owner: owner.context("the owner's database URL")?,
        ledger,
        sandbox: database.sandbox_url.parse().context("the pretend Smartpay's database URL")?,
    })
}

/// A service that calls the pretend Smartpay there.
async fn open(site: &Site<'_>, sandbox_url: &str, clock: Clock) -> Result<Service, Exit> {
    let secrets = &site.home.secrets;
    let mut endpoints = Endpoints::default();
    let secret = SigningSecret::parse(&secrets.webhook_secret)
        .map_err(|error| Exit::usage(format!("webhook_secret in dev.json: {error}")))?;
    endpoints.add(ENDPOINT, secret, Some(secrets.webhook_subscription_id.clone()));
    let api_url = ApiUrl::parse(&format!("{sandbox_url}/v1")).context("the sandbox's URL")?;
    let key = SecretKey::parse(&secrets.smartpay_secret_key)
        .map_err(|error| Exit::usage(format!("smartpay_secret_key in dev.json: {error}")))?;
    let smartpay = Client::new(api_url, key, clock.clone(), Limits::STANDARD)
        .context("preparing the calls to Smartpay")?;
    let setup = Setup {
        target: site.target.clone(),
        database: Hosts::parse(site.urls.database, &site.target.ledger)
            .context("the service's database URL")?,
        master_key: &site.home.master_key()?,
        endpoints,
        webhook_silence: None,
        window_ms: WINDOW_MS,
        api_key: ApiKey::parse(&secrets.api_key, Mode::Test)
            .map_err(|error| Exit::usage(format!("api_key in dev.json: {error}")))?,
        clock,
        metrics: site.metrics.clone(),
        traces: Traces::default(),
        smartpay: Some(smartpay),
        public_url: Some(site.urls.service.to_owned()),
        return_hosts: Vec::new(),
        reconcile_every: None,
        points: Points::default(),
    };
    Ok(Service::open(setup).await?)
}

/// One port for the service, the next one for the pretend Smartpay.
struct Listeners {
    service: TcpListener,
    sandbox: TcpListener,
}

impl Listeners {
    async fn bind(port: u16) -> Result<Self, Exit> {
        let next = match port {
            0 => 0,
            port => port
                .checked_add(1)
                .ok_or_else(|| Exit::usage("--port 65535 leaves none for the pretend Smartpay"))?,
        };
        Ok(Self { service: listen(port).await?, sandbox: listen(next).await? })
    }
}

fn url_of(listener: &TcpListener) -> anyhow::Result<String> {
    let port = listener.local_addr().context("the port listened on")?.port();
    Ok(format!("http://127.0.0.1:{port}"))
}

async fn listen(port: u16) -> Result<TcpListener, Exit> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        Exit::usage(format!(
            "port {port} cannot be listened on ({error}): stop what uses it, or give another --port"
        ))
    })
}
