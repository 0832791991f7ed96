//! A run in words and in tables.

use serde_json::Value;

use tokenledger::reconcile::Difference;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::Run;
use tokenledger::token::Heard;
use tokenledger::token::Status;

use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::reconcile::document;

const COLUMNS: [&str; 8] =
    ["id", "started", "state", "listed", "matched", "different", "recorded", "calls"];

pub(super) fn list(runs: &[Run], printer: &Printer) -> Result<(), Exit> {
    let rows = runs.iter().map(|run| {
        let counts = &run.counts;
        let numbers =
            [counts.listed, counts.matched, counts.different, counts.recorded, counts.calls];
        let named = [run.id.clone(), printer.zoned(run.started_at), state(run)];
        Row {
            id: run.id.clone(),
            cells: named.into_iter().chain(numbers.map(|number| number.to_string())).collect(),
            json: document(run, None),
        }
    });
    printer.listing(&COLUMNS, rows.collect(), &[])
}

pub(super) fn show(run: &Run, found: Option<&[Difference]>, printer: &Printer) -> Result<(), Exit> {
    if printer.quiet {
        return output::lines(std::iter::once(run.id.clone()));
    }
    match printer.format {
        Format::Json | Format::Jsonl => printer.json(&document(run, found)),
        Format::Plain => {
            let found = found.unwrap_or_default().iter().map(|one| output::tabbed(&cells(one)));
            output::lines(std::iter::once(output::tabbed(&counts(run))).chain(found))
        }
        Format::Table => {
            let found = found.unwrap_or_default();
            output::lines(
                heading(run).into_iter().chain(found.iter().map(|one| line(one, printer))),
            )
        }
    }
}

pub(super) fn progress(run: &Run) -> String {
    let counts = &run.counts;
    let read = counts.matched + counts.different - counts.listed;
    let one_by_one =
        if run.listed_all { format!(", {} read one by one", read.max(0)) } else { String::new() };
    format!(
        "{} tokens listed ({} pages){one_by_one}, {} different",
        counts.listed, counts.pages, counts.different
    )
}

pub(super) fn ending(run: &Run, ending: Ending) -> String {
    let explained = ending.explain();
    if ending != Ending::TooManyAbsences {
        return explained.to_owned();
    }
    let (gone, before, allowed) = (run.counts.absent, run.absences_before, run.absences_allowed);
    format!(
        "{explained}: {gone} by this run and {before} earlier within 24 hours, {allowed} are \
         believed; look at some of them at Smartpay, then run it with --accept {}",
        gone + before
    )
}

fn heading(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let left = run.tokens - run.deleted;
    let mut lines = vec![
        format!(
            "Smartpay {} tokens ({} pages) · ledger {} tokens, of which {} deleted · {} calls",
            counts.listed, counts.pages, run.tokens, run.deleted, counts.calls
        ),
        format!(
            "matched {}   different {}   only at Smartpay {}   gone {}   report {}",
            counts.matched, counts.different, counts.only_at_smartpay, counts.absent, run.id
        ),
    ];
    let more = [
        (counts.in_flight, "left for their webhooks"),
        (counts.unattributed, "unattributed"),
        (counts.unreadable, "unreadable"),
    ];
    let more = more.into_iter().filter(|(count, _)| *count > 0);
    let recorded =
        (counts.recorded, if run.options.dry_run { "recorded (dry run)" } else { "recorded" });
    let told: Vec<String> = std::iter::once(recorded)
        .chain(more)
        .map(|(count, what)| format!("{what} {count}"))
        .collect();
    lines.push(format!("{}   {}", told.join("   "), state(run)));
    if left == 0 && counts.listed == 0 {
        lines.push("the ledger holds no token that could be compared".to_owned());
    }
    lines
}

fn line(one: &Difference, printer: &Printer) -> String {
    let ledger = one.ledger.map_or("unknown", Status::as_str);
    let at = |time| printer.part(time, "%m-%d %H:%M");
    let since = one.ledger_since.map_or(String::new(), |time| format!(" ({})", at(time)));
    let when = one.smartpay_at.map_or(String::new(), |time| format!(" ({})", at(time)));
    let smartpay = match one.smartpay {
        Heard::Absent => "gone",
        Heard::Said(said) => said.as_str(),
    };
    format!(
        "  {}  ledger {ledger}{since}  Smartpay {smartpay}{when}  {}  likely: {}",
        one.reference,
        one.done.as_str(),
        one.likely.explain()
    )
}

fn cells(one: &Difference) -> Vec<String> {
    let time = |time: Option<_>| time.map_or_else(|| "–".to_owned(), stamp);
    vec![
        one.reference.to_string(),
        one.ledger.map_or("unknown", Status::as_str).to_owned(),
        time(one.ledger_since),
        one.smartpay.to_string(),
        time(one.smartpay_at),
        one.done.as_str().to_owned(),
        one.likely.as_str().to_owned(),
    ]
}

fn counts(run: &Run) -> Vec<String> {
    let counts = &run.counts;
    let numbers = [counts.listed, counts.matched, counts.different, counts.recorded];
    let named = [run.id.clone(), state(run)];
    named.into_iter().chain(numbers.map(|number| number.to_string())).collect()
}

fn state(run: &Run) -> String {
    match run.ending {
        Some(ending) => format!("{} ({ending})", run.state.as_str()),
        None => run.state.as_str().to_owned(),
    }
}

fn document(run: &Run, found: Option<&[Difference]>) -> Value {
    let mut document = document::of_run(run);
    if let (Some(members), Some(found)) = (document.as_object_mut(), found) {
        let found = found.iter().map(document::of_difference);
        members.insert("differences".to_owned(), found.collect());
    }
    document
}
