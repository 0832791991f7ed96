//! The end of a rotation: what sends to the same URL beside the newest endpoint is deleted.

use chrono::DateTime;
use chrono::Utc;

use crate::ledger::overview;
use crate::smartpay::EndpointId;
use crate::smartpay::client::COMMAND_DEADLINE;
use crate::smartpay::client::Call;
use crate::smartpay::client::Earlier;
use crate::smartpay::client::Outcome;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::Wrong;
use crate::webhooks::desk::Desk;
use crate::webhooks::desk::Known;
use crate::webhooks::desk::Run;
use crate::webhooks::error::Error;
use crate::webhooks::store;
use crate::webhooks::store::Registered;
use crate::webhooks::there::told;

const NOT_FOUND: u16 = 404;

/// Whether the old one may go before its time, and before the new one was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hurry {
    Refused,
    Confirmed,
}

/// What stays, and what was deleted (or would be).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub newest: String,
    pub deleted: Vec<String>,
}

impl Desk<'_> {
    /// Deletes at Smartpay what sends to the newest endpoint's URL beside it, and what was made from
    /// here before it; then their validity ends too.
    pub async fn finish(&mut self, name: &str, hurry: Hurry, run: Run) -> Result<Finished, Error> {
        self.take_turn().await?;
        let done = self.finish_in_turn(name, hurry, run).await;
        store::give_turn(self.connection, self.ledger).await?;
        done
    }

    async fn finish_in_turn(
        &mut self,
        name: &str,
        hurry: Hurry,
        run: Run,
    ) -> Result<Finished, Error> {
        let known = self.known(name).await?;
        let newest = known.newest().cloned();
        let newest = newest.ok_or_else(|| Error::NothingToFinish { name: name.to_owned() })?;
        let Registered { subscription_id: id, url, .. } = newest.clone();
        let there = known.there.find(&id);
        if !there.is_some_and(|there| there.active && there.url == url) {
            return Err(Error::NewestAmiss { name: name.to_owned(), id, url });
        }
        let others = others(&known, &newest);
        if hurry == Hurry::Refused && !others.is_empty() {
            self.check_in_time(&known, &newest).await?;
        }
        if run == Run::Do {
            for other in &others {
                self.delete(other).await?;
                store::end(self.connection, other.as_str(), self.clock.now()).await?;
            }
            self.end_gone(&known, &newest).await?;
        }
        let deleted = others.iter().map(|other| other.as_str().to_owned()).collect();
        Ok(Finished { newest: id, deleted })
    }

    /// The new one must be heard before the old one goes, and the overlap be over.
    async fn check_in_time(&mut self, known: &Known, newest: &Registered) -> Result<(), Error> {
        let now = self.clock.now();
        let ends = |row: &&Registered| row.deleted_at.is_none() && row.is_live(now);
        let ending = known.registered.iter().filter(ends).filter_map(|row| row.valid_until).max();
        if let Some(ends) = ending {
            return Err(too_early(&newest.endpoint, ends));
        }
        let signers = overview::signers(self.connection).await?;
        let signed = signers.iter().any(|signer| {
            signer.endpoint == newest.endpoint && signer.fingerprint == newest.fingerprint
        });
        if signed {
            return Ok(());
        }
        let words = format!(
            "no delivery of {}, the newest endpoint of {}, has come yet",
            newest.subscription_id, newest.endpoint
        );
        Err(Error::TooEarly(words))
    }

    /// What is not there (any more) is deleted.
    async fn delete(&self, id: &EndpointId) -> Result<(), Error> {
        let not = |cause| Error::NotDeleted { id: id.as_str().to_owned(), cause };
        let called = self.smartpay.send(&Call::delete_endpoint(id), COMMAND_DEADLINE).await;
        let answer = match called.outcome {
            Outcome::Answered(answer) => answer,
            Outcome::NotSent(cause) => return Err(not(told(cause))),
            Outcome::Unknown(cause) => return Err(not(told(cause))),
        };
        match answer::deleted(answer.received(), Earlier::NoEffect) {
            Ok(_) => Ok(()),
            Err(Wrong::Error(error)) if error.status == NOT_FOUND => Ok(()),
            Err(wrong) => Err(not(told(wrong))),
        }
    }

    /// Those made from here that somebody deleted at Smartpay.
    async fn end_gone(&mut self, known: &Known, newest: &Registered) -> Result<(), Error> {
        let gone = known
            .registered
            .iter()
            .filter(|row| row.key != newest.key && row.deleted_at.is_none() && !known.lists(row));
        for row in gone {
            store::end(self.connection, &row.subscription_id, self.clock.now()).await?;
        }
        Ok(())
    }
}

fn others(known: &Known, newest: &Registered) -> Vec<EndpointId> {
    let ours = |id: &str| known.registered.iter().any(|row| row.subscription_id == id);
    let endpoints = known.there.endpoints.iter();
    let others = endpoints.filter(|endpoint| {
        let id = endpoint.id.as_str();
        id != newest.subscription_id && (endpoint.url == newest.url || ours(id))
    });
    others.map(|endpoint| endpoint.id.clone()).collect()
}

fn too_early(name: &str, ends: DateTime<Utc>) -> Error {
    Error::TooEarly(format!("the overlap of {name} lasts until {ends}"))
}
