//! Connections for the reads that services wait for.
//!
//! The pool asks the server about every connection that it takes back: a second question after each
//! answer, and a quarter of the cost of a small read. So these connections are not given back after
//! each use, but after many; who finds none free waits in turn.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::database::ACQUIRE_TIMEOUT;
use crate::database::Primary;

/// Fewer than the pool has, so that others find some too.
const READERS_MAX: usize = 12;
/// After so many reads the pool looks at a connection again: at its age, and whether it lives.
const READS_MAX: u32 = 250;
/// Longer than any statement may run.
const ANSWER_DEADLINE: Duration = Duration::from_secs(6);

#[derive(Clone, Debug)]
pub struct Readers {
    pool: PgPool,
    database: Primary,
    kept: Arc<Mutex<Vec<Kept>>>,
    /// First come, first served.
    turns: Arc<Semaphore>,
}

/// A connection that was taken. Given back when it answered; dropped, it is cut: the pool would ask
/// the server about it, which may never answer again.
#[derive(Debug)]
struct Reader {
    /// Until it is given back.
    kept: Option<Kept>,
    /// Ends with it.
    _turn: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct Kept {
    connection: PoolConnection<Postgres>,
    reads: u32,
    /// The primary's, when it was taken.
    epoch: u64,
}

impl Readers {
    pub fn new(pool: PgPool, database: Primary) -> Self {
        let turns = Arc::new(Semaphore::new(READERS_MAX));
        Self { pool, database, kept: Arc::default(), turns }
    }

    /// The answer to a question, in time and from the primary.
    pub async fn answer<T>(
        &self,
        question: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let mut reader = self.take().await?;
        let answer = self.within(question(reader.connection())).await;
        if answer.is_ok() {
            self.give_back(reader);
        }
        answer
    }

    async fn take(&self) -> Result<Reader, sqlx::Error> {
        let waiting = timeout(ACQUIRE_TIMEOUT, Arc::clone(&self.turns).acquire_owned());
        let turn = waiting.await.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
        let epoch = self.database.epoch();
        loop {
            let Some(kept) = self.kept().pop() else { break };
            if kept.epoch == epoch {
                return Ok(Reader { kept: Some(kept), _turn: turn });
            }
            // It leads to a server that is the primary no longer, and may not even hear a farewell.
            drop(kept.connection.detach());
        }
        let kept = Kept { connection: self.pool.acquire().await?, reads: 0, epoch };
        Ok(Reader { kept: Some(kept), _turn: turn })
    }

    /// An answer in time, from the primary: a server that fell silent is not waited for.
    async fn within<T>(
        &self,
        question: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let epoch = self.database.epoch();
        tokio::select! {
            answer = timeout(ANSWER_DEADLINE, question) => {
                answer.unwrap_or(Err(sqlx::Error::PoolTimedOut))
            }
            () = self.database.left(epoch) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// For one whose last question was answered to its end.
    fn give_back(&self, mut reader: Reader) {
        let Some(mut kept) = reader.kept.take() else { return };
        kept.reads += 1;
        if kept.reads < READS_MAX && !self.pool.is_closed() {
            self.kept().push(kept);
        }
        // Only now its turn ends: who is next finds it.
        drop(reader);
    }

    /// Gives all to the pool: it cannot close before.
    pub fn release(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        // Nothing is half done in it when a thread panics.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    fn connection(&mut self) -> &mut PgConnection {
        &mut self.kept.as_mut().expect("it is given back by value").connection
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(kept) = self.kept.take() {
            drop(kept.connection.detach());
        }
    }
}
