//! Commands to Smartpay: the intent first, then the call, then the answer through the door.
//!
//! A crash or a time-out leaves the intent open. Whoever is on duty takes it up again: within six
//! hours with the same idempotency key, so that nothing is done twice; after that by reading what is
//! true. What cannot be found out is *unresolved*, and shown.

mod change;
mod keep;
mod page;
mod session;
mod truth;
mod worker;

pub use keep::is_passing;
pub use page::page;
pub use session::METADATA_INTENT;
pub use session::SessionOrder;
pub use worker::resume;

use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;

use crate::journal::CauseKind;
use crate::ledger::Asker;
use crate::ledger::intents;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentId;
use crate::ledger::intents::IntentKind;
use crate::ledger::intents::IntentState;
use crate::ledger::intents::NewIntent;
use crate::readings::Point;
use crate::readings::Reader;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Ref;
use crate::vault::Salt;

/// Smartpay knows a repeated request for six hours (documented); the last minutes are left alone.
pub const WINDOW: TimeDelta = TimeDelta::minutes(6 * 60 - 10);
/// How long an intent belongs to the process that began it: longer than all its calls together.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Pauses between tries: doubled each time, up to the longest.
const PAUSE_FIRST: TimeDelta = TimeDelta::seconds(5);
const PAUSE_LONGEST: TimeDelta = TimeDelta::minutes(10);
const PAUSE_UNRESOLVED: TimeDelta = TimeDelta::hours(1);
const DOUBLINGS_MAX: u32 = 7;
/// For one call, its tries included; and for one reading.
const CALL_WITHIN: Duration = Duration::from_secs(9);

/// Carries commands out. Clones share everything.
#[derive(Clone)]
pub struct Outbox {
    pub reader: Reader,
}

/// What shall be asked of Smartpay, by whom and why.
#[derive(Debug)]
pub struct Order<'a> {
    pub kind: IntentKind,
    /// The token; none for a session.
    pub reference: Option<&'a Ref>,
    pub session: Option<&'a SessionOrder>,
    pub actor: &'a str,
    pub reason: Option<&'a str>,
    /// Of the request that it serves. The same request again finds the intent that it began.
    pub request_id: Option<&'a str>,
}

/// What an attempt leaves open, if the intent has not ended by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// Smartpay did not answer, or not for certain.
    NoAnswer,
    /// It answered with something that cannot be understood.
    OddAnswer,
}

impl Outbox {
    /// Keeps the intent. The second is false if the same request had begun it before.
    pub async fn begin(&self, order: &Order<'_>) -> anyhow::Result<(Intent, bool)> {
        let (earlier, began) = self.keep_intent(order).await?;
        if began || !ended_without_a_try(&earlier) {
            return Ok((earlier, began));
        }
        // What kept it from being tried may have passed.
        intents::detach(&mut *self.reader.pool.acquire().await?, &earlier.id).await?;
        self.keep_intent(order).await
    }

    /// What the same request began before, unless that ended without a try.
    pub async fn begun(&self, request_id: &str) -> anyhow::Result<Option<Intent>> {
        let mut connection = self.reader.pool.acquire().await?;
        let intent = intents::of_request(&mut connection, request_id).await?;
        Ok(intent.filter(|intent| !ended_without_a_try(intent)))
    }

    async fn keep_intent(&self, order: &Order<'_>) -> anyhow::Result<(Intent, bool)> {
        self.reader.points.pass(Point::BeforeIntent).await;
        let id = IntentId::random();
        let salt = Salt::random();
        let now = self.reader.clock.now();
        let request = order.session.map(|session| {
            self.seal(&id, &salt, "request", &session.body(&id, &self.reader.vault))
        });
        let new = NewIntent {
            id: &id,
            kind: order.kind,
            reference: order.reference,
            consumer: order.session.map(|session| &session.consumer),
            merchant_reference: order.session.and_then(|session| session.reference.as_ref()),
            actor: order.actor,
            reason: order.reason,
            request_id: order.request_id,
            salt: &salt,
            sealed_request: request.as_deref(),
            next_at: now + LEASE,
            now,
        };
        let mut connection = self.reader.pool.acquire().await?;
        let began = intents::insert(&mut connection, &new).await?;
        let intent = match order.request_id.filter(|_| !began) {
            Some(request_id) => intents::of_request(&mut connection, request_id).await?,
            None => intents::find(&mut connection, &id).await?,
        };
        self.reader.points.pass(Point::AfterIntent).await;
        Ok((intent.context("the intent that was just kept is gone")?, began))
    }

    /// As it stands now.
    pub async fn find(&self, id: &IntentId) -> anyhow::Result<Option<Intent>> {
        intents::find(&mut *self.reader.pool.acquire().await?, id).await
    }

    /// One attempt: the call, the answer kept, what it did read back. What stays open is put off.
    pub async fn carry_out(&self, id: &IntentId) -> anyhow::Result<Left> {
        let Some(intent) = self.find(id).await?.filter(|intent| !intent.state.is_final()) else {
            return Ok(Left::Nothing);
        };
        let left = if self.reader.clock.now() < intent.created_at + WINDOW {
            match intent.kind {
                IntentKind::CreateSession => self.create(&intent).await?,
                IntentKind::Disable | IntentKind::Enable | IntentKind::Delete => {
                    self.change(&intent).await?
                }
            }
        } else {
            self.find_out(&intent).await?
        };
        self.put_off(&intent).await?;
        Ok(left)
    }

    /// Whatever has not ended by now is looked at again later.
    async fn put_off(&self, intent: &Intent) -> anyhow::Result<()> {
        let now = self.reader.clock.now();
        let mut connection = self.reader.pool.acquire().await?;
        if now < intent.created_at + WINDOW {
            let doublings = u32::try_from(intent.tries).unwrap_or(0).min(DOUBLINGS_MAX);
            let pause = (PAUSE_FIRST * 2_i32.pow(doublings)).min(PAUSE_LONGEST);
            intents::defer(&mut connection, &intent.id, now + pause).await?;
        } else {
            intents::give_up(&mut connection, &intent.id, now + PAUSE_UNRESOLVED).await?;
        }
        Ok(())
    }

    fn seal(&self, id: &IntentId, salt: &Salt, field: &str, plaintext: &[u8]) -> Vec<u8> {
        let place = Place { table: "intents", row: id.as_str(), field };
        self.reader.vault.seal(&place, NO_TOKEN, salt, plaintext)
    }
}

/// Nothing reached Smartpay, or it refused us rather than the request.
fn ended_without_a_try(intent: &Intent) -> bool {
    match intent.state {
        IntentState::NotCreated => true,
        IntentState::Refused => intent.error_code.as_deref().is_some_and(is_passing),
        IntentState::Open
        | IntentState::Settled
        | IntentState::Overtaken
        | IntentState::Unresolved => false,
    }
}

/// In whose name Smartpay's answers to an intent are recorded.
fn asker(intent: &Intent) -> Asker {
    Asker {
        kind: CauseKind::Api,
        id: intent.id.to_string(),
        actor: Some(intent.actor.clone()),
        reason: intent.reason.clone(),
        due: None,
    }
}
