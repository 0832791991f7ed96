//! What `token show` draws: heading, lifeline, history.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use tokenledger::journal::Entry;
use tokenledger::token::Basis;
use tokenledger::token::Event;
use tokenledger::token::Status;

use crate::cli::events;
use crate::cli::lifeline;
use crate::cli::lifeline::Change;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::output::Tone;
use crate::cli::token::Shown;
use crate::cli::token::TOKENS_COUNTED_MAX;

/// Recorded later than this after it occurred, an event is called late.
const LATE: TimeDelta = TimeDelta::hours(1);
/// No line is shorter than this, however long the legend.
const LINE_CHARS_MIN: usize = 20;
const SPACE_BEFORE_LEGEND: usize = 3;
const COLUMNS: [&str; 7] = ["#", "occurred", "recorded", "event", "→ state", "cause", "hash"];

/// The whole screen, line by line.
pub(crate) fn screen(
    shown: &Shown,
    now: DateTime<Utc>,
    printer: &Printer,
) -> impl Iterator<Item = String> {
    let mut lines = heading(shown, printer);
    lines.push(String::new());
    lines.extend(drawing(shown, now, printer));
    lines.push(String::new());
    let zone = printer.zone_name(shown.record.occurred_at);
    let occurred = format!("occurred ({zone})");
    let columns =
        COLUMNS.map(|column| if column == "occurred" { occurred.as_str() } else { column });
    let rows = rows(shown, printer);
    lines.extend(output::grid(&columns, rows.iter().map(Vec::as_slice)));
    lines.into_iter()
}

/// The history, newest first, as cells.
pub(crate) fn rows(shown: &Shown, printer: &Printer) -> Vec<Vec<String>> {
    let row = |entry: &Entry| {
        let status = shown.after.get(&entry.sequence).copied().unwrap_or(Status::Unknown);
        vec![
            entry.sequence.to_string(),
            printer.time(entry.occurred_at),
            delay(entry),
            events::name(&entry.event),
            status.to_string(),
            format!("{} {}", entry.cause.kind.as_str(), events::shortened(&entry.cause.id)),
            events::short_hash(entry),
        ]
    };
    shown.entries.iter().rev().map(row).collect()
}

fn heading(shown: &Shown, printer: &Printer) -> Vec<String> {
    let record = &shown.record;
    let status = record.status();
    let since = printer.zoned(record.since);
    let (verdict, tone) = match record.usability().reason() {
        None => (format!("USABLE since {since}"), Tone::Good),
        Some(reason) => (format!("NOT USABLE: {reason} since {since}"), Tone::Bad),
    };
    let late = shown.entries.iter().filter(|entry| is_late(entry)).count();
    let mut facts = vec![consumer(shown)];
    if let Some(session) = &record.session {
        facts.push(format!("session {session}"));
    }
    if let Some(reference) = &record.merchant_reference {
        facts.push(format!("reference {}", output::printable(reference)));
    }
    facts.push(counted(shown.entries.len(), "event") + &if_any(late, "late"));
    if record.anomalies > 0 {
        facts.push(printer.paint(&format!("anomalies {}", record.anomalies), Tone::Odd));
    }
    if let Some(read) = record.provider_checked_at {
        facts.push(format!("read at Smartpay {}", printer.zoned(read)));
    }
    let (first, rest) = (
        format!("{} ({})", record.reference, record.masked_id),
        format!("{}   {}", in_words(status), printer.paint(&verdict, tone)),
    );
    vec![format!("{first}   {rest}"), facts.join("   ")]
}

fn consumer(shown: &Shown) -> String {
    let Some(consumer) = &shown.record.consumer else { return "no consumer known yet".to_owned() };
    let consumer = output::printable(consumer);
    let others = shown.consumers_tokens.saturating_sub(1);
    let counted = i64::try_from(shown.consumers_tokens).unwrap_or(i64::MAX);
    match others {
        0 => format!("consumer {consumer}"),
        _ if counted >= TOKENS_COUNTED_MAX => {
            format!("consumer {consumer} (at least {others} more)")
        }
        _ => format!("consumer {consumer} ({others} more)"),
    }
}

/// Dates, line and legend. A token that has ended ends the line; else it goes on until now.
fn drawing(shown: &Shown, now: DateTime<Utc>, printer: &Printer) -> Vec<String> {
    let events: Vec<Event> = shown.entries.iter().map(|entry| entry.event.clone()).collect();
    let changes = lifeline::changes(&events);
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return Vec::new() };
    let until = match last.status {
        Status::Rejected | Status::Canceled | Status::Deleted => last.at,
        Status::AwaitingAuthorization | Status::Active | Status::Disabled | Status::Unknown => now,
    };
    let legend = lifeline::legend(&changes);
    let beside = legend.chars().count() + SPACE_BEFORE_LEGEND + 1;
    let width = printer.width.saturating_sub(beside).max(LINE_CHARS_MIN);
    let drawn = lifeline::draw(&changes, until, width);
    let format = label_format(until - first.at);
    let label = |(column, change): &(usize, Change)| (*column, printer.part(change.at, format));
    let labels: Vec<(usize, String)> = drawn.starts.iter().map(label).collect();
    vec![format!(" {}", lifeline::labels(&labels)), format!(" {:width$}   {legend}", drawn.line)]
}

/// As much of a date as tells the changes apart.
fn label_format(span: TimeDelta) -> &'static str {
    if span <= TimeDelta::days(2) {
        "%H:%M"
    } else if span <= TimeDelta::days(330) {
        "%m-%d"
    } else {
        "%Y-%m"
    }
}

const fn in_words(status: Status) -> &'static str {
    match status {
        Status::AwaitingAuthorization => "… 承認待ち awaiting authorization",
        Status::Active => "● 有効 active",
        Status::Disabled => "‖ 停止 disabled",
        Status::Rejected => "× 拒否 rejected",
        Status::Canceled => "× 取消 canceled",
        Status::Deleted => "× 削除 deleted",
        Status::Unknown => "? unknown",
    }
}

/// A claim is not late: it is ours, and dated by the token's creation.
fn is_late(entry: &Entry) -> bool {
    entry.event.basis() != Basis::Claim && entry.recorded_at - entry.occurred_at > LATE
}

/// How long after it occurred an event was recorded, in its two largest units.
fn delay(entry: &Entry) -> String {
    let delta = entry.recorded_at - entry.occurred_at;
    let sign = if delta < TimeDelta::zero() { '-' } else { '+' };
    let seconds = delta.num_seconds().abs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let shown = if days > 0 {
        format!("{days}d{}h", hours % 24)
    } else if hours > 0 {
        format!("{hours}h{:02}m", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes}m{:02}s", seconds % 60)
    } else {
        format!("{seconds}s")
    };
    format!("{sign}{shown}{}", if is_late(entry) { " LATE" } else { "" })
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn if_any(count: usize, what: &str) -> String {
    if count == 0 { String::new() } else { format!(", {count} {what}") }
}
