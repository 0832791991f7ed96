//! Taking up what was left open: by a crash, a time-out, or a Smartpay that was away.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ledger::intents;
use crate::outbox::LEASE;
use crate::outbox::Outbox;
use crate::outbox::WINDOW;

/// Taken up in one round, and at the same time.
const ROUND_MAX: i64 = 64;
const AT_ONCE_MAX: usize = 8;
/// How long the page of a session is kept for callers who ask again.
const PAGE_KEPT: TimeDelta = TimeDelta::days(1);

/// One round: everything whose time has come gets one attempt. Says how many there were.
pub async fn resume(outbox: &Outbox) -> anyhow::Result<usize> {
    let now = outbox.reader.clock.now();
    let mut connection = outbox.reader.pool.acquire().await?;
    intents::destroy_requests(&mut connection, now - WINDOW, now - PAGE_KEPT).await?;
    let due = intents::lease(&mut connection, ROUND_MAX, now, now + LEASE).await?;
    drop(connection);
    let slots = Arc::new(Semaphore::new(AT_ONCE_MAX));
    let mut attempts = JoinSet::new();
    let count = due.len();
    for id in due {
        let (outbox, slots) = (outbox.clone(), Arc::clone(&slots));
        attempts.spawn(async move {
            let _slot = slots.acquire_owned().await;
            if let Err(error) = outbox.carry_out(&id).await {
                tracing::warn!(intent = %id, error = format!("{error:#}"), "an intent waits");
            }
        });
    }
    attempts.join_all().await;
    Ok(count)
}
