//! `verify`: recomputes everything that the ledger holds, a line per check.

use std::time::Duration;
use std::time::Instant;

use clap::Args;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use serde_json::Value;
use serde_json::json;

use tokenledger::audit::Check;
use tokenledger::audit::Finding;
use tokenledger::audit::Report;
use tokenledger::audit::Snapshot;

use crate::cli::database;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::output::Printer;
use crate::cli::output::Tone;
use crate::cli::output::lines;
use crate::cli::output::printable;
use crate::cli::output::tabbed;
use crate::cli::settings::Settings;

/// Columns of a check's name.
const NAME_WIDTH: usize = 12;
/// Columns of what was looked at.
const WORDS_WIDTH: usize = 60;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger verify                             every check, in one snapshot
  tokenledger verify --only leaves --from 31000  one check, from this position on
")]
pub(crate) struct VerifyOptions {
    /// Only these checks
    #[arg(long, value_name = "CHECK", num_args = 1.., value_delimiter = ',', value_parser = check())]
    pub only: Vec<Check>,
    /// Begin at this position; checks that do not go by position are made whole
    #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(1..))]
    pub from: Option<i64>,
}

pub(crate) async fn run(
    options: &VerifyOptions,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let master_key = settings.master_key()?;
    // Makes sure that the schema is the one whose rows will be read.
    database::open(settings).await?.close().await;
    let snapshot = Snapshot::open(&database::options(settings).await?, Some(master_key)).await?;
    let mut snapshot = snapshot.from(options.from.unwrap_or(1));
    let head = snapshot.head().clone();
    if options.from.is_some_and(|from| from > head.position) {
        return Err(Exit::usage(format!("--from: the last position is {}", head.position)));
    }
    let started = Instant::now();
    let mut documents = Vec::new();
    let mut found = 0;
    for check in Check::ALL {
        if !options.only.is_empty() && !options.only.contains(&check) {
            continue;
        }
        let begun = Instant::now();
        let report = snapshot.check(check).await?;
        found += u64::try_from(report.findings.len()).unwrap_or(u64::MAX) + report.more;
        match printer.format {
            Format::Table if printer.quiet => {}
            Format::Table => show(&report, begun.elapsed(), printer)?,
            Format::Plain => plain(&report)?,
            Format::Json => documents.push(document(&report, begun.elapsed())),
            Format::Jsonl => {
                lines(std::iter::once(document(&report, begun.elapsed()).to_string()))?;
            }
        }
    }
    snapshot.close().await?;
    let result = if found == 0 { "ok" } else { "found" };
    if printer.format == Format::Json {
        let as_of = head.position;
        printer.json(&json!({ "data": documents, "result": result, "as_of": as_of }))?;
    }
    let position = head.position;
    if found == 0 {
        let good = printer.paint("OK", Tone::Good);
        printer.say(&format!("{good}  head at #{position}  ({})", seconds(started.elapsed())));
        return Ok(());
    }
    let bad = printer.paint("FOUND", Tone::Bad);
    printer.say(&format!(
        "{bad}  {found} findings, head at #{position}: keep this database as it is, and read \
         docs/verify.md"
    ));
    Err(Exit::Found)
}

fn show(report: &Report, took: Duration, printer: &Printer) -> Result<(), Exit> {
    let mark = if !report.is_good() {
        printer.paint("✗", Tone::Bad)
    } else if report.warnings.is_empty() {
        printer.paint("✓", Tone::Good)
    } else {
        printer.paint("!", Tone::Odd)
    };
    let (check, words, took) = (report.check, &report.looked_at, seconds(took));
    let mut text = vec![format!("{mark} {check:<NAME_WIDTH$}  {words:<WORDS_WIDTH$}  {took:>6}")];
    text.extend(report.warnings.iter().map(|warning| format!("  {}", printable(warning))));
    for finding in &report.findings {
        let Finding { place, expected, found } = finding;
        text.push(printable(&format!("  {place}: expected {expected}; found {found}")));
    }
    if report.more > 0 {
        text.push(format!("  and {} more", report.more));
    }
    if let Some(first) = report.findings.first() {
        text.push(printable(&format!("  next: {}", next(report.check, first))));
    }
    lines(text.into_iter())
}

/// What to look at first, and where it is written what to do.
fn next(check: Check, first: &Finding) -> String {
    let look = first.place.look().map_or_else(String::new, |look| format!("{look} ; "));
    format!("{look}see docs/verify.md, {check}")
}

fn plain(report: &Report) -> Result<(), Exit> {
    let cells = |finding: Option<&Finding>| {
        let result = if finding.is_some() { "found" } else { "ok" };
        let rest = finding.map_or_else(
            || [report.looked_at.clone(), String::new(), String::new()],
            |f| [f.place.to_string(), f.expected.clone(), f.found.clone()],
        );
        let begin = [report.check.to_string(), result.to_owned()];
        tabbed(&begin.into_iter().chain(rest).collect::<Vec<_>>())
    };
    if report.is_good() {
        return lines(std::iter::once(cells(None)));
    }
    lines(report.findings.iter().map(|finding| cells(Some(finding))))
}

fn document(report: &Report, took: Duration) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "place": finding.place.to_string(),
                "expected": finding.expected,
                "found": finding.found,
                "next": next(report.check, finding),
            })
        })
        .collect();
    json!({
        "check": report.check.as_str(),
        "result": if report.is_good() { "ok" } else { "found" },
        "looked_at": report.looked_at,
        "findings": findings,
        "more": report.more,
        "warnings": report.warnings,
        "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn seconds(took: Duration) -> String {
    format!("{}.{}s", took.as_secs(), took.subsec_millis() / 100)
}

fn check() -> impl TypedValueParser<Value = Check> {
    PossibleValuesParser::new(Check::ALL.map(Check::as_str))
        .map(|word| Check::parse(&word).expect("only the checks are possible values"))
}
