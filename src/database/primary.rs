//! The primary: the one server, of those that were named, on which the ledger is written and read.
//!
//! Where a URL names one host there is nothing to find and nothing to watch. Among several, a
//! [`Watch`] keeps finding out which one it is, and every new connection is asked whether it leads
//! there: so nothing reaches a server that only was the primary once.

use std::future::pending;
use std::io;

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::database::Found;
use crate::database::Hosts;
use crate::database::NoPrimary;
use crate::database::Watch;
use crate::database::Writable;
use crate::database::address;
use crate::database::choose;
use crate::database::describe;
use crate::database::look::look;
use crate::database::look_around;
use crate::database::pool_options;

/// The hosts do not say which of them is the primary.
#[derive(Debug, Error)]
#[error("{why} ({seen})")]
pub struct NotFound {
    why: NoPrimary,
    seen: String,
}

/// A connection was made to a server that is not the primary, or is so no longer.
#[derive(Debug, Error)]
#[error("{address} is not the primary now")]
struct Elsewhere {
    address: String,
}

/// Clones follow the same watch.
#[derive(Clone, Debug)]
pub struct Primary {
    current: watch::Receiver<Current>,
}

/// Where the primary is.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    pub options: PgConnectOptions,
    /// Its index among the hosts and what it is; none where only one was named.
    pub known: Option<(usize, Writable)>,
    /// Counts the moves.
    pub epoch: u64,
    /// When it moved here.
    pub since: Instant,
}

impl From<PgConnectOptions> for Primary {
    fn from(options: PgConnectOptions) -> Self {
        Self { current: watch::channel(Current::only(options)).1 }
    }
}

impl Primary {
    /// The primary among the hosts, and what follows it from host to host.
    pub async fn find(hosts: Hosts) -> Result<(Self, Watch), NotFound> {
        let current = Current::find(&hosts).await?;
        let (sender, current) = watch::channel(current);
        Ok((Self { current }, Watch::new(hosts, sender)))
    }

    /// How it is reached now.
    pub fn options(&self) -> PgConnectOptions {
        self.current.borrow().options.clone()
    }

    /// Grows when the primary moves: a connection of an earlier epoch leads to another server.
    pub fn epoch(&self) -> u64 {
        self.current.borrow().epoch
    }

    /// Resolves when the primary is no longer where it was in that epoch: whoever waits for a server
    /// that hangs need not wait longer. With one host, never.
    pub async fn left(&self, epoch: u64) {
        let mut current = self.current.clone();
        if current.wait_for(|current| current.epoch != epoch).await.is_err() {
            pending::<()>().await;
        }
    }

    /// A new connection, which leads to the primary.
    pub async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let current = self.current.borrow().clone();
        let mut connection = PgConnection::connect_with(&current.options).await?;
        current.check(&mut connection).await?;
        Ok(connection)
    }

    /// A pool for reads that leaves its connections behind when the primary moves. Its watch tells
    /// it where new ones go.
    pub fn pool(&self) -> PgPool {
        let current = self.current.borrow().clone();
        if current.known.is_none() {
            return pool_options().connect_lazy_with(current.options);
        }
        let (made, used) = (self.current.clone(), self.current.clone());
        let released = self.current.clone();
        pool_options()
            .after_connect(move |connection, _| {
                let current = made.borrow().clone();
                Box::pin(async move { current.check(connection).await })
            })
            .before_acquire(move |_, connection| {
                let since = used.borrow().since;
                Box::pin(async move { Ok(connection.age < since.elapsed()) })
            })
            // Before the pool asks the server whether it lives: one that was left may never answer.
            .after_release(move |_, connection| {
                let since = released.borrow().since;
                Box::pin(async move { Ok(connection.age < since.elapsed()) })
            })
            .connect_lazy_with(current.options)
    }
}

impl Current {
    fn only(options: PgConnectOptions) -> Self {
        Self { options, known: None, epoch: 0, since: Instant::now() }
    }

    async fn find(hosts: &Hosts) -> Result<Self, NotFound> {
        if !hosts.are_several() {
            return Ok(Self::only(hosts.first().clone()));
        }
        let found = look_around(hosts).await;
        let seen: Vec<Option<Writable>> = found.iter().map(Found::writable).collect();
        let chosen =
            choose(None, &seen).map_err(|why| NotFound { why, seen: describe(hosts, &found) })?;
        let options = hosts.get(chosen.0).expect("the choice is one of the hosts").clone();
        Ok(Self { known: Some(chosen), ..Self::only(options) })
    }

    /// Refuses a connection to a server that is not, or is no longer, what was found there.
    async fn check(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Some((_, known)) = &self.known else { return Ok(()) };
        let seen = look(connection).await?;
        if seen.is_some_and(|seen| seen.is_on_line_of(known)) {
            return Ok(());
        }
        let address = address(&self.options);
        Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, Elsewhere { address })))
    }
}
