//! A run at work: the list, what it did not show, and those that are gone.

use sha2::Digest;
use sha2::Sha256;
use tokio::sync::watch;

use crate::journal::CauseKind;
use crate::ledger::Asker;
use crate::readings::Proof;
use crate::readings::Reader;
use crate::reconcile::absences::Gathered;
use crate::reconcile::begin::Begun;
use crate::reconcile::calls::Calls;
use crate::reconcile::ending::Ending;
use crate::reconcile::ending::Stop;
use crate::reconcile::options::Pace;
use crate::reconcile::run::Run;
use crate::reconcile::seen;
use crate::reconcile::store;

/// Compares. Clones share everything.
#[derive(Clone)]
pub struct Reconciler {
    pub reader: Reader,
    pub pace: Pace,
}

/// How somebody follows a run, and stops it.
pub struct Watching {
    /// Ends it when it becomes true.
    pub stopped: watch::Receiver<bool>,
    /// The run, whenever it has got on.
    pub moved: watch::Sender<Run>,
}

pub(super) struct Work<'a> {
    pub reader: &'a Reader,
    pub pace: Pace,
    pub calls: Calls,
    pub run: Run,
    pub goes_on: bool,
    pub proof: Proof,
    pub gathered: Gathered,
    moved: watch::Sender<Run>,
}

impl Reconciler {
    /// Works until it is done, stopped, or cannot go on: the run says which. An error is the
    /// database's; the run is then left for the next one to go on with.
    pub async fn work(&self, begun: Begun, watching: Watching) -> anyhow::Result<Run> {
        let Begun { run, goes_on, lock } = begun;
        let mut work = Work {
            reader: &self.reader,
            pace: self.pace,
            calls: Calls::new(self.reader.client.clone(), self.pace, watching.stopped),
            run,
            goes_on,
            proof: Proof::default(),
            gathered: Gathered::default(),
            moved: watching.moved,
        };
        let ended = match work.all().await {
            Ok(()) => Ok(None),
            Err(Stop::Ended(ending)) => Ok(Some(ending)),
            Err(Stop::Failed(error)) => Err(error),
        };
        let result = work.end(ended).await;
        lock.release().await;
        result
    }
}

impl Work<'_> {
    async fn all(&mut self) -> Result<(), Stop> {
        if !self.run.listed_all {
            self.list().await?;
        }
        self.read_the_rest().await?;
        self.conclude_absences().await
    }

    async fn end(mut self, ended: anyhow::Result<Option<Ending>>) -> anyhow::Result<Run> {
        let (ending, error) = match ended {
            Ok(ending) => (ending, None),
            Err(error) => (Some(Ending::NotRecorded), Some(error)),
        };
        self.run.end(ending, self.reader.clock.now());
        let saved = self.save(&[]).await;
        if let Some(error) = error {
            return Err(error);
        }
        saved?;
        seen::forget(&self.reader.pool).await?;
        tracing::info!(
            run = self.run.id,
            state = self.run.state.as_str(),
            ending = self.run.ending.map_or("done", Ending::as_str),
            matched = self.run.counts.matched,
            different = self.run.counts.different,
            recorded = self.run.counts.recorded,
            "a reconciliation ended"
        );
        Ok(self.run)
    }

    /// Keeps where the run stands, and what it has read since.
    pub(super) async fn save(&mut self, read: &[String]) -> Result<(), sqlx::Error> {
        self.run.counts.calls += self.calls.take_sent();
        self.run.moved_at = self.reader.clock.now();
        let mut tx = self.reader.pool.begin().await?;
        if !read.is_empty() {
            seen::add(&mut tx, &self.run.id, read).await?;
        }
        store::save(&mut tx, &self.reader.vault, &self.run).await?;
        tx.commit().await?;
        self.moved.send_replace(self.run.clone());
        Ok(())
    }

    /// Whose question every answer is for.
    pub(super) fn asker(&self) -> Asker {
        Asker {
            kind: CauseKind::Reconciliation,
            id: self.run.id.clone(),
            actor: Some(self.run.actor.clone()),
            reason: None,
            due: None,
        }
    }

    pub(super) fn go_on(&self) -> Result<(), Stop> {
        if self.calls.is_stopped() { Err(Ending::Interrupted.into()) } else { Ok(()) }
    }

    /// One more page.
    pub(super) fn digest(&mut self, body: &[u8]) {
        let page: [u8; 32] = Sha256::digest(body).into();
        let chained = Sha256::new().chain_update(self.run.digest).chain_update(page);
        self.run.digest = chained.finalize().into();
    }
}
