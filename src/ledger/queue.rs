//! The way in: a bounded queue, from which the writer takes.

use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::journal::Position;
use crate::ledger::Receipt;
use crate::ledger::Refused;
use crate::ledger::Settings;
use crate::ledger::Submission;
use crate::ledger::writer::Writer;
use crate::traces::Span;

/// The most submissions that wait; one more is refused.
pub const QUEUE_MAX: usize = 4096;

/// The way in, for any number of callers.
#[derive(Clone)]
pub struct Ledger {
    queue: mpsc::Sender<Waiting>,
    position: watch::Receiver<Position>,
}

type Answer = oneshot::Receiver<Result<Receipt, Refused>>;

pub(super) struct Waiting {
    pub(super) submission: Submission,
    /// Of a request that is traced.
    pub(super) wait: Option<Span>,
    pub(super) answer: oneshot::Sender<Result<Receipt, Refused>>,
}

impl Ledger {
    /// Starts the writer. It ends, and its handle resolves, when every `Ledger` is dropped and the
    /// queue is empty.
    pub fn start(settings: Settings) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        let (written, position) = watch::channel(0);
        let writer = Writer::new(settings, written);
        (Self { queue, position }, tokio::spawn(writer.run(waiting)))
    }

    /// Resolves when the submission is durably recorded, or certainly (or possibly) is not.
    pub async fn submit(&self, submission: Submission) -> Result<Receipt, Refused> {
        self.submit_traced(submission, None).await
    }

    /// The same, with a span that ends when the wait in the queue is over.
    pub async fn submit_traced(
        &self,
        submission: Submission,
        wait: Option<Span>,
    ) -> Result<Receipt, Refused> {
        self.queue(submission, wait)?.await.unwrap_or(Err(Refused::Closed))
    }

    /// The same for several, which are decided in this order.
    pub async fn submit_all(&self, all: Vec<Submission>) -> Vec<Result<Receipt, Refused>> {
        let answers: Vec<_> = all.into_iter().map(|one| self.queue(one, None)).collect();
        let mut results = Vec::with_capacity(answers.len());
        for answer in answers {
            results.push(match answer {
                Ok(answered) => answered.await.unwrap_or(Err(Refused::Closed)),
                Err(refused) => Err(refused),
            });
        }
        results
    }

    fn queue(&self, submission: Submission, wait: Option<Span>) -> Result<Answer, Refused> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Waiting { submission, wait, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Full,
            mpsc::error::TrySendError::Closed(_) => Refused::Closed,
        })?;
        Ok(answered)
    }

    /// The newest position that this process wrote: wakes followers.
    pub fn positions(&self) -> watch::Receiver<Position> {
        self.position.clone()
    }

    /// Resolves when the writer is gone: it panicked, for nothing else ends it while a `Ledger` lives.
    pub async fn ended(&self) {
        self.queue.closed().await;
    }

    /// How many submissions wait.
    pub fn waiting(&self) -> usize {
        QUEUE_MAX - self.queue.capacity()
    }
}
