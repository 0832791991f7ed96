//! How long it takes to compare a ledger with Smartpay, how many calls, how much memory.
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

mod account;
#[expect(dead_code, reason = "nothing is loaded here")]
#[path = "../shared/mod.rs"]
mod shared;

use std::fs;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use serde_json::Value;
use serde_json::json;
use tokenledger::reconcile::Options as Told;
use tokenledger::reconcile::Run;
use tokenledger::reconcile::Watching;
use tokio::sync::watch;

use crate::account::Account;

/// No run may take longer.
const GOAL: Duration = Duration::from_secs(30);
/// Of Smartpay's list.
const PAGE: u64 = 100;

/// Compares three times: when the ledger knows none of the listed tokens, when both agree, and when
/// one token in fifty was changed elsewhere.
#[derive(Debug, Parser)]
struct Options {
    /// How many tokens Smartpay lists.
    #[arg(long, default_value_t = 10_000)]
    tokens: u64,
    /// How many more are pending, which Smartpay does not list.
    #[arg(long, default_value_t = 200)]
    pending: u64,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

struct Measured {
    what: &'static str,
    run: Run,
    took: Duration,
    /// Calls that are needed: pages, and those that the list cannot show.
    calls_max: u64,
    memory_kib: u64,
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(all(&Options::parse()))
}

async fn all(options: &Options) -> anyhow::Result<()> {
    let load_before = shared::machine::load_average();
    let account = Account::open(options.tokens, options.pending).await?;
    let needed = options.tokens.div_ceil(PAGE) + options.pending;
    let mut measured = vec![compare(&account, "all are new", needed).await?];
    measured.push(compare(&account, "both agree", needed).await?);
    account.changes_one_in(50).await?;
    measured.push(compare(&account, "one in fifty differs", needed).await?);
    for one in &measured {
        println!("{}", line(one));
    }
    let slowest = measured.iter().map(|one| one.took).max().unwrap_or_default();
    let (slowest, goal) = (slowest.as_millis(), GOAL.as_millis());
    println!("{:>6}  slowest: {slowest} ms < {goal} ms", word(slowest < goal));
    let within = measured.iter().all(|one| calls(&one.run) <= one.calls_max);
    println!("{:>6}  no more calls than needed", word(within));
    let runs: Vec<Value> = measured.iter().map(document).collect();
    let machine = shared::machine::describe(&account.server.version());
    println!(
        "load average before: {load_before}\n\n{}",
        json!({ "bench": "reconcile", "machine": machine, "tokens": options.tokens, "runs": runs })
    );
    account.close().await
}

async fn compare(
    account: &Account,
    what: &'static str,
    calls_max: u64,
) -> anyhow::Result<Measured> {
    let told = Told { settle: Duration::ZERO, ..Told::default() };
    let started = Instant::now();
    let begun = account.reconciler.begin(told, "bench").await?;
    let (_stop, stopped) = watch::channel(false);
    let moved = watch::channel(begun.run.clone()).0;
    let run = account.reconciler.work(begun, Watching { stopped, moved }).await?;
    let took = started.elapsed();
    anyhow::ensure!(run.ending.is_none(), "the run ended otherwise: {:?}", run.ending);
    Ok(Measured { what, run, took, calls_max, memory_kib: memory_kib()? })
}

fn line(one: &Measured) -> String {
    let counts = &one.run.counts;
    format!(
        "{:<22} {:>7} ms  {:>6} listed  {:>6} matched  {:>6} different  {:>5} calls of {}  {} MiB",
        one.what,
        one.took.as_millis(),
        counts.listed,
        counts.matched,
        counts.different,
        counts.calls,
        one.calls_max,
        one.memory_kib / 1024,
    )
}

fn document(one: &Measured) -> Value {
    let counts = &one.run.counts;
    json!({
        "what": one.what,
        "ms": u64::try_from(one.took.as_millis()).unwrap_or(u64::MAX),
        "listed": counts.listed,
        "different": counts.different,
        "recorded": counts.recorded,
        "calls": counts.calls,
        "calls_max": one.calls_max,
        "memory_kib": one.memory_kib,
    })
}

fn calls(run: &Run) -> u64 {
    run.counts.calls.unsigned_abs()
}

fn word(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// The most that this process held so far: the run, the ledger's writer and the pretend Smartpay.
fn memory_kib() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("this needs Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.context("no VmHWM")?.parse().context("VmHWM is no number")
}
