//! Answers per second at a million tokens, beside a bare primary-key select over HTTP.
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

mod bare;
mod options;
mod questions;
mod run;
mod seed;
#[path = "../shared/mod.rs"]
mod shared;

use clap::Parser;

use crate::options::Options;

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let (Some(url), Some(listen)) = (&options.database_url, options.listen) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(bare::serve(url, listen));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run::all(&options))
}
