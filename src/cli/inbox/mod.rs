//! `inbox list`, `inbox show` and `inbox reprocess`: deliveries, and what became of them.

/// Verdicts and reasons in words.
mod words;

use serde_json::Value;
use serde_json::json;
use sqlx::postgres::PgConnection;

use tokenledger::ledger::inbox;
use tokenledger::ledger::inbox::DeliveryDetails;
use tokenledger::ledger::inbox::DeliveryFilter;
use tokenledger::ledger::inbox::DeliveryRecord;
use tokenledger::ledger::standing;

use crate::cli::database;
use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::ledger::Opened;
use crate::cli::options::Format;
use crate::cli::options::InboxCommand;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::settings::Settings;

const COLUMNS: [&str; 8] =
    ["id", "received", "endpoint", "type", "verdict", "reason", "copies", "position"];

pub(crate) async fn run(
    command: &InboxCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let pool = database::open(settings).await?;
    let mut connection = pool.acquire().await?;
    let as_of = standing(&mut connection).await?.position;
    match command {
        InboxCommand::List { verdict, limit, before } => {
            let before = before.unwrap_or(i64::MAX);
            let filter = DeliveryFilter { verdict: *verdict, before, limit: *limit };
            let records = inbox::list(&mut connection, filter).await?;
            let rows = records.iter().map(|record| row(record, printer)).collect();
            printer.listing(&COLUMNS, rows, &[("as_of", json!(as_of))])?;
            if records.is_empty() {
                printer.say("no such deliveries");
            }
            printer.say_as_of(as_of);
            if let Some(newest) = records.first() {
                printer.hint(&format!("tokenledger inbox show {}", newest.id()));
            }
            Ok(())
        }
        InboxCommand::Show { number } => {
            let details = find(&mut connection, *number, settings).await?;
            show(&details, printer)?;
            if let Some(reference) = &details.record.reference {
                printer.hint(&format!("tokenledger token show {reference}"));
            }
            Ok(())
        }
        InboxCommand::Reprocess { number } => {
            find(&mut connection, *number, settings).await?;
            let opened = Opened::open(settings).await?;
            let window = settings.webhook_window;
            opened.reprocess(&mut connection, window, *number).await?;
            show(&find(&mut connection, *number, settings).await?, printer)
        }
    }
}

async fn find(
    connection: &mut PgConnection,
    number: i64,
    settings: &Settings,
) -> Result<DeliveryDetails, Exit> {
    inbox::find(connection, number).await?.ok_or_else(|| {
        Exit::not_found(format!(
            "ledger {} holds no delivery in_{number}: `tokenledger inbox list` lists them",
            settings.ledger
        ))
    })
}

fn row(record: &DeliveryRecord, printer: &Printer) -> Row {
    let or_none = |text: Option<&String>| text.cloned().unwrap_or_else(|| "–".to_owned());
    let verdict = record.verdict.clone() + if record.conflict { " (conflict)" } else { "" };
    Row {
        id: record.id(),
        cells: vec![
            record.id(),
            printer.zoned(record.received_at),
            record.endpoint.clone(),
            or_none(record.kind.as_ref()),
            verdict,
            or_none(record.reason.as_ref()),
            record.copies.to_string(),
            record.position.map_or("–".to_owned(), |position| position.to_string()),
        ],
        json: document(record),
    }
}

fn show(details: &DeliveryDetails, printer: &Printer) -> Result<(), Exit> {
    if printer.quiet {
        return output::lines(std::iter::once(details.record.id()));
    }
    match printer.format {
        Format::Json | Format::Jsonl => printer.json(&details_document(details)),
        Format::Plain => {
            let facts = words::facts(details, printer);
            output::lines(
                facts
                    .iter()
                    .map(|(name, fact)| output::tabbed(&[(*name).to_owned(), fact.clone()])),
            )
        }
        Format::Table => {
            let facts = words::facts(details, printer);
            let shown =
                |(name, fact): &(&str, String)| format!("{name:<10} {}", output::printable(fact));
            output::lines(facts.iter().map(shown))
        }
    }
}

/// A delivery as the HTTP interface shows it.
fn document(record: &DeliveryRecord) -> Value {
    json!({
        "id": record.id(),
        "endpoint": record.endpoint,
        "event_id": record.event_id,
        "type": record.kind,
        "received_at": stamp(record.received_at),
        "recorded_at": stamp(record.recorded_at),
        "verdict": record.verdict,
        "reason": record.reason,
        "copies": record.copies,
        "conflict": record.conflict,
        "position": record.position,
        "ref": record.reference,
    })
}

fn details_document(details: &DeliveryDetails) -> Value {
    let mut document = document(&details.record);
    let verdicts: Vec<Value> = details
        .verdicts
        .iter()
        .map(|given| {
            json!({
                "verdict": given.verdict,
                "reason": given.reason,
                "position": given.position,
                "recorded_at": stamp(given.recorded_at),
            })
        })
        .collect();
    if let Some(members) = document.as_object_mut() {
        let proof = &details.proof;
        members.insert("verdicts".to_owned(), json!(verdicts));
        members.insert("copies_received_at".to_owned(), json!(details.copies_received_at));
        members.insert("digest".to_owned(), json!(hex::encode(&proof.digest)));
        members.insert("signed_at".to_owned(), json!(proof.signature_timestamp));
        members.insert("key_variant".to_owned(), json!(proof.key_variant));
        members.insert("secret_fingerprint".to_owned(), json!(proof.secret_fingerprint));
        members.insert("body_kept".to_owned(), json!(proof.body_kept));
    }
    document
}
