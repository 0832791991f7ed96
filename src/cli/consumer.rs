//! `consumer tokens`: which tokens a consumer has, and whether each can be charged.

use serde_json::Value;
use serde_json::json;

use tokenledger::projections::tokens;
use tokenledger::projections::tokens::Filter;
use tokenledger::projections::tokens::TokenRecord;
use tokenledger::token::Consumer;
use tokenledger::token::Usability;
use tokenledger::vault::Ref;

use crate::cli::database;
use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::options::ConsumerCommand;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::settings::Settings;

const COLUMNS: [&str; 5] = ["token", "usable", "status", "since", "session"];

pub(crate) async fn run(
    command: &ConsumerCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let ConsumerCommand::Tokens { consumer, limit } = command;
    let consumer =
        Consumer::parse(consumer).map_err(|error| Exit::usage(format!("the consumer: {error}")))?;
    let pool = database::open(settings).await?;
    // One more than is shown tells whether there are more.
    let found = tokens::of_consumer(&pool, &consumer, &Filter::newest(limit + 1)).await?;
    let shown = usize::try_from(*limit).expect("the limit is a small positive number");
    let more = found.found.len() > shown;
    let records = found.found.get(..shown).unwrap_or(&found.found);
    let rows: Vec<Row> = records.iter().map(|record| row(record, printer)).collect();
    printer.listing(&COLUMNS, rows, &[("has_more", json!(more)), ("as_of", json!(found.as_of))])?;
    if records.is_empty() {
        printer.say(&format!("ledger {} knows no token of this consumer", settings.ledger));
    }
    if more {
        printer.say(&format!("only the newest {limit} are shown: --limit N shows more"));
    }
    printer.say_as_of(found.as_of);
    if let Some(newest) = records.first() {
        printer.hint(&format!("tokenledger token show {}", newest.reference));
    }
    Ok(())
}

fn row(record: &TokenRecord, printer: &Printer) -> Row {
    let usable = match record.usability() {
        Usability::Usable => "yes".to_owned(),
        // Where the status tells the reason, once is enough.
        Usability::Unusable(reason) if reason.as_str() == record.status => "no".to_owned(),
        Usability::Unusable(reason) => format!("no: {}", reason.as_str().replace('_', " ")),
    };
    Row {
        id: record.reference.clone(),
        cells: vec![
            record.reference.clone(),
            usable,
            record.status.clone(),
            printer.zoned(record.since),
            record.session.clone().unwrap_or_else(|| "–".to_owned()),
        ],
        json: document(record),
    }
}

/// A token as the HTTP interface shows it.
pub(crate) fn document(record: &TokenRecord) -> Value {
    let usability = record.usability();
    json!({
        "ref": record.reference,
        "token_id_masked": record.masked_id,
        "mode": Ref::parse(&record.reference).ok().map(|reference| reference.mode()),
        "status": record.status,
        "usable": usability.usable(),
        "unusable_reason": usability.reason(),
        "consumer": record.consumer,
        "attributed": record.consumer.is_some(),
        "session_id": record.session,
        "reference": record.merchant_reference,
        "sequence": record.sequence,
        "position": record.position,
        "since": stamp(record.since),
        "occurred_at": stamp(record.occurred_at),
        "recorded_at": stamp(record.recorded_at),
        "provider_checked_at": record.provider_checked_at.map(stamp),
        "last_notice_at": record.last_notice_at.map(stamp),
        "anomalies": record.anomalies,
    })
}
