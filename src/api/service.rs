//! The service as a whole: opened from values, served on a listener, closed in order.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::Connection;
use sqlx::postgres::PgPool;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;
use tokio::time::sleep;

use crate::access::Keyring;
use crate::api::ApiKey;
use crate::api::App;
use crate::api::idempotency::Writes;
use crate::api::reconciling::Reconciling;
use crate::api::router;
use crate::clock::Clock;
use crate::database::Hosts;
use crate::database::Primary;
use crate::database::Readers;
use crate::database::Target;
use crate::database::check_schema;
use crate::http::serve;
use crate::ledger::Duty;
use crate::ledger::Ledger;
use crate::ledger::Settings;
use crate::ledger::refusals::Refusals;
use crate::ledger::retention;
use crate::outbox;
use crate::outbox::Outbox;
use crate::readings;
use crate::readings::Points;
use crate::readings::Reader;
use crate::reconcile;
use crate::reconcile::Pace;
use crate::reconcile::Reconciler;
use crate::returns;
use crate::returns::Returns;
use crate::smartpay::client::Client;
use crate::traces::Traces;
use crate::vault;
use crate::vault::MasterKey;
use crate::vault::Vault;
use crate::webhooks::Endpoints;
use crate::webhooks::Live;

/// How often the counters of refused requests, and when keys were used, go to the database.
const FLUSH_PAUSE: Duration = Duration::from_secs(5);

/// How often bodies whose time is over are destroyed; also once at the start.
const RETENTION_PAUSE: Duration = Duration::from_hours(1);
/// How often the one on duty looks for what has come due.
const DUTY_PAUSE: Duration = Duration::from_secs(1);
/// Returns that are confirmed at the same time; of others the shopper is only sent on.
const RETURNING_MAX: usize = 64;

/// How often data keys that were made since are looked for: well within the time after which they
/// seal, so that every process opens what another one sealed.
const RELOAD_PAUSE: Duration = Duration::from_secs(5);

/// What a service is made of.
pub struct Setup<'a> {
    pub target: Target,
    /// Where the database may be, as the service role.
    pub database: Hosts,
    pub master_key: &'a MasterKey,
    /// Those of the configuration; the others are in the database.
    pub endpoints: Endpoints,
    /// After how long without a webhook that is told; none: never.
    pub webhook_silence: Option<Duration>,
    pub window_ms: i64,
    pub api_key: ApiKey,
    pub clock: Clock,
    pub metrics: PrometheusHandle,
    pub traces: Traces,
    pub smartpay: Option<Client>,
    pub public_url: Option<String>,
    /// Hosts to which shoppers may be sent back; none: all.
    pub return_hosts: Vec<String>,
    /// How often everything is compared with Smartpay; none: never by itself.
    pub reconcile_every: Option<Duration>,
    /// Where commands die, in a test.
    pub points: Points,
}

/// A service with its writer running.
pub struct Service {
    app: App,
    writer: JoinHandle<()>,
    watch: JoinHandle<()>,
    leasing: JoinHandle<()>,
    /// What goes on beside the requests, until the service closes.
    tasks: JoinSet<()>,
}

impl Service {
    /// Checks the schema and the mode, opens the vault, keeps the webhook secrets, starts the
    /// writer.
    pub async fn open(setup: Setup<'_>) -> anyhow::Result<Self> {
        let (database, watch) = Primary::find(setup.database).await?;
        let mut connection = database.connect().await?;
        check_schema(&mut connection, &setup.target).await?;
        let ledger = setup.target.ledger.as_str();
        let vault = vault::store::open(&mut connection, ledger, setup.master_key).await?;
        let vault = Arc::new(vault);
        let (webhooks, keeper) = Live::open(
            &mut connection,
            Arc::clone(&vault),
            setup.endpoints,
            setup.clock.clone(),
            setup.webhook_silence,
        )
        .await
        .context("reading the webhook endpoints")?;
        connection.close().await?;
        let settings = Settings::new(database.clone(), Arc::clone(&vault), setup.clock.clone());
        let (ledger, writer) = Ledger::start(settings);
        let (duty, leasing) = Duty::start(database.clone(), setup.target.ledger.as_str());
        let pool = database.pool();
        let watch = tokio::spawn(watch.run(pool.clone()));
        let refusals = Refusals::default();
        let keyring = Keyring::new(pool.clone());
        let bounds = Writes::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(flush(refusals.clone(), pool.clone(), keyring.clone()));
        tasks.spawn(retain(pool.clone(), setup.clock.clone()));
        tasks.spawn(keeper.run(pool.clone()));
        tasks.spawn(bounds.clone().sweep(pool.clone(), setup.clock.clone()));
        tasks.spawn(reload(pool.clone(), Arc::clone(&vault)));
        let outbox = setup.smartpay.map(|client| {
            let reader = Reader {
                ledger: ledger.clone(),
                pool: pool.clone(),
                vault: Arc::clone(&vault),
                clock: setup.clock.clone(),
                client,
                mode: setup.target.mode,
                window_ms: setup.window_ms,
                points: setup.points,
            };
            call_smartpay(&mut tasks, &reader, duty, setup.reconcile_every);
            Outbox { reader }
        });
        let app = App {
            ledger,
            readers: Readers::new(pool.clone(), database),
            pool,
            vault,
            clock: setup.clock,
            mode: setup.target.mode,
            webhooks,
            window_ms: setup.window_ms,
            api_key: setup.api_key,
            keyring,
            refusals,
            metrics: setup.metrics,
            traces: setup.traces,
            outbox,
            returning: Arc::new(Semaphore::new(RETURNING_MAX)),
            return_hosts: setup.return_hosts.into(),
            public_url: setup.public_url.map(|url| url.trim_end_matches('/').into()),
            writes: bounds,
            reconciling: Reconciling::default(),
            closing: Arc::new(AtomicBool::new(false)),
        };
        Ok(Self { app, writer, watch, leasing, tasks })
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// Serves until `shutdown` resolves, or until the writer is gone: a service that can record
    /// nothing ends, and [`Service::close`] says why. For `grace` after that, readiness says no while requests
    /// are still taken, so that a proxy can turn away; then open requests end.
    pub async fn serve(
        &self,
        listener: TcpListener,
        grace: Duration,
        shutdown: impl Future<Output = ()>,
    ) {
        let closing = Arc::clone(&self.app.closing);
        let stop = async {
            tokio::select! {
                () = shutdown => {}
                () = self.app.ledger.ended() => tracing::error!("the writer is gone; closing"),
            }
            closing.store(true, Ordering::SeqCst);
            sleep(grace).await;
        };
        serve(listener, router(&Arc::new(self.app.clone())), stop).await;
        self.app.closing.store(false, Ordering::SeqCst);
    }

    /// Lets the writer end what it holds, and writes the last counters.
    pub async fn close(self) -> anyhow::Result<()> {
        let Self { app, writer, watch, leasing, mut tasks } = self;
        leasing.abort();
        tasks.shutdown().await;
        app.reconciling.shutdown().await;
        let App { ledger, pool, readers, refusals, keyring, outbox, .. } = app;
        drop((ledger, outbox));
        writer.await.context("the writer panicked")?;
        watch.abort();
        let counted = refusals.flush(&pool).await;
        let used = keyring.flush().await;
        readers.release();
        pool.close().await;
        counted.context("writing the last counters of refused requests")?;
        used.context("writing when keys were last used")
    }
}

/// Everything that asks Smartpay by itself.
fn call_smartpay(
    tasks: &mut JoinSet<()>,
    reader: &Reader,
    duty: Duty,
    reconcile_every: Option<Duration>,
) {
    tasks.spawn(readings::serve(reader.clone(), duty.held()));
    if let Some(every) = reconcile_every {
        let reconciler = Reconciler { reader: reader.clone(), pace: Pace::STANDARD };
        tasks.spawn(reconcile::on_schedule(reconciler, duty.held(), every));
    }
    tasks.spawn(reconcile::tell_metrics(reader.pool.clone(), reader.clock.clone()));
    tasks.spawn(on_duty(duty, Outbox { reader: reader.clone() }));
}

/// What one process does for all: takes up intents that were left open, looks at sessions whose time
/// has come. Everything in it bears being done twice.
async fn on_duty(duty: Duty, outbox: Outbox) {
    let held = duty.held();
    let returns = Returns { reader: outbox.reader.clone() };
    let mut ticks = interval(DUTY_PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !*held.borrow() {
            continue;
        }
        if let Err(error) = outbox::resume(&outbox).await {
            tracing::warn!(error = format!("{error:#}"), "open intents wait");
        }
        if let Err(error) = returns::look_at_due(&returns).await {
            tracing::warn!(error = format!("{error:#}"), "sessions whose time has come wait");
        }
    }
}

async fn flush(refusals: Refusals, pool: PgPool, keyring: Keyring) {
    let mut ticks = interval(FLUSH_PAUSE);
    loop {
        ticks.tick().await;
        if let Err(error) = refusals.flush(&pool).await {
            tracing::warn!(error = format!("{error:#}"), "counters of refused requests wait");
        }
        if let Err(error) = keyring.flush().await {
            tracing::warn!(error = format!("{error:#}"), "the last uses of keys wait");
        }
    }
}

async fn retain(pool: PgPool, clock: Clock) {
    let mut ticks = interval(RETENTION_PAUSE);
    loop {
        ticks.tick().await;
        match retention::destroy_ignored_bodies(&pool, clock.now()).await {
            Ok(0) => {}
            Ok(destroyed) => tracing::info!(destroyed, "bodies of ignored deliveries were due"),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "bodies of ignored deliveries wait");
            }
        }
    }
}

async fn reload(pool: PgPool, vault: Arc<Vault>) {
    let mut ticks = interval(RELOAD_PAUSE);
    let mut told = String::new();
    loop {
        ticks.tick().await;
        let reloading = async { vault::store::reload(&mut *pool.acquire().await?, &vault).await };
        let error = reloading.await.err().map(|error| format!("{error:#}")).unwrap_or_default();
        // Told once, and again when it is another: it stays until somebody acts.
        if !error.is_empty() && error != told {
            tracing::error!(error, "new keys of the vault could not be loaded");
        }
        told = error;
    }
}
