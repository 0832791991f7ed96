//! `register` and `rotate`: what there is decides what is done, and one command at a time does it.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::clock::Clock;
use crate::smartpay::client::Client;
use crate::vault::Vault;
use crate::webhooks::create;
use crate::webhooks::create::is_resumable;
use crate::webhooks::endpoints::Endpoints;
use crate::webhooks::error::Error;
use crate::webhooks::error::LIVE_MAX;
use crate::webhooks::store;
use crate::webhooks::store::Attempt;
use crate::webhooks::store::Registered;
use crate::webhooks::there::There;

/// How long the secret before stays live unless something else is asked for. Deliveries that were
/// signed with it come again for as long.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// What it takes to work on the endpoints of a ledger.
pub struct Desk<'a> {
    /// Of its own: it holds the turn of this command.
    pub connection: &'a mut PgConnection,
    pub vault: &'a Vault,
    pub ledger: &'a str,
    pub smartpay: &'a Client,
    pub configured: &'a Endpoints,
    pub clock: &'a Clock,
    /// Who asks.
    pub actor: &'a str,
}

/// The endpoint that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// In the path.
    pub name: String,
    pub url: String,
    /// How long the secrets before stay live.
    pub overlap: TimeDelta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    Do,
    /// Only say what would be done.
    Look,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Made(Made),
    /// Nothing was changed: Smartpay sends there, and the secret is known.
    Already {
        subscription_id: String,
        of_configuration: bool,
    },
    /// Nothing was changed: an endpoint would be made, or an earlier attempt completed.
    Would {
        resume: bool,
    },
}

/// An endpoint that was made, with its secret in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub subscription_id: String,
    pub fingerprint: String,
    /// An earlier attempt was completed.
    pub resumed: bool,
    /// Its secret begins with the digit on which Smartpay's own libraries disagree.
    pub has_variants: bool,
    /// Those made from here whose secrets stay live for the overlap, and until when.
    pub ending: Vec<(String, Option<DateTime<Utc>>)>,
    /// Others that send to the same URL. What their secrets are is not known here, unless they
    /// stand in the configuration.
    pub strangers: Vec<String>,
}

/// Everything known of one name.
pub(crate) struct Known {
    pub there: There,
    pub registered: Vec<Registered>,
    pub attempt: Option<Attempt>,
}

impl Desk<'_> {
    /// Makes the endpoint at Smartpay, unless there is one.
    pub async fn register(&mut self, wanted: &Wanted, run: Run) -> Result<Outcome, Error> {
        self.take_turn().await?;
        let done = self.register_in_turn(wanted, run).await;
        store::give_turn(self.connection, self.ledger).await?;
        done
    }

    /// Makes a second endpoint to the same URL. The secrets before stay live for the overlap.
    pub async fn rotate(&mut self, wanted: &Wanted, run: Run) -> Result<Outcome, Error> {
        self.take_turn().await?;
        let done = self.rotate_in_turn(wanted, run).await;
        store::give_turn(self.connection, self.ledger).await?;
        done
    }

    async fn register_in_turn(&mut self, wanted: &Wanted, run: Run) -> Result<Outcome, Error> {
        let known = self.known(&wanted.name).await?;
        if !self.is_resumed(&known, wanted) {
            if let Some(already) = self.already(&known, wanted) {
                return Ok(already);
            }
            if known.there.to(&wanted.url).next().is_some() {
                let Wanted { name, url, .. } = wanted.clone();
                return Err(Error::Stranger { name, url, ids: known.ids_to(&wanted.url, None) });
            }
        }
        self.make(known, wanted, run).await
    }

    async fn rotate_in_turn(&mut self, wanted: &Wanted, run: Run) -> Result<Outcome, Error> {
        let known = self.known(&wanted.name).await?;
        if !self.is_resumed(&known, wanted) {
            let Wanted { name, url, .. } = wanted.clone();
            let newest = known.newest().map(|newest| newest.subscription_id.as_str());
            if newest.is_none() && known.there.to(&url).next().is_none() {
                return Err(Error::NothingToRotate { name, url });
            }
            let others = known.ids_to(&url, newest);
            let ending = known.registered.iter().find(|row| {
                row.valid_until.is_some() && row.deleted_at.is_none() && known.lists(row)
            });
            if newest.is_some() && (!others.is_empty() || ending.is_some()) {
                let ids = ending.map_or(others, |row| row.subscription_id.clone());
                return Err(Error::UnderWay { name, ids });
            }
        }
        self.make(known, wanted, run).await
    }

    pub(crate) async fn take_turn(&mut self) -> Result<(), Error> {
        if store::take_turn(self.connection, self.ledger).await? {
            Ok(())
        } else {
            Err(Error::Busy)
        }
    }

    /// Smartpay's list comes first: without it nothing is done.
    pub(crate) async fn known(&mut self, name: &str) -> Result<Known, Error> {
        let there = There::ask(self.smartpay).await?;
        if let Some(wrong) = there.unreadable.first() {
            return Err(Error::Odd(wrong.clone()));
        }
        let mut registered = store::registered(self.connection).await?;
        registered.retain(|row| row.endpoint == name);
        let mut attempts = store::attempts(self.connection).await?.into_iter();
        let attempt = attempts.find(|attempt| attempt.endpoint == name);
        Ok(Known { there, registered, attempt })
    }

    fn is_resumed(&self, known: &Known, wanted: &Wanted) -> bool {
        let open = known.attempt.as_ref();
        open.is_some_and(|open| is_resumable(open, wanted, self.clock.now()))
    }

    /// An endpoint that sends there and whose secret is known.
    fn already(&self, known: &Known, wanted: &Wanted) -> Option<Outcome> {
        let newest = known.newest().filter(|newest| known.lists(newest));
        if let Some(newest) = newest.filter(|newest| newest.url == wanted.url) {
            let subscription_id = newest.subscription_id.clone();
            return Some(Outcome::Already { subscription_id, of_configuration: false });
        }
        let configured = self.configured.get(&wanted.name)?;
        let mut ids = known.there.to(&wanted.url).map(|endpoint| endpoint.id.as_str());
        let known_by_id = |id: &&str| configured.subscription_ids().any(|known| known == *id);
        let any = configured.without_subscription() > 0;
        let subscription_id = ids.find(|id| any || known_by_id(id))?.to_owned();
        Some(Outcome::Already { subscription_id, of_configuration: true })
    }

    async fn make(&mut self, known: Known, wanted: &Wanted, run: Run) -> Result<Outcome, Error> {
        let now = self.clock.now();
        let live = store::registered(self.connection).await?;
        if live.iter().filter(|row| row.is_live(now)).count() >= LIVE_MAX {
            return Err(Error::TooMany);
        }
        let resumed = known.attempt.as_ref().filter(|open| is_resumable(open, wanted, now));
        if run == Run::Look {
            return Ok(Outcome::Would { resume: resumed.is_some() });
        }
        let made = create::make(self, &known, wanted).await?;
        Ok(Outcome::Made(made))
    }
}

impl Known {
    /// The one that stays: live, and not about to end.
    pub(crate) fn newest(&self) -> Option<&Registered> {
        self.registered.iter().rev().find(|row| row.valid_until.is_none())
    }

    pub(crate) fn lists(&self, row: &Registered) -> bool {
        self.there.find(&row.subscription_id).is_some()
    }

    /// Those that send there, but for one.
    fn ids_to(&self, url: &str, but: Option<&str>) -> String {
        let ids = self.there.to(url).map(|endpoint| endpoint.id.as_str());
        ids.filter(|id| Some(*id) != but).collect::<Vec<_>>().join(", ")
    }
}
