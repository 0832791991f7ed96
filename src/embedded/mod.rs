//! A private PostgreSQL server: started for `dev` and for the tests, reachable by nobody else.
//!
//! - Server binaries are found on the machine, else fetched, pinned and checked.
//! - The server listens on a unix socket only and knows its callers by their system user (`peer`).
//! - PostgreSQL refuses to run as root: root hands the cluster to `postgres`, else `nobody`.
//! - One process at a time holds a cluster; a server whose starter was killed is adopted.
//!
//! Everything here blocks its thread for up to some seconds: from async code, call it through
//! `spawn_blocking`.
//!
//! Deliberately absent: SQL. Roles and databases are made by those who own them, as the superuser
//! `postgres`.

mod account;
mod binaries;
mod cluster;
mod command;
mod download;
mod error;
mod files;
mod pins;
mod place;
mod postmaster;
mod probe;
mod surroundings;

use std::path::PathBuf;

pub use crate::embedded::cluster::Address;
pub use crate::embedded::cluster::Cluster;
pub use crate::embedded::cluster::start;
pub use crate::embedded::error::Error;
pub use crate::embedded::surroundings::Surroundings;

/// The roles that a caller may take: before version 16 a `peer` map must name each of them.
pub const ROLES: [&str; 4] =
    ["postgres", "tokenledger_owner", "tokenledger_service", "tokenledger_reader"];

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory that will hold the cluster, e.g. `.tokenledger/postgres`.
    pub data: PathBuf,
    /// The directory of the server binaries to use; otherwise they are searched for.
    pub binaries: Option<PathBuf>,
    /// Whether missing binaries may be fetched.
    pub download: bool,
    /// False only in tests: then a crash of the machine may lose everything.
    pub durable: bool,
    pub surroundings: Surroundings,
    /// Told, in one line each, what takes long or comes from outside.
    pub say: fn(&str),
}

impl Options {
    /// The defaults of `dev`: durable, fetching what is missing, and silent about it.
    pub fn new(data: PathBuf) -> Options {
        Options {
            data,
            binaries: None,
            download: true,
            durable: true,
            surroundings: Surroundings::from_process(),
            say: |_| (),
        }
    }
}
