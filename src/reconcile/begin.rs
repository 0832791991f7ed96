//! Beginning a run, or going on with one that was stopped or killed.

use chrono::TimeDelta;
use sqlx::postgres::PgConnection;
use thiserror::Error;

use crate::ledger::fuse;
use crate::ledger::standing;
use crate::reconcile::lock::Lock;
use crate::reconcile::options::Options;
use crate::reconcile::run::Run;
use crate::reconcile::run::State;
use crate::reconcile::seen;
use crate::reconcile::store;
use crate::reconcile::upkeep;
use crate::reconcile::work::Reconciler;
use crate::token::absences_allowed;

/// What was read longer ago is worth reading again.
const GOES_ON_WITHIN: TimeDelta = TimeDelta::hours(1);

/// A run that holds the lock and is ready to work.
pub struct Begun {
    pub run: Run,
    /// It goes on where an earlier process left it.
    pub goes_on: bool,
    pub(super) lock: Lock,
}

#[derive(Debug, Error)]
pub enum CannotBegin {
    #[error("a reconciliation of this ledger is at work{}", .0.as_ref().map_or(String::new(), |id| format!(": {id}")))]
    AtWork(Option<String>),
    #[error("the secret key is of another mode than the ledger")]
    WrongMode,
    #[error("the reconciliation could not begin")]
    Database(#[from] anyhow::Error),
}

impl Reconciler {
    /// Takes the lock. `actor` is kept with the run and with what it records.
    pub async fn begin(&self, options: Options, actor: &str) -> Result<Begun, CannotBegin> {
        if self.reader.client.mode() != self.reader.mode {
            return Err(CannotBegin::WrongMode);
        }
        let (pool, vault) = (&self.reader.pool, &self.reader.vault);
        let lock = Lock::take(pool, vault.ledger()).await.map_err(failed)?;
        let Some(lock) = lock else { return Err(CannotBegin::AtWork(self.at_work().await?)) };
        match self.prepare(options, actor).await {
            Ok((run, goes_on)) => Ok(Begun { run, goes_on, lock }),
            Err(error) => {
                lock.release().await;
                Err(error.into())
            }
        }
    }

    async fn prepare(&self, options: Options, actor: &str) -> anyhow::Result<(Run, bool)> {
        let (pool, vault) = (&self.reader.pool, &self.reader.vault);
        let now = self.reader.clock.now();
        let mut connection = pool.acquire().await?;
        // Whoever left one as if it were at work does not hold the lock: it is gone.
        upkeep::stop_orphans(&mut connection, now).await?;
        let last = store::newest(&mut connection, i64::MAX, 1).await?.pop();
        let stopped = last.filter(|run| {
            run.state == State::Stopped
                && run.options == options
                && now - run.started_at < GOES_ON_WITHIN
        });
        let goes_on = stopped.is_some();
        let run = if let Some(mut run) = stopped {
            run.page = store::page(&mut connection, vault, &run.id).await?;
            (run.state, run.ending, run.ended_at) = (State::Running, None, None);
            store::save(&mut connection, vault, &run).await?;
            run
        } else {
            let run = new(&mut connection, Run::new(actor, options, now)).await?;
            store::insert(&mut connection, &run).await?;
            run
        };
        upkeep::abandon(&mut connection, &run.id).await?;
        upkeep::sweep(&mut connection).await?;
        drop(connection);
        seen::forget(pool).await?;
        Ok((run, goes_on))
    }

    async fn at_work(&self) -> Result<Option<String>, anyhow::Error> {
        let mut connection = self.reader.pool.acquire().await?;
        let newest = store::newest(&mut connection, i64::MAX, 1).await?.pop();
        Ok(newest.filter(|run| run.state == State::Running).map(|run| run.id))
    }
}

/// With what is known before the first call.
async fn new(connection: &mut PgConnection, mut run: Run) -> anyhow::Result<Run> {
    run.position = standing(connection).await?.position;
    (run.tokens, run.deleted) = store::size(connection).await?;
    let tokens = u64::try_from(run.tokens).unwrap_or_default();
    let believed = run.options.accept.map_or_else(|| absences_allowed(tokens), u64::from);
    run.absences_allowed = i64::try_from(believed).unwrap_or(i64::MAX);
    let before = fuse::recorded(connection, run.started_at).await?;
    run.absences_before = i64::try_from(before).unwrap_or(i64::MAX);
    Ok(run)
}

fn failed(error: sqlx::Error) -> CannotBegin {
    CannotBegin::Database(error.into())
}
