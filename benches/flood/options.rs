//! What may be chosen.

use std::path::PathBuf;

use clap::Parser;

/// p50 and p99 of valid deliveries at a steady rate, quiet and beside deliveries with a bad
/// signature, in turn; with the database's commits and connections and the bytes of the log.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// How long each phase lasts.
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// How often quiet and flood take turns.
    #[arg(long, default_value_t = 2)]
    pub(crate) rounds: u64,
    /// Valid deliveries per second.
    #[arg(long, default_value_t = 200)]
    pub(crate) valid: u64,
    /// Bad signatures per second.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) bad: u64,
    /// Another build of the service, to compare with this one.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tokenledger"))]
    pub(crate) binary: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
