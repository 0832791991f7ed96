//! Calls with patience: a run has time, and slows down rather than fail.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::reconcile::ending::Ending;
use crate::reconcile::options::Pace;
use crate::smartpay::client::Answer;
use crate::smartpay::client::Call;
use crate::smartpay::client::Client;
use crate::smartpay::client::Outcome;

/// Of one call with its tries; a run begins it again.
const CALL_DEADLINE: Duration = Duration::from_secs(30);
const TOO_MANY_REQUESTS: u16 = 429;

/// Clones share their counts.
#[derive(Clone)]
pub(super) struct Calls {
    client: Client,
    pace: Pace,
    stopped: watch::Receiver<bool>,
    sent: Arc<AtomicI64>,
    width: Arc<AtomicUsize>,
}

impl Calls {
    pub(super) fn new(client: Client, pace: Pace, stopped: watch::Receiver<bool>) -> Self {
        let width = Arc::new(AtomicUsize::new(pace.calls_at_once.max(1)));
        Self { client, pace, stopped, sent: Arc::default(), width }
    }

    /// Requests sent since this was last asked.
    pub(super) fn take_sent(&self) -> i64 {
        self.sent.swap(0, Ordering::SeqCst)
    }

    /// How many calls may be under way together now.
    pub(super) fn width(&self) -> usize {
        self.width.load(Ordering::SeqCst)
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// An answer that is none of the passing ones.
    pub(super) async fn ask(&self, call: Call) -> Result<Answer, Ending> {
        let mut stopped = self.stopped.clone();
        let is_stopped = async move {
            // A sender that is gone will never stop anything.
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = is_stopped => Err(Ending::Interrupted),
            answer = self.insist(&call) => answer,
        }
    }

    async fn insist(&self, call: &Call) -> Result<Answer, Ending> {
        let (mut silences, mut refusals) = (0, 0);
        loop {
            let called = self.client.send(call, CALL_DEADLINE).await;
            let passing = i64::try_from(called.not_final.len()).unwrap_or(i64::MAX);
            self.sent.fetch_add(passing, Ordering::SeqCst);
            let mut asked = Duration::ZERO;
            match called.outcome {
                Outcome::Answered(answer) if answer.status == TOO_MANY_REQUESTS => {
                    self.sent.fetch_add(1, Ordering::SeqCst);
                    asked = answer.retry_after.unwrap_or_default();
                    refusals += 1;
                    // Two at once may narrow it as one: it gets narrow enough.
                    self.width.store((self.width() / 2).max(1), Ordering::SeqCst);
                }
                Outcome::Answered(answer) => {
                    self.sent.fetch_add(1, Ordering::SeqCst);
                    return Ok(answer);
                }
                Outcome::NotSent(_) | Outcome::Unknown(_) => silences += 1,
            }
            if silences >= self.pace.silences_max || refusals >= self.pace.refusals_max {
                tracing::warn!(call = call.name(), silences, refusals, "Smartpay gives no answer");
                return Err(Ending::Unreachable);
            }
            sleep(self.pace.pause(silences + refusals, asked)).await;
        }
    }
}
