//! The writer: one task per process that takes what waits and commits it in groups.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::Executor;
use sqlx::postgres::PgConnection;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::database::Primary;
use crate::journal::Position;
use crate::ledger::Receipt;
use crate::ledger::Refused;
use crate::ledger::Submission;
use crate::ledger::plan::Rules;
use crate::ledger::queue::Waiting;
use crate::ledger::recent::Recent;
use crate::ledger::spans::GroupSpans;
use crate::ledger::transaction;
use crate::ledger::transaction::Group;
use crate::ledger::transaction::GroupError;
use crate::token;
use crate::vault::Vault;

/// The most submissions that one transaction records.
pub const GROUP_MAX: usize = 512;
/// A group that takes longer is given up, and its connection with it.
const GROUP_DEADLINE: Duration = Duration::from_secs(8);
const CONNECT_DEADLINE: Duration = Duration::from_secs(2);
/// Plans are made once and used again: making them took a third of a small group's time. The writer
/// looks up few rows of tables that grow faster than their statistics are renewed: whatever those
/// say, it must never read a whole table to find them. Nothing here is worth compiling, least of all
/// for the cost that forbidding a scan adds to the head's.
const PLANS: &str = "
    SET plan_cache_mode = force_generic_plan;
    SET jit = off;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off";
/// Plans are made again after so many groups, since those of an empty ledger need not fit a large one.
const PLANS_AGE_MAX: u32 = 1_000;

/// What the writer works with.
#[derive(Clone)]
pub struct Settings {
    pub database: Primary,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub(crate) rules: Rules,
}

impl Settings {
    pub fn new(database: impl Into<Primary>, vault: Arc<Vault>, clock: Clock) -> Self {
        Self { database: database.into(), vault, clock, rules: token::decide }
    }
}

/// The connection between two groups.
struct Kept {
    connection: PgConnection,
    /// The primary's, when it was made.
    epoch: u64,
}

/// Records what waits.
pub(super) struct Writer {
    settings: Settings,
    connection: Option<Kept>,
    /// How many groups the connection's plans have served.
    plans_age: u32,
    recent: Recent,
    written: watch::Sender<Position>,
    /// Of the group at hand.
    spans: Option<GroupSpans>,
}

impl Writer {
    pub(super) fn new(settings: Settings, written: watch::Sender<Position>) -> Self {
        let recent = Recent::default();
        Self { settings, connection: None, plans_age: 0, recent, written, spans: None }
    }

    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Waiting>) {
        let mut waiting = Vec::with_capacity(GROUP_MAX);
        while queue.recv_many(&mut waiting, GROUP_MAX).await > 0 {
            metrics::histogram!("tokenledger_group_submissions")
                .record(u32::try_from(waiting.len()).unwrap_or(u32::MAX));
            let waits = waiting.iter_mut().filter_map(|waiting| waiting.wait.take()).collect();
            self.spans = GroupSpans::begin(waits, waiting.len());
            let (submissions, answers): (Vec<_>, Vec<_>) =
                waiting.drain(..).map(|waiting| (waiting.submission, waiting.answer)).unzip();
            let results = self.record_group(submissions).await;
            self.spans = None;
            for (answer, result) in answers.into_iter().zip(results) {
                // A caller that went away needs no answer: its submission is recorded all the same.
                drop(answer.send(result));
            }
        }
        if let Some(Kept { connection, .. }) = self.connection.take() {
            drop(connection.close().await);
        }
    }

    /// One result per submission, in order. A group whose data are refused is halved until the
    /// culprit stands alone; a delivery alone is kept as quarantined bytes.
    async fn record_group(&mut self, group: Vec<Submission>) -> Vec<Result<Receipt, Refused>> {
        let mut results = Vec::with_capacity(group.len());
        let mut parts = vec![group];
        while let Some(mut part) = parts.pop() {
            match self.record(&part).await {
                Ok(receipts) => results.extend(receipts.into_iter().map(Ok)),
                Err(GroupError::Data(_)) if part.len() > 1 => {
                    let rest = part.split_off(part.len() / 2);
                    parts.push(rest);
                    parts.push(part);
                }
                Err(GroupError::Data(error)) => {
                    results.extend(self.record_as_bytes(part, &error).await);
                }
                Err(error) => {
                    let whole = part.len() + parts.iter().map(Vec::len).sum::<usize>();
                    let error = anyhow::Error::from(error);
                    tracing::error!(
                        submissions = whole,
                        error = format!("{error:#}"),
                        "the database could not record a group"
                    );
                    results.extend((0..whole).map(|_| Err(Refused::Unavailable)));
                    parts.clear();
                }
            }
        }
        results
    }

    /// The last resort for one that cannot be decided or written: its bytes, quarantined.
    async fn record_as_bytes(
        &mut self,
        part: Vec<Submission>,
        error: &anyhow::Error,
    ) -> Vec<Result<Receipt, Refused>> {
        tracing::error!(
            error = format!("{error:#}"),
            "a submission could not be recorded as it is"
        );
        let mut results = Vec::with_capacity(part.len());
        for submission in part {
            let Submission::Delivery(delivery) = submission else {
                results.push(Err(Refused::Unavailable));
                continue;
            };
            let bytes = [Submission::Delivery(delivery.into_bytes())];
            let recorded = self.record(&bytes).await.map_err(anyhow::Error::from);
            results.push(match recorded.map(|mut receipts| receipts.pop()) {
                Ok(Some(receipt)) => Ok(receipt),
                Ok(None) => Err(Refused::Unavailable),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "its bytes were refused too");
                    Err(Refused::Unavailable)
                }
            });
        }
        results
    }

    /// One transaction. A connection that the server closed while there was nothing to do is found
    /// out by BEGIN, before anything could have happened: then a new one is tried.
    async fn record(&mut self, group: &[Submission]) -> Result<Vec<Receipt>, GroupError> {
        let kept = self.connection.is_some();
        match self.record_once(group).await {
            Err(GroupError::NotBegun(_)) if kept => self.record_once(group).await,
            result => result,
        }
    }

    /// Within the deadline. After any doubt about the connection a new one is made.
    async fn record_once(
        &mut self,
        submissions: &[Submission],
    ) -> Result<Vec<Receipt>, GroupError> {
        let started = tokio::time::Instant::now();
        let mut kept = self.connect().await?;
        let Kept { connection, epoch } = &mut kept;
        let acknowledged = *self.written.borrow();
        let group = Group { submissions, acknowledged, spans: self.spans.as_ref() };
        let recording = transaction::record(connection, &self.settings, &mut self.recent, &group);
        let outcome = tokio::select! {
            outcome = timeout(GROUP_DEADLINE, recording) => outcome,
            () = self.settings.database.left(*epoch) => {
                let error = anyhow::anyhow!("the primary moved while the group was recorded");
                return Err(GroupError::Unavailable(error));
            }
        };
        let receipts = match outcome {
            Ok(Ok(receipts)) => {
                self.connection = Some(kept);
                receipts
            }
            Ok(Err(GroupError::Uncertain { committing, receipts, error })) => {
                tracing::warn!(error = format!("{error:#}"), "the answer to a commit was lost");
                match transaction::fate(&self.settings.database, &committing).await {
                    Some(true) => receipts,
                    Some(false) | None => return Err(GroupError::Unavailable(error.into())),
                }
            }
            Ok(Err(GroupError::Data(error))) => {
                // The server said no; the transaction was rolled back and the connection is sound.
                self.connection = Some(kept);
                return Err(GroupError::Data(error));
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(GroupError::Unavailable(anyhow::anyhow!(
                    "the group took longer than {GROUP_DEADLINE:?}"
                )));
            }
        };
        metrics::histogram!("tokenledger_commit_seconds").record(started.elapsed());
        if let Some(receipt) = receipts.last() {
            self.written.send_replace(receipt.as_of);
        }
        Ok(receipts)
    }

    /// The writer's own connection, planned for by [`PLANS`].
    async fn connect(&mut self) -> Result<Kept, GroupError> {
        self.plans_age += 1;
        let epoch = self.settings.database.epoch();
        if let Some(mut kept) = self.connection.take().filter(|kept| kept.epoch == epoch) {
            if self.plans_age > PLANS_AGE_MAX {
                let discarding = kept.connection.execute("DISCARD PLANS");
                let discarded = timeout(CONNECT_DEADLINE, discarding).await;
                let late = sqlx::Error::PoolTimedOut;
                discarded.unwrap_or(Err(late)).map_err(GroupError::NotBegun)?;
                self.plans_age = 0;
            }
            return Ok(kept);
        }
        self.plans_age = 0;
        let connecting = async {
            let mut connection = self.settings.database.connect().await?;
            connection.execute(PLANS).await?;
            Ok::<_, sqlx::Error>(Kept { connection, epoch })
        };
        match timeout(CONNECT_DEADLINE, connecting).await {
            Ok(Ok(kept)) => Ok(kept),
            Ok(Err(error)) => Err(GroupError::Unavailable(error.into())),
            Err(_) => Err(GroupError::Unavailable(anyhow::anyhow!(
                "no connection within {CONNECT_DEADLINE:?}"
            ))),
        }
    }
}
