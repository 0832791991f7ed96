//! The endpoints of a running service: those of the configuration together with those that were
//! made from here, as they change, also by another process.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::ledger::overview;
use crate::vault;
use crate::vault::Vault;
use crate::webhooks::endpoints::Endpoints;
use crate::webhooks::pulse::Change;
use crate::webhooks::pulse::Pulse;
use crate::webhooks::pulse::Silence;
use crate::webhooks::store;
use crate::webhooks::store::Registered;

/// An endpoint that was made, and a validity that was ended, hold in every process within this time
/// while the database answers. The end of a validity itself holds at once.
pub const TAKEN_UP_WITHIN: Duration = Duration::from_secs(5);
/// How often the small table is read. The rest of the time above is for the query.
const POLL: Duration = Duration::from_secs(2);
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);

/// Clones share the endpoints.
#[derive(Clone, Debug)]
pub struct Live {
    current: watch::Receiver<Arc<Endpoints>>,
    pulse: Pulse,
}

/// Keeps them up to date.
pub struct Keeper {
    configured: Endpoints,
    registered: Vec<Registered>,
    vault: Arc<Vault>,
    clock: Clock,
    sender: watch::Sender<Arc<Endpoints>>,
    pulse: Pulse,
    silence: Silence,
    is_away: bool,
}

impl Live {
    /// Those of the configuration, whose secrets the vault keeps from now on, and those in the
    /// table. `silence`: how long none may come before it is told; none: it never is.
    pub async fn open(
        connection: &mut PgConnection,
        vault: Arc<Vault>,
        configured: Endpoints,
        clock: Clock,
        silence: Option<Duration>,
    ) -> anyhow::Result<(Live, Keeper)> {
        for (name, endpoint) in configured.iter() {
            for secret in &endpoint.secrets {
                vault::store::keep_secret(connection, &vault, name, secret, clock.now())
                    .await
                    .context("keeping a webhook secret in the vault")?;
            }
        }
        let pulse = Pulse::default();
        if let Some(last) = overview::last_received(connection).await? {
            pulse.beat(last);
        }
        let limit = silence.and_then(|silence| TimeDelta::from_std(silence).ok());
        let (sender, current) = watch::channel(Arc::default());
        let silence = Silence::new(limit, clock.now());
        let registered = Vec::new();
        let mut keeper = Keeper {
            configured,
            registered,
            vault,
            clock,
            sender,
            pulse: pulse.clone(),
            silence,
            is_away: false,
        };
        let registered = store::registered(connection).await?;
        keeper.take_up(connection, registered).await?;
        Ok((Live { current, pulse }, keeper))
    }

    /// As of now.
    pub fn now(&self) -> Arc<Endpoints> {
        Arc::clone(&self.current.borrow())
    }

    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }
}

impl Keeper {
    /// Until it is aborted.
    pub async fn run(mut self, pool: PgPool) {
        let mut ticks = interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let reading = timeout(ANSWER_DEADLINE, self.read(&pool)).await;
            let away = match reading {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("{:#}", anyhow::Error::from(error))),
                Err(_) => Some("no answer in time".to_owned()),
            };
            if let Some(error) = away.as_ref().filter(|_| !self.is_away) {
                tracing::warn!(error, "changes of the webhook endpoints wait for the database");
            }
            self.is_away = away.is_some();
            self.listen();
        }
    }

    async fn read(&mut self, pool: &PgPool) -> Result<(), sqlx::Error> {
        let mut connection = pool.acquire().await?;
        let registered = store::registered(&mut connection).await?;
        if registered != self.registered {
            self.take_up(&mut connection, registered).await?;
        }
        // Another process may have taken it.
        if let Some(last) = overview::last_received_lately(&mut connection).await? {
            self.pulse.beat(last);
        }
        Ok(())
    }

    /// A secret that cannot be had keeps none of the others from being live.
    async fn take_up(
        &mut self,
        connection: &mut PgConnection,
        registered: Vec<Registered>,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let mut endpoints = self.configured.clone();
        for row in &registered {
            endpoints.add_name(&row.endpoint);
            if !row.is_live(now) {
                continue;
            }
            let Registered { endpoint, fingerprint, subscription_id, valid_until, .. } = row;
            let kept =
                vault::store::kept_secret(connection, &self.vault, endpoint, fingerprint).await;
            match kept {
                Ok(Some(secret)) => {
                    endpoints.add_until(endpoint, secret, subscription_id, *valid_until);
                }
                Ok(None) => tell_missing(row, "it is not in the vault"),
                Err(error) => match error.downcast::<sqlx::Error>() {
                    Ok(error) => return Err(error),
                    Err(error) => tell_missing(row, &format!("{error:#}")),
                },
            }
        }
        if !self.registered.is_empty() || !registered.is_empty() {
            tracing::info!(registered = registered.len(), "the webhook endpoints were taken up");
        }
        self.registered = registered;
        self.sender.send_replace(Arc::new(endpoints));
        Ok(())
    }

    /// Tells of a silence once.
    fn listen(&mut self) {
        let now = self.clock.now();
        let last = self.pulse.last();
        let expected = self.sender.borrow().any_live(now);
        match self.silence.look(last, now, expected) {
            Some(Change::Began(lasts)) => tracing::warn!(
                silent_seconds = lasts.num_seconds(),
                last = last.map(|last: DateTime<Utc>| last.to_rfc3339()),
                "webhooks went silent: `tokenledger webhooks check` looks for the reason"
            ),
            Some(Change::Ended) => tracing::info!("webhooks come again"),
            None => {}
        }
    }
}

fn tell_missing(row: &Registered, why: &str) {
    tracing::error!(
        endpoint = row.endpoint,
        subscription = row.subscription_id,
        fingerprint = row.fingerprint,
        why,
        "the secret of a webhook endpoint cannot be had, so that its deliveries are refused: \
         `tokenledger webhooks rotate` makes another"
    );
}
