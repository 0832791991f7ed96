//! Deliveries beside a flood of bad signatures: how late they are answered, and what it costs.
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

#[path = "../ingest/deliveries.rs"]
mod deliveries;
mod observed;
mod options;
#[path = "../ingest/ours.rs"]
mod ours;
mod paced;
mod run;
#[expect(dead_code, reason = "the other benchmarks load in another way")]
#[path = "../shared/mod.rs"]
mod shared;

use clap::Parser;

use crate::options::Options;

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run::all(&options))
}
