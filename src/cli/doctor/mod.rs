//! `doctor`: one look at everything there is, a line per check.

/// What is looked at.
mod look;
/// What comes in.
mod arrivals;
/// What was asked of Smartpay.
mod commands;
/// With Smartpay.
mod compared;
/// The ledger itself.
mod judge;
/// The servers it may be on.
mod hosts;
/// A line of the answer.
mod line;

use clap::Args;
use clap::ValueEnum;
use serde_json::Value;
use serde_json::json;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use tokenledger::clock::Clock;
use tokenledger::ledger::refusals;

use crate::cli::database;
use crate::cli::doctor::line::Line;
use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::output::Tone;
use crate::cli::output::lines;
use crate::cli::output::printable;
use crate::cli::output::tabbed;
use crate::cli::settings::Settings;

/// Columns of a check's name.
const NAME_WIDTH: usize = 9;

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger doctor                  exit code 1 when something is wrong
  tokenledger doctor --strict         exit code 3 when there are warnings
  tokenledger doctor --why refused    the refused requests behind a warning
")]
pub(crate) struct DoctorOptions {
    /// Exit code 3 also when there are warnings only
    #[arg(long)]
    pub strict: bool,
    /// List what is behind one warning
    #[arg(long, value_name = "WARNING", value_enum)]
    pub why: Option<Why>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Why {
    /// Requests refused in the last 24 hours, by endpoint and cause
    Refused,
}

pub(crate) async fn run(
    options: &DoctorOptions,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut connection = database::connect(&database::options(settings).await?).await?;
    match options.why {
        Some(Why::Refused) => why_refused(&mut connection, printer).await?,
        None => {
            let found = look::look(&mut connection, settings, printer).await?;
            show(&found, printer)?;
            return outcome(&found, options, printer);
        }
    }
    connection.close().await.map_err(Exit::from)
}

async fn why_refused(connection: &mut PgConnection, printer: &Printer) -> Result<(), Exit> {
    let then = arrivals::refused_since(Clock::system().now());
    let refused = refusals::since(connection, then).await?;
    let rows = refused.iter().map(|refused| Row {
        id: format!("{}/{}", refused.endpoint, refused.cause),
        cells: vec![
            refused.endpoint.clone(),
            refused.cause.clone(),
            refused.count.to_string(),
            printer.zoned(refused.last),
        ],
        json: json!({
            "endpoint": refused.endpoint,
            "cause": refused.cause,
            "count": refused.count,
            "last": stamp(refused.last),
        }),
    });
    printer.listing(&["endpoint", "cause", "count", "last minute"], rows.collect(), &[])?;
    if refused.is_empty() {
        printer.say("nothing was refused in the last 24 h");
    }
    Ok(())
}

fn show(found: &[Line], printer: &Printer) -> Result<(), Exit> {
    if printer.quiet {
        return lines(found.iter().filter(|l| l.tone != Tone::Good).map(|l| l.check.to_owned()));
    }
    match printer.format {
        Format::Table => lines(found.iter().map(|line| {
            let mark = printer.paint(line.mark(), line.tone);
            printable_after(&mark, &format!("{:<NAME_WIDTH$}  {}", line.check, line.words))
        })),
        Format::Plain => lines(found.iter().map(|line| {
            tabbed(&[line.check.to_owned(), line.result().to_owned(), line.words.clone()])
        })),
        Format::Json => printer.json(&json!({
            "data": found.iter().map(document).collect::<Vec<_>>(),
            "warnings": count(found, Tone::Odd),
            "errors": count(found, Tone::Bad),
        })),
        Format::Jsonl => lines(found.iter().map(|line| document(line).to_string())),
    }
}

/// The mark is ours and may have a colour; the words may come from outside.
fn printable_after(mark: &str, words: &str) -> String {
    format!("{mark} {}", printable(words))
}

fn document(line: &Line) -> Value {
    json!({
        "check": line.check,
        "result": line.result(),
        "words": line.words,
        "facts": line.facts,
    })
}

fn outcome(found: &[Line], options: &DoctorOptions, printer: &Printer) -> Result<(), Exit> {
    let (warnings, errors) = (count(found, Tone::Odd), count(found, Tone::Bad));
    printer.say(&format!("{warnings} warnings, {errors} errors"));
    if errors > 0 {
        return Err(Exit::Failure(anyhow::anyhow!("{errors} checks failed: see above")));
    }
    if options.strict && warnings > 0 { Err(Exit::Found) } else { Ok(()) }
}

fn count(found: &[Line], tone: Tone) -> usize {
    found.iter().filter(|line| line.tone == tone).count()
}
