//! Webhooks per second: this service, the stock path, and the floor, side by side.
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

mod deliveries;
mod door;
mod floor;
mod insert;
mod options;
mod ours;
mod run;
mod stock;
#[path = "../shared/mod.rs"]
mod shared;

use clap::Parser;

use crate::options::Options;
use crate::options::Variant;

/// The allotment of threads is the services' as it would be without the benchmark; the load has
/// one thread, so that it takes no more of the machine than it must.
fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let Some(variant) = options.serve else {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        return runtime.block_on(run::all(&options));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match variant {
            Variant::Stock => stock::serve(options.place()?).await,
            Variant::Floor => floor::serve(options.place()?).await,
        }
    })
}
