//! Connections for the reads that services wait for.
//!
//! The pool asks the server about every connection that it takes back: a second question after each
//! answer, and a quarter of the cost of a small read. So a few connections are not given back after
//! each use, but after many.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

use crate::database::Primary;

/// Fewer than the pool has, so that other readers find some too.
const KEPT_MAX: usize = 8;
/// After so many reads the pool looks at a connection again: at its age, and whether it lives.
const READS_MAX: u32 = 250;

#[derive(Clone, Debug)]
pub struct Readers {
    pool: PgPool,
    database: Primary,
    kept: Arc<Mutex<Vec<Reader>>>,
}

/// A connection that was taken. Given back by [`Readers::give_back`] when it answered; dropped, it
/// goes to the pool, which looks what became of it.
#[derive(Debug)]
pub struct Reader {
    connection: PoolConnection<Postgres>,
    reads: u32,
    /// The primary's, when it was taken.
    epoch: u64,
}

impl Readers {
    pub fn new(pool: PgPool, database: Primary) -> Self {
        Self { pool, database, kept: Arc::default() }
    }

    pub async fn take(&self) -> Result<Reader, sqlx::Error> {
        let epoch = self.database.epoch();
        loop {
            let Some(reader) = self.kept().pop() else { break };
            if reader.epoch == epoch {
                return Ok(reader);
            }
            // It leads to a server that is the primary no longer, and may not even hear a farewell.
            drop(reader.connection.detach());
        }
        Ok(Reader { connection: self.pool.acquire().await?, reads: 0, epoch })
    }

    /// For one whose last question was answered to its end.
    pub fn give_back(&self, mut reader: Reader) {
        reader.reads += 1;
        let mut kept = self.kept();
        if reader.reads < READS_MAX && kept.len() < KEPT_MAX && !self.pool.is_closed() {
            kept.push(reader);
        }
    }

    /// Gives all to the pool: it cannot close before.
    pub fn release(&self) {
        self.kept().clear();
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        // Nothing is half done in it when a thread panics.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
