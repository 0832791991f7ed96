//! `replay`: folds all events again and compares with the projection.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use tokenledger::audit::Comparison;
use tokenledger::audit::Snapshot;
use tokenledger::audit::compare_tokens;

use crate::cli::database;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::output::Printer;
use crate::cli::output::lines;
use crate::cli::output::printable;
use crate::cli::output::tabbed;
use crate::cli::settings::Settings;

/// The projections there are.
const TOKENS: &str = "tokens";

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger replay tokens --compare-only       changes nothing; exit code 3 when they differ
")]
pub(crate) struct ReplayOptions {
    /// Which projections [default: all, which is tokens]
    #[arg(value_name = "PROJECTION")]
    pub projections: Vec<String>,
    /// Compare, and change nothing
    #[arg(long)]
    pub compare_only: bool,
}

pub(crate) async fn run(
    options: &ReplayOptions,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    if let Some(other) = options.projections.iter().find(|name| *name != TOKENS) {
        return Err(Exit::usage(format!(
            "there is no projection {other:?}: the only one is {TOKENS}"
        )));
    }
    if !options.compare_only {
        return Err(Exit::usage(
            "a replay that swaps the projection is not offered yet: add --compare-only, which \
             changes nothing",
        ));
    }
    database::open(settings).await?.close().await;
    let mut snapshot = Snapshot::open(&database::options(settings).await?, None).await?;
    let comparison = compare_tokens(&mut snapshot).await?;
    snapshot.close().await?;
    if printer.quiet {
        let refs = comparison.differing.iter().map(|differing| differing.reference.clone());
        lines(refs)?;
    } else {
        match printer.format {
            Format::Table => show(&comparison, printer)?,
            Format::Plain => lines(
                comparison
                    .differing
                    .iter()
                    .map(|d| tabbed(&[d.reference.clone(), d.expected.clone(), d.found.clone()])),
            )?,
            Format::Json | Format::Jsonl => printer.json(&document(&comparison))?,
        }
    }
    if comparison.is_equal() { Ok(()) } else { Err(Exit::Found) }
}

fn show(comparison: &Comparison, printer: &Printer) -> Result<(), Exit> {
    let Comparison { events, equal, changed, missing, extra, .. } = comparison;
    let mut text = vec![
        format!("{TOKENS}: {events} events folded, up to position {}", comparison.last_position),
        format!("compare: {equal} equal · {changed} changed · {missing} missing · {extra} extra"),
        format!("fold    sha256 {}", hex::encode(comparison.digest_folded)),
        format!("stored  sha256 {}", hex::encode(comparison.digest_stored)),
    ];
    text.extend(comparison.differing.iter().map(|differing| {
        let (reference, expected, found) =
            (&differing.reference, &differing.expected, &differing.found);
        printable(&format!("{reference}: expected {expected}; found {found}"))
    }));
    lines(text.into_iter())?;
    if let Some(first) = comparison.differing.first() {
        printer
            .say("the projection is not the fold of the events: read docs/verify.md, projections");
        printer.hint(&format!("tokenledger token show {}", first.reference));
    }
    Ok(())
}

fn document(comparison: &Comparison) -> Value {
    let differing: Vec<Value> = comparison
        .differing
        .iter()
        .map(|d| json!({ "ref": d.reference, "expected": d.expected, "found": d.found }))
        .collect();
    json!({
        "projection": TOKENS,
        "result": if comparison.is_equal() { "equal" } else { "different" },
        "events": comparison.events,
        "equal": comparison.equal,
        "changed": comparison.changed,
        "missing": comparison.missing,
        "extra": comparison.extra,
        "digest_folded": hex::encode(comparison.digest_folded),
        "digest_stored": hex::encode(comparison.digest_stored),
        "differing": differing,
        "as_of": comparison.last_position,
    })
}
