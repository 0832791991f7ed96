//! How long `dev` takes to live its demo: from nothing until it says `ready`.
#![expect(clippy::print_stdout, reason = "a benchmark's output is its purpose")]

#[expect(dead_code, reason = "nothing is loaded here")]
#[path = "../shared/mod.rs"]
mod shared;

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use serde_json::json;

/// No more than so long may the default demo take.
const GOAL: Duration = Duration::from_secs(30);

/// Starts `dev` on fresh directories, without a demo and with one, in turn.
#[derive(Debug, Parser)]
struct Options {
    #[arg(long, default_value_t = 500)]
    tokens: u32,
    #[arg(long, default_value_t = 180)]
    days: u32,
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Another build, to compare with this one.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_tokenledger"))]
    binary: PathBuf,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let directory = shared::directory("demo");
    let (tokens, days) = (options.tokens.to_string(), options.days.to_string());
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let empty = start(&options.binary, &directory, &["--empty"])?;
        let whole = start(&options.binary, &directory, &["--tokens", &tokens, "--days", &days])?;
        let demo = whole.saturating_sub(empty);
        let load = shared::machine::load_average();
        println!(
            "round {round}: {tokens} tokens over {days} days in {} ms ({} ms until ready, {} ms \
             without a demo), load {load}",
            demo.as_millis(),
            whole.as_millis(),
            empty.as_millis(),
        );
        rounds.push((demo, whole));
    }
    let slowest = rounds.iter().map(|(_, whole)| *whole).max().unwrap_or_default();
    let word = if slowest < GOAL { "met" } else { "MISSED" };
    println!(
        "{word:>6}  slowest until ready: {} ms < {} ms",
        slowest.as_millis(),
        GOAL.as_millis()
    );
    let ms = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let rounds: Vec<_> = rounds
        .iter()
        .map(|(demo, whole)| json!({ "demo_ms": ms(demo), "ready_ms": ms(whole) }))
        .collect();
    println!("{}", json!({ "tokens": options.tokens, "days": options.days, "rounds": rounds }));
    Ok(())
}

/// How long until it is ready; then it is stopped, and all it left is removed.
fn start(binary: &Path, directory: &Path, arguments: &[&str]) -> anyhow::Result<Duration> {
    remove(directory).context("removing what an earlier run left")?;
    fs::create_dir_all(directory).context("making the benchmark's directory")?;
    let began = Instant::now();
    let mut dev = Command::new(binary)
        .arg("--data")
        .arg(directory)
        .args(["dev", "--port", "0"])
        .args(arguments)
        .env("TOKENLEDGER_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .context("starting dev")?;
    let mut line = String::new();
    let out = dev.stdout.take().context("its output is piped")?;
    BufReader::new(out).read_line(&mut line).context("reading what it says")?;
    let took = began.elapsed();
    let stopped = Command::new("kill").arg(dev.id().to_string()).status()?;
    let ended = dev.wait().context("waiting for its end")?;
    anyhow::ensure!(line.starts_with("ready "), "dev is not ready");
    anyhow::ensure!(stopped.success() && ended.success(), "dev did not end in order");
    remove(directory).context("removing its data")?;
    Ok(took)
}

/// The directory, and its cluster where that lies elsewhere.
fn remove(directory: &Path) -> anyhow::Result<()> {
    if let Ok(elsewhere) = fs::read_to_string(directory.join("location")) {
        let cluster = Path::new(elsewhere.trim_end());
        fs::remove_dir_all(cluster)?;
        fs::remove_file(cluster.with_added_extension("lock"))?;
    }
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(())
}
