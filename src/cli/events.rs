//! `events list` and `events tail`: the record in position order.

use std::time::Duration;

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;
use sqlx::postgres::PgPool;

use tokenledger::journal;
use tokenledger::journal::Entry;
use tokenledger::journal::Position;
use tokenledger::ledger::standing;
use tokenledger::token::Event;

use crate::cli::database;
use crate::cli::exit::Exit;
use crate::cli::options::EventsCommand;
use crate::cli::options::Format;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::settings::Settings;

const COLUMNS: [&str; 7] = ["position", "occurred", "token", "sequence", "event", "cause", "hash"];
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Events taken at once while following.
const PAGE: i64 = 500;
/// More of an id tells people nothing.
const ID_CHARS_MAX: usize = 16;

pub(crate) async fn run(
    command: &EventsCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let pool = database::open(settings).await?;
    match command {
        EventsCommand::List { after, limit } => list(&pool, *after, *limit, printer).await,
        EventsCommand::Tail { after } => tail(&pool, *after, printer).await,
    }
}

async fn list(
    pool: &PgPool,
    after: Option<Position>,
    limit: i64,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut connection = pool.acquire().await?;
    let head = standing(&mut connection).await?.position;
    let after = after.unwrap_or((head - limit).max(0));
    let mut entries = journal::after(&mut connection, after, limit).await?;
    entries.retain(|entry| entry.position <= head);
    let last = entries.last().map(|entry| entry.position);
    let more = last.is_some_and(|last| last < head);
    let rows = entries.iter().map(|entry| row(entry, printer)).collect();
    printer.listing(&COLUMNS, rows, &[("has_more", json!(more)), ("as_of", json!(head))])?;
    if last.is_none() {
        printer.say(&format!("no events behind position {after}"));
    }
    printer.say_as_of(head);
    match entries.last() {
        Some(last) if more => {
            printer.hint(&format!("tokenledger events list --after {}", last.position));
        }
        Some(last) => printer.hint(&format!("tokenledger token show {}", last.reference)),
        None => {}
    }
    Ok(())
}

/// Follows the record until Ctrl-C.
async fn tail(pool: &PgPool, after: Option<Position>, printer: &Printer) -> Result<(), Exit> {
    let mut position = match after {
        Some(position) => position,
        None => standing(&mut *pool.acquire().await?).await?.position,
    };
    printer.say(&format!("following behind position {position}; Ctrl-C ends it"));
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    loop {
        tokio::select! {
            biased;
            _ = &mut interrupted => {
                printer.say(&format!("go on with: tokenledger events tail --after {position}"));
                return Err(Exit::Interrupted);
            }
            page = next_page(pool, position) => {
                let entries = page?;
                output::lines(entries.iter().map(|entry| line(entry, printer)))?;
                position = entries.last().map_or(position, |last| last.position);
            }
        }
    }
}

/// What is behind the position, as soon as there is something.
async fn next_page(pool: &PgPool, position: Position) -> Result<Vec<Entry>, Exit> {
    loop {
        let mut connection = pool.acquire().await?;
        let entries = journal::after(&mut connection, position, PAGE).await?;
        if !entries.is_empty() {
            return Ok(entries);
        }
        drop(connection);
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// One event on one line, also as JSON: what follows is not known yet.
fn line(entry: &Entry, printer: &Printer) -> String {
    if printer.quiet {
        return entry.position.to_string();
    }
    match printer.format {
        Format::Json | Format::Jsonl => document(entry).to_string(),
        Format::Plain => output::tabbed(&row(entry, printer).cells),
        Format::Table => format!(
            "{:>8}  {}  {}  {:<20}  {} {}",
            entry.position,
            printer.zoned(entry.occurred_at),
            entry.reference,
            name(&entry.event),
            entry.cause.kind.as_str(),
            shortened(&entry.cause.id),
        ),
    }
}

fn row(entry: &Entry, printer: &Printer) -> Row {
    Row {
        id: entry.position.to_string(),
        cells: vec![
            entry.position.to_string(),
            printer.zoned(entry.occurred_at),
            entry.reference.to_string(),
            entry.sequence.to_string(),
            name(&entry.event),
            format!("{} {}", entry.cause.kind.as_str(), shortened(&entry.cause.id)),
            short_hash(entry),
        ],
        json: document(entry),
    }
}

/// An event as the HTTP interface shows it, witnesses left out.
pub(crate) fn document(entry: &Entry) -> Value {
    let data: Value = serde_json::from_str(&entry.payload).unwrap_or(Value::Null);
    json!({
        "position": entry.position,
        "ref": entry.reference,
        "sequence": entry.sequence,
        "type": entry.event.kind().as_str(),
        "version": tokenledger::token::EVENT_VERSION,
        "basis": entry.event.basis(),
        "occurred_at": stamp(entry.occurred_at),
        "recorded_at": stamp(entry.recorded_at),
        "cause": {
            "kind": entry.cause.kind,
            "id": entry.cause.id,
            "actor": entry.cause.actor,
            "reason": entry.cause.reason,
        },
        "data": data,
        "leaf_hash": hex::encode(entry.leaf_hash),
    })
}

/// The event's name, with what distinguishes it from others of the name.
pub(crate) fn name(event: &Event) -> String {
    let kind = event.kind();
    match event {
        Event::Canceled { reason, .. } => format!("{kind} ({reason})"),
        Event::SessionCreated { .. }
        | Event::Activated { .. }
        | Event::Disabled { .. }
        | Event::Enabled { .. }
        | Event::Deleted { .. } => kind.to_string(),
    }
}

/// Enough of a hash to compare by eye.
pub(crate) fn short_hash(entry: &Entry) -> String {
    let hash = hex::encode(entry.leaf_hash);
    let (head, tail) = (hash.get(..4).unwrap_or(&hash), hash.get(60..).unwrap_or_default());
    format!("{head}…{tail}")
}

/// A long id by its two ends.
pub(crate) fn shortened(id: &str) -> String {
    let count = id.chars().count();
    let short = if count <= ID_CHARS_MAX {
        id.to_owned()
    } else {
        let head = id.chars().take(ID_CHARS_MAX - 3);
        head.chain(['…']).chain(id.chars().skip(count - 2)).collect()
    };
    output::printable(&short)
}

/// RFC 3339 in UTC.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use crate::cli::events::shortened;

    #[test]
    fn a_long_id_is_named_by_its_ends() {
        assert_eq!(shortened("evt_test_8Zkabcdefghq1"), "evt_test_8Zka…q1");
        assert_eq!(shortened("in_17"), "in_17");
    }
}
