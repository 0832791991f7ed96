//! Makes the demo once: a plan from a seed, driven through the real door on a simulated clock.
//!
//! `demo.json` remembers the plan's numbers, so that a `dev` that was killed in between goes on
//! where the record ends, and one that was not makes nothing again.

use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use chrono::DateTime;
use chrono::SubsecRound;
use chrono::TimeDelta;
use chrono::Utc;
use serde::Deserialize;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use tokenledger::api::Service;
use tokenledger::ledger::Authority;
use tokenledger::ledger::Claimed;
use tokenledger::ledger::Standing;
use tokenledger::ledger::Submission;
use tokenledger::ledger::standing;
use tokenledger::sandbox::Sandbox;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::demo::DemoClaim;
use tokenledger::sandbox::demo::Plan;
use tokenledger::sandbox::demo::run;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;

use crate::cli::dev::ENDPOINT;
use crate::cli::dev::home::Home;
use crate::cli::dev::home::write_private;
use crate::cli::options::DevOptions;

/// The simulated past ends so long before the first start, so that real events come after it.
const ENDS_BEFORE_NOW: TimeDelta = TimeDelta::minutes(1);
const SEED_DEFAULT: u64 = 20_418;

/// The numbers from which the plan follows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Demo {
    pub until: DateTime<Utc>,
    seed: u64,
    tokens: u32,
    days: u32,
    made: bool,
}

impl Demo {
    /// The demo of this data directory: the one begun before, a new one in a fresh directory, or
    /// none.
    pub(super) fn prepare(
        options: &DevOptions,
        home: &Home,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Self>> {
        match fs::read_to_string(file(home)) {
            Ok(text) => {
                let demo = serde_json::from_str(&text).context("demo.json is damaged")?;
                return Ok(Some(demo));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("reading demo.json"),
        }
        if options.empty || !home.fresh {
            return Ok(None);
        }
        let demo = Self {
            until: now.trunc_subsecs(0) - ENDS_BEFORE_NOW,
            seed: options.seed.unwrap_or(SEED_DEFAULT),
            tokens: options.tokens,
            days: options.days,
            made: false,
        };
        demo.keep(home)?;
        Ok(Some(demo))
    }

    pub(super) fn plan(&self) -> Plan {
        Plan::make(self.seed, self.tokens, self.days, self.until)
    }

    fn keep(&self, home: &Home) -> anyhow::Result<()> {
        let text = serde_json::to_string(self).context("writing demo.json")?;
        write_private(&file(home), &format!("{text}\n"))
    }
}

/// Makes what is missing of the demo. The clock is left simulated: the caller releases it.
pub(super) async fn make(
    demo: Option<Demo>,
    home: &Home,
    service: &Service,
    sandbox: &Sandbox,
) -> anyhow::Result<()> {
    let clock = &service.app().clock;
    let Some(mut demo) = demo.filter(|demo| !demo.made) else { return Ok(()) };
    let mut connection = service.app().pool.acquire().await.context("reading the head")?;
    let standing = standing(&mut connection).await.context("reading the head")?;
    drop(connection);
    if standing.demo_until != Some(demo.until) {
        tracing::warn!("this ledger is not the demo's: no demo is made in it");
        return Ok(());
    }
    let plan = demo.plan();
    // A port of its own: nobody else may come while the clock is simulated.
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("a port to send to")?;
    let port = listener.local_addr().context("a port to send to")?.port();
    let url = format!("http://127.0.0.1:{port}/webhooks/smartpay/{ENDPOINT}");
    let secrets = &home.secrets;
    let sender = Sender::new(
        &url,
        &secrets.webhook_secret,
        &secrets.webhook_subscription_id,
        clock.clone(),
    )?;
    let (done, finished) = oneshot::channel::<()>();
    let serving = service.serve(listener, Duration::ZERO, async {
        // Sent or dropped: both say that the demo is over.
        drop(finished.await);
    });
    let driving = async {
        let driven = drive(&plan, &standing, &sender, service).await;
        drop(done);
        driven
    };
    let ((), driven) = tokio::join!(serving, driving);
    driven.context("making the demo")?;
    sandbox.adopt(&plan).await.context("the pretend Smartpay's tokens")?;
    demo.made = true;
    demo.keep(home)
}

async fn drive(
    plan: &Plan,
    standing: &Standing,
    sender: &Sender,
    service: &Service,
) -> anyhow::Result<()> {
    let resume_after = (standing.position > 0).then_some(standing.recorded_at);
    tracing::info!(steps = plan.steps().len(), resumed = resume_after.is_some(), "making the demo");
    let claim = async |claim: DemoClaim| record_claim(service, claim).await;
    run(plan, resume_after, sender, claim, |_, _| ()).await
}

async fn record_claim(service: &Service, demo: DemoClaim) -> anyhow::Result<()> {
    let app = service.app();
    let claim = Claim {
        token_created_at: demo.token_created_at,
        session: Some(demo.session),
        consumer: Some(demo.consumer),
        reference: demo.reference,
        origin: ClaimOrigin::SessionResponse,
    };
    let authority =
        Authority { actor: "demo".to_owned(), reason: "a session of the demo".to_owned() };
    let claimed = Claimed::new(&app.vault, demo.token_id, claim, authority, app.clock.now());
    app.ledger.submit(Submission::Claim(claimed)).await?;
    Ok(())
}

fn file(home: &Home) -> PathBuf {
    home.directory.join("demo.json")
}
