//! What may be chosen, and how the benchmark calls itself for a service of its own.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use clap::ValueEnum;

/// Webhooks per second, p50, p99 and memory of this service (ours), of axum with
/// `postgres_es::postgres_cqrs` (stock), and of axum with a writer that only inserts (floor).
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How long each variant is measured in each round.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How often the variants take turns.
    #[arg(long, default_value_t = 2)]
    pub(crate) rounds: u32,
    /// How many connections at once; several, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 32, 256])]
    pub(crate) connections: Vec<usize>,
    /// Only these of ours, stock and floor.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    #[arg(long, hide = true)]
    pub(crate) serve: Option<Variant>,
    /// Another build of the service, to compare with this one.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tokenledger"))]
    pub(crate) binary: PathBuf,
    #[arg(long, hide = true)]
    pub(crate) database_url: Option<String>,
    #[arg(long, hide = true)]
    pub(crate) listen: Option<SocketAddr>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

/// The services that live in this binary.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Variant {
    Stock,
    Floor,
}

/// Where such a service finds its database and listens.
pub(crate) struct Place {
    pub(crate) database_url: String,
    pub(crate) listen: SocketAddr,
}

impl Options {
    pub(crate) fn place(self) -> anyhow::Result<Place> {
        Ok(Place {
            database_url: self.database_url.context("--database-url is missing")?,
            listen: self.listen.context("--listen is missing")?,
        })
    }
}
