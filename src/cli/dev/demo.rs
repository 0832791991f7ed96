//! Makes the demo once: a plan from a seed, lived through the real doors on a simulated clock.
//!
//! `demo.json` remembers the plan's numbers. A demo that was not finished is dropped with all that
//! is in it, and made anew; one that was is never made again.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use chrono::DateTime;
use chrono::SubsecRound;
use chrono::TimeDelta;
use chrono::Utc;
use secrecy::SecretString;
use serde::Deserialize;
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::watch;
use tokio::time::Instant;

use tokenledger::api::Service;
use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::LedgerName;
use tokenledger::database::Mark;
use tokenledger::returns;
use tokenledger::returns::Returns;
use tokenledger::sandbox::Sandbox;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::demo::Demo as Driven;
use tokenledger::sandbox::demo::Doors;
use tokenledger::sandbox::demo::Place;
use tokenledger::sandbox::demo::Plan;

use crate::cli::dev::ENDPOINT;
use crate::cli::dev::Site;
use crate::cli::dev::home::Home;
use crate::cli::dev::home::write_private;
use crate::cli::dev::listen;
use crate::cli::dev::open;
use crate::cli::dev::sandbox;
use crate::cli::dev::url_of;
use crate::cli::exit::Exit;
use crate::cli::options::DevOptions;
use crate::cli::stop;

/// The simulated past ends so long before the first start, so that real events come after it.
const ENDS_BEFORE_NOW: TimeDelta = TimeDelta::minutes(1);
const SEED_DEFAULT: u64 = 20_418;
/// How often is said how far it is.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// The numbers from which the plan follows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Demo {
    pub until: DateTime<Utc>,
    seed: u64,
    tokens: u32,
    days: u32,
    made: bool,
}

/// Where the demo's two sides keep what they know.
pub(super) struct Places {
    pub owner: PgConnectOptions,
    pub ledger: LedgerName,
    pub sandbox: PgConnectOptions,
}

impl Places {
    pub(super) async fn mark(&self) -> Result<Mark, sqlx::Error> {
        database::demo_mark(&self.owner, &self.ledger).await
    }

    /// Drops both, the ledger last: it carries the mark, so that a drop that was cut off is
    /// finished the next time.
    pub(super) async fn drop_both(&self) -> Result<(), sqlx::Error> {
        Sandbox::discard(&self.sandbox).await?;
        database::drop_demo(&self.owner, &self.ledger).await?;
        Ok(())
    }
}

impl Demo {
    /// The demo of this data directory: the one made before, one to be made, or none.
    pub(super) async fn prepare(
        options: &DevOptions,
        home: &Home,
        places: &Places,
    ) -> Result<Option<Self>, Exit> {
        let mark = places.mark().await?;
        let until = Clock::system().now().trunc_subsecs(0) - ENDS_BEFORE_NOW;
        let kept = Self::read(home)?;
        let demo = match (kept, mark) {
            (Some(kept), Mark::Demo(marked)) if kept.until == marked && kept.made => {
                return Ok(Some(kept));
            }
            (Some(kept), Mark::Demo(marked)) if kept.until == marked => {
                tracing::warn!("the demo was not finished: it is dropped and made anew");
                places.drop_both().await?;
                Self { until, ..kept }
            }
            (Some(kept), Mark::Nothing) => {
                Sandbox::discard(&places.sandbox).await?;
                Self { until, made: false, ..kept }
            }
            (Some(_), Mark::Demo(_) | Mark::Unmarked) => {
                tracing::warn!("this ledger is not the demo's: no demo is made in it");
                return Ok(None);
            }
            (None, Mark::Nothing) if !options.empty => Self {
                until,
                seed: options.seed.unwrap_or(SEED_DEFAULT),
                tokens: options.tokens,
                days: options.days,
                made: false,
            },
            (None, Mark::Nothing | Mark::Demo(_) | Mark::Unmarked) => return Ok(None),
        };
        demo.keep(home)?;
        Ok(Some(demo))
    }

    pub(super) fn plan(&self) -> Plan {
        Plan::make(self.seed, self.tokens, self.days, self.until)
    }

    pub(super) fn is_made(&self) -> bool {
        self.made
    }

    /// None: this directory has none, or it was reset.
    pub(super) fn read(home: &Home) -> anyhow::Result<Option<Self>> {
        match fs::read_to_string(file(home)) {
            Ok(text) => Ok(Some(serde_json::from_str(&text).context("demo.json is damaged")?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("reading demo.json"),
        }
    }

    pub(super) fn forget(home: &Home) -> anyhow::Result<()> {
        match fs::remove_file(file(home)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).context("removing demo.json")
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn keep(&self, home: &Home) -> anyhow::Result<()> {
        let text = serde_json::to_string(self).context("writing demo.json")?;
        write_private(&file(home), &format!("{text}\n"))
    }
}

/// Lives the plan, with a service and a sandbox of its own: nobody else comes to their ports while
/// the clock is simulated, and neither outlives it. Cut off by `stopped`, the demo stays unfinished.
pub(super) async fn make(
    demo: Demo,
    site: &Site<'_>,
    stopped: watch::Receiver<bool>,
) -> Result<(), Exit> {
    let plan = demo.plan();
    let clock = Clock::set_at(plan.starts_at());
    let (service_listener, sandbox_listener) = (listen(0).await?, listen(0).await?);
    let (service_url, sandbox_url) = (url_of(&service_listener)?, url_of(&sandbox_listener)?);
    let sandbox = sandbox::open(site.sandbox_database, site.urls.sandbox, clock.clone()).await?;
    sandbox::register(&sandbox, site.home, &service_url).await?;
    let service = open(site, &sandbox_url, clock.clone()).await?;
    let secrets = &site.home.secrets;
    let driven = Driven {
        plan: &plan,
        doors: Doors::new(
            place(site.urls.service, &service_url, &secrets.api_key),
            place(site.urls.sandbox, &sandbox_url, &secrets.smartpay_secret_key),
        )?,
        sandbox: sandbox.clone(),
        clock: clock.clone(),
        strangers: Sender::new(
            &format!("{service_url}/webhooks/smartpay/{ENDPOINT}"),
            &secrets.webhook_secret,
            &secrets.webhook_subscription_id,
            clock,
        )
        .context("the webhook secret in dev.json")?,
    };
    let (done, ending) = watch::channel(false);
    let driving = async {
        let finished = tokio::select! {
            driven = drive(&driven, &service) => driven.map(|()| true),
            () = stop::of(stopped) => Ok(false),
        };
        done.send_replace(true);
        finished
    };
    let ((), (), finished) = tokio::join!(
        service.serve(service_listener, Duration::ZERO, stop::of(ending.clone())),
        sandbox.serve(sandbox_listener, stop::of(ending)),
        driving,
    );
    sandbox.close().await;
    service.close().await?;
    if finished.context("making the demo")? {
        Demo { made: true, ..demo }.keep(site.home)?;
    }
    Ok(())
}

/// What is kept for later names the ports that `dev` will have.
fn place(shown: &str, reached: &str, key: &str) -> Place {
    Place { shown: shown.to_owned(), reached: reached.to_owned(), key: SecretString::from(key) }
}

async fn drive(driven: &Driven<'_>, service: &Service) -> anyhow::Result<()> {
    let tokens = driven.plan.tokens().len();
    tracing::info!(tokens, "making the demo");
    let mut said = Instant::now();
    driven
        .run(
            async || expire(service).await,
            |done, waves| {
                if said.elapsed() >= SAY_EVERY {
                    said = Instant::now();
                    tracing::info!("making the demo: {} of 100", done * 100 / waves);
                }
            },
        )
        .await
}

/// The service's own schedule looks once in a while; on a simulated clock that would be days late.
async fn expire(service: &Service) -> anyhow::Result<()> {
    let outbox = service.app().outbox.as_ref().context("the demo calls the sandbox")?;
    returns::look_at_due(&Returns { reader: outbox.reader.clone() }).await?;
    Ok(())
}

fn file(home: &Home) -> PathBuf {
    home.directory.join("demo.json")
}
