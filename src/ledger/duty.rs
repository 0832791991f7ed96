//! The duty lease: of all processes on one ledger, one does what must be done only once at a time.

use std::time::Duration;

use anyhow::Context;
use sha2::Digest;
use sha2::Sha256;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::database::Primary;

/// How often the lock is tried, or its connection tried out once it is held.
const PAUSE: Duration = Duration::from_secs(1);
/// A connection that takes longer is given up, and the lease with it.
const ANSWER_DEADLINE: Duration = Duration::from_secs(2);

/// An advisory lock on a connection of its own.
///
/// It spares double work and is no fence: PostgreSQL gives the lock to another as soon as the
/// connection is lost, which the former holder notices only a moment later. What is done on duty
/// must bear being done twice.
#[derive(Clone, Debug)]
pub struct Duty {
    held: watch::Receiver<bool>,
}

impl Duty {
    /// Starts trying for the lease of this ledger, until the task is aborted, which gives it up.
    pub fn start(database: impl Into<Primary>, ledger: &str) -> (Self, JoinHandle<()>) {
        let (sender, held) = watch::channel(false);
        let candidate = Candidate { database: database.into(), key: key(ledger), held: sender };
        (Self { held }, tokio::spawn(candidate.run()))
    }

    /// Whether this process holds it, as it changes.
    pub fn held(&self) -> watch::Receiver<bool> {
        self.held.clone()
    }
}

struct Candidate {
    database: Primary,
    key: i64,
    held: watch::Sender<bool>,
}

impl Candidate {
    async fn run(self) {
        self.is(false);
        loop {
            // Only a failure ends it: then the connection is closed, and the lock with it.
            if let Err(error) = self.serve().await {
                tracing::warn!(error = format!("{error:#}"), "the duty lease cannot be asked for");
            }
            self.is(false);
            sleep(PAUSE).await;
        }
    }

    /// On one connection, for as long as it is sound.
    async fn serve(&self) -> anyhow::Result<()> {
        let epoch = self.database.epoch();
        let connecting = timeout(ANSWER_DEADLINE, self.database.connect());
        let mut connection = connecting.await.context("connecting took too long")??;
        while self.database.epoch() == epoch {
            let asking = async {
                if *self.held.borrow() {
                    connection.ping().await.map(|()| true)
                } else {
                    try_lock(&mut connection, self.key).await
                }
            };
            let held = timeout(ANSWER_DEADLINE, asking).await.context("no answer in time")??;
            self.is(held);
            sleep(PAUSE).await;
        }
        anyhow::bail!("the primary moved, and the lock with the server it was on")
    }

    fn is(&self, held: bool) {
        if self.held.send_replace(held) != held {
            tracing::info!(held, "the duty lease");
        }
        metrics::gauge!("tokenledger_duty").set(i32::from(held));
    }
}

/// Locks are per database, and a database may hold several ledgers.
fn key(ledger: &str) -> i64 {
    let digest = Sha256::digest(format!("tokenledger/duty/1/{ledger}"));
    let bytes = digest.first_chunk().expect("a SHA-256 has more than eight bytes");
    i64::from_be_bytes(*bytes)
}

async fn try_lock(connection: &mut PgConnection, key: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "taken!""#, key)
        .fetch_one(connection)
        .await
}
