//! Drives a plan through the real doors, on simulated time.

use anyhow::Context;
use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::sandbox::Sandbox;
use crate::sandbox::demo::doors::Doors;
use crate::sandbox::demo::doors::Session;
use crate::sandbox::demo::life::Fate;
use crate::sandbox::demo::life::LATE;
use crate::sandbox::demo::plan::Plan;
use crate::sandbox::demo::plan::Step;
use crate::sandbox::demo::plan::What;
use crate::sandbox::sender::Sender;
use crate::sandbox::sender::Spoil;
use crate::sandbox::token::Token;

/// Steps under way at once: fewer than the sandbox has connections to its database.
const AT_ONCE_MAX: usize = 8;
/// Requests of strangers: so many at once, each so often.
const STRANGERS: usize = 4;
const STRANGERS_TRIES: u8 = 75;
/// No webhook arrives before so much time has passed: not while its wave is under way.
const DELAY_MS: u32 = 500;

/// What drives a demo, and what it drives.
pub struct Demo<'a> {
    pub plan: &'a Plan,
    pub doors: Doors,
    /// Its clock is the one below, as is the service's.
    pub sandbox: Sandbox,
    pub clock: Clock,
    /// Sends to the service's webhook route, for those who have no secret.
    pub strangers: Sender,
}

impl Demo<'_> {
    /// Takes wave after wave, each at its own time. The next begins when the webhooks of the one
    /// before have arrived. The clock is left at the end of the simulated time.
    ///
    /// `expire` lets the ledger look at the sessions whose time is over, as its schedule would; it is
    /// no `AsyncFn`, because a task that awaits one cannot be spawned. `progress` hears how many
    /// waves are done, of how many.
    pub async fn run<Looked: Future<Output = anyhow::Result<()>>>(
        &self,
        expire: impl Fn() -> Looked,
        mut progress: impl FnMut(usize, usize),
    ) -> anyhow::Result<()> {
        let waves = self.plan.waves();
        let mut sessions: Vec<Option<Session>> = vec![None; self.plan.tokens().len()];
        self.doors.set_faults(&faults(Fate::Soon)).await?;
        for (index, wave) in waves.iter().enumerate() {
            self.clock.set(wave.at);
            match &wave.what {
                What::Steps(steps) => self.steps(steps, &mut sessions).await?,
                What::Wait => {}
                What::Expiry => expire().await.context("looking at sessions")?,
                What::Reconciliation => self.doors.reconcile().await?,
                What::Strangers => self.let_strangers_try().await?,
            }
            self.arrive(wave.lag).await;
            progress(index + 1, waves.len());
        }
        self.clock.set(self.plan.until());
        self.sandbox.drained().await;
        self.doors.set_faults(&json!({})).await
    }

    /// All at once, or one whose webhook has a fate of its own.
    async fn steps(&self, steps: &[Step], sessions: &mut [Option<Session>]) -> anyhow::Result<()> {
        let fate = steps.iter().map(|step| step.fate).find(|fate| *fate != Fate::Soon);
        if let Some(fate) = fate {
            self.doors.set_faults(&faults(fate)).await?;
        }
        let mut under_way = JoinSet::new();
        let mut waiting = steps.iter();
        loop {
            while under_way.len() < AT_ONCE_MAX
                && let Some(step) = waiting.next()
            {
                let planned = self.plan.tokens().get(step.token).context("a planned token")?;
                let session = sessions.get(step.token).cloned().flatten();
                let (doors, planned, step) = (self.doors.clone(), planned.clone(), *step);
                under_way.spawn(async move {
                    let session = doors.take(&planned, step.deed, session).await?;
                    anyhow::Ok((step.token, session))
                });
            }
            let Some(step) = under_way.join_next().await else { break };
            let (token, session) = step.context("a step panicked")??;
            if let Some(kept) = sessions.get_mut(token) {
                *kept = Some(session);
            }
        }
        if fate.is_some() {
            self.doors.set_faults(&faults(Fate::Soon)).await?;
        }
        Ok(())
    }

    /// Lets so much time pass, and the webhooks come.
    async fn arrive(&self, lag: TimeDelta) {
        self.clock.set(self.clock.now() + lag);
        self.sandbox.drained().await;
    }

    /// A burst of requests that look right and are signed with another key.
    async fn let_strangers_try(&self) -> anyhow::Result<()> {
        let mut strangers = JoinSet::new();
        for _ in 0..STRANGERS {
            let (_, message) = Token::create(None, self.clock.now(), &mut rand::rng());
            let sender = self.strangers.clone();
            let spoil =
                Spoil { bad_signature: true, duplicate: STRANGERS_TRIES - 1, ..Spoil::default() };
            strangers.spawn(async move { sender.send_with(&message, spoil).await });
        }
        while let Some(tried) = strangers.join_next().await {
            let answers = tried.context("a stranger panicked")??;
            let refused = answers.iter().all(|status| status.as_u16() == 401);
            anyhow::ensure!(refused, "a webhook with a wrong signature was not refused");
        }
        Ok(())
    }
}

/// What goes wrong while webhooks have this fate. A few come twice whatever their fate.
fn faults(fate: Fate) -> Value {
    match fate {
        Fate::Soon => json!({ "webhooks": { "duplicate": 0.04, "delay_ms": DELAY_MS } }),
        Fate::Late => json!({ "webhooks": { "delay_ms": LATE.num_milliseconds() } }),
        Fate::Lost => json!({ "webhooks": { "drop": 1 } }),
    }
}
