//! Confirming a return, and looking at sessions whose time is over.

use std::time::Duration;

use anyhow::Context;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::journal::CauseKind;
use crate::ledger::Asker;
use crate::ledger::intents;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentId;
use crate::ledger::readings_due;
use crate::projections::tokens;
use crate::projections::tokens::TokenRecord;
use crate::readings::Question;
use crate::readings::Reader;
use crate::readings::Truth;
use crate::returns::State;
use crate::returns::Way;
use crate::token::Conclusion;
use crate::token::KeyProof;
use crate::token::Status;

/// What Smartpay may take to answer.
const WITHIN: Duration = Duration::from_secs(9);
/// How long a session that is looked at belongs to the one who looks.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// When Smartpay could not be asked: this pause, and later on a part of the session's age, so that a
/// token that is never found is asked for less and less.
const PAUSE_FIRST: TimeDelta = TimeDelta::minutes(2);
const PAUSES_OF_AGE: i32 = 24;
/// How many sessions are looked at in one round.
const ROUND_MAX: i64 = 20;

/// Confirms returns. Clones share everything.
#[derive(Clone)]
pub struct Returns {
    pub reader: Reader,
}

impl Returns {
    /// Takes a return for what it is, a hint: it is noted first, so that it is looked into also if
    /// Smartpay, or this process, is away now.
    pub async fn arrive(&self, state: &State) -> anyhow::Result<()> {
        let now = self.reader.clock.now();
        let mut connection = self.reader.pool.acquire().await?;
        let Some(intent) = intents::find(&mut connection, &state.intent).await? else {
            return Ok(());
        };
        let Some(reference) = &intent.reference else { return Ok(()) };
        let known = tokens::find(&mut *connection, reference).await?.found;
        let waits = |record: &TokenRecord| match record.status() {
            Status::AwaitingAuthorization => true,
            // One that left may come back and approve.
            Status::Canceled => state.way == Way::Success,
            Status::Active
            | Status::Disabled
            | Status::Rejected
            | Status::Deleted
            | Status::Unknown => false,
        };
        if !known.as_ref().is_some_and(waits) {
            return Ok(());
        }
        match state.way {
            Way::Cancel => intents::canceled(&mut connection, &intent.id, now).await?,
            Way::Success => {
                readings_due::ask(&self.reader.pool, reference, "return", now).await?;
            }
        }
        drop(connection);
        self.look(&state.intent, CauseKind::Return, state.way == Way::Success).await
    }

    /// One that was answered meanwhile needs no look.
    async fn look_if_open(&self, id: &IntentId) -> anyhow::Result<()> {
        let mut connection = self.reader.pool.acquire().await?;
        let intent = intents::find(&mut connection, id).await?.context("an intent is gone")?;
        if let Some(reference) = &intent.reference {
            let known = tokens::find(&mut *connection, reference).await?.found;
            if known.is_some_and(|record| record.status() != Status::AwaitingAuthorization) {
                return Ok(intents::checked(&mut connection, id, None).await?);
            }
        }
        drop(connection);
        self.look(id, CauseKind::Schedule, false).await
    }

    /// Asks how the token of a session is, and concludes what follows: the shopper left, or the time
    /// is over, if Smartpay still waits.
    async fn look(&self, id: &IntentId, kind: CauseKind, success: bool) -> anyhow::Result<()> {
        let mut connection = self.reader.pool.acquire().await?;
        let intent = intents::find(&mut connection, id).await?.context("an intent is gone")?;
        drop(connection);
        let reference = intent.reference.as_ref().context("a session that was made has a token")?;
        let token = self.reader.identify(reference).await?;
        let token = token.context("the vault does not hold the token's id")?;
        let question = Question {
            concludes: (!success).then(|| conclusion(&intent)),
            ..Question::plain(asker(&intent, kind), KeyProof::Unproven)
        };
        let read = self.reader.read(&token, &question, WITHIN).await;
        if success {
            return Ok(());
        }
        let now = self.reader.clock.now();
        let again = match read.as_ref().map(|read| read.truth) {
            Ok(Truth::Is(_) | Truth::Absent) => None,
            Ok(Truth::NotFound | Truth::Unclear) | Err(_) => Some(now + pause(&intent, now)),
        };
        let mut connection = self.reader.pool.acquire().await?;
        intents::checked(&mut connection, id, again).await?;
        Ok(())
    }
}

/// Looks at the sessions whose time has come. Says how many there were.
pub async fn look_at_due(returns: &Returns) -> anyhow::Result<usize> {
    let now = returns.reader.clock.now();
    let mut connection = returns.reader.pool.acquire().await?;
    let due = intents::due(&mut connection, ROUND_MAX, now, now + LEASE).await?;
    drop(connection);
    for id in &due {
        if let Err(error) = returns.look_if_open(id).await {
            tracing::warn!(intent = %id, error = format!("{error:#}"), "a session waits");
        }
    }
    Ok(due.len())
}

fn pause(intent: &Intent, now: DateTime<Utc>) -> TimeDelta {
    PAUSE_FIRST.max((now - intent.created_at) / PAUSES_OF_AGE)
}

fn conclusion(intent: &Intent) -> Conclusion {
    if intent.canceled_at.is_some() { Conclusion::Shopper } else { Conclusion::Expired }
}

fn asker(intent: &Intent, kind: CauseKind) -> Asker {
    Asker { kind, id: intent.id.to_string(), actor: None, reason: None, due: None }
}
