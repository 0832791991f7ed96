//! What may be chosen, and how the benchmark calls itself for the bare service.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// Answers per second, p50, p99 and memory of this service's reads and checks, and of axum with one
/// primary-key select through sqlx (bare), on the same table.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How many tokens the ledger holds; every consumer has two of them.
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) tokens: u64,
    /// How long each variant is measured in each round.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// How often the variants take turns.
    #[arg(long, default_value_t = 2)]
    pub(crate) rounds: u32,
    /// How many connections read at once.
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: usize,
    /// How many connections at once ask for the verdicts of 200 tokens each.
    #[arg(long, default_value_t = 4)]
    pub(crate) check_connections: usize,
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
