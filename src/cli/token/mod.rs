//! `token show`: a token's status, lifeline and history.

/// The parts of the screen.
mod show;

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;
use serde_json::json;
use sqlx::postgres::PgPool;

use tokenledger::clock::Clock;
use tokenledger::journal;
use tokenledger::journal::Entry;
use tokenledger::journal::Position;
use tokenledger::projections::tokens;
use tokenledger::projections::tokens::Filter;
use tokenledger::projections::tokens::TokenRecord;
use tokenledger::token::Consumer;
use tokenledger::token::Status;
use tokenledger::token::Token;
use tokenledger::vault::Ref;

use crate::cli::consumer;
use crate::cli::database;
use crate::cli::events;
use crate::cli::exit::Exit;
use crate::cli::named;
use crate::cli::options::Format;
use crate::cli::options::TokenCommand;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

/// Streams are short; one that is not is shown up to here.
const EVENTS_MAX: i64 = 1_000;
/// A consumer's further tokens are counted up to here.
const TOKENS_COUNTED_MAX: i64 = 200;

/// A token with all that is shown of it.
#[derive(Debug)]
pub(crate) struct Shown {
    pub record: TokenRecord,
    pub entries: Vec<Entry>,
    /// The status after each entry, by sequence.
    pub after: BTreeMap<u64, Status>,
    pub witnesses: Vec<i64>,
    /// How many tokens the consumer has, this one included.
    pub consumers_tokens: usize,
    pub as_of: Position,
}

pub(crate) async fn run(
    command: &TokenCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let TokenCommand::Show { reference } = command;
    let reference = named::reference(reference)?;
    let pool = database::open(settings).await?;
    let Some(shown) = load(&pool, &reference).await? else {
        return Err(Exit::not_found(format!(
            "ledger {} holds no token {reference}: `tokenledger consumer tokens CONSUMER` lists \
             those of a consumer",
            settings.ledger
        )));
    };
    if printer.quiet {
        return output::lines(std::iter::once(shown.record.reference));
    }
    match printer.format {
        Format::Json | Format::Jsonl => return printer.json(&document(&shown)),
        Format::Plain => {
            let rows = show::rows(&shown, printer);
            output::lines(rows.iter().map(|cells| output::tabbed(cells)))?;
        }
        Format::Table => output::lines(show::screen(&shown, Clock::system().now(), printer))?,
    }
    printer.say_as_of(shown.as_of);
    match &shown.record.consumer {
        Some(consumer) => {
            printer.hint(&format!("tokenledger consumer tokens {}", output::quoted(consumer)));
        }
        None => printer.hint(&format!("tokenledger events list --after {}", shown.as_of - 1)),
    }
    Ok(())
}

async fn load(pool: &PgPool, reference: &Ref) -> Result<Option<Shown>, Exit> {
    let found = tokens::find(pool, reference).await?;
    let Some(record) = found.found else { return Ok(None) };
    let mut connection = pool.acquire().await?;
    let mut entries = journal::of_token(&mut connection, reference, 0, EVENTS_MAX).await?;
    // What was recorded since belongs to a later answer.
    entries.retain(|entry| entry.position <= record.position);
    let witnesses = journal::count_witnesses(&mut connection, &entries).await?;
    let consumers_tokens = match record.consumer.as_deref() {
        Some(consumer) => {
            let consumer = Consumer::parse(consumer).context("the ledger holds valid consumers")?;
            let filter = Filter::newest(TOKENS_COUNTED_MAX);
            tokens::of_consumer(pool, &consumer, &filter).await?.found.len()
        }
        None => 0,
    };
    let after = statuses(&entries);
    Ok(Some(Shown { record, entries, after, witnesses, consumers_tokens, as_of: found.as_of }))
}

/// The status after each entry, as it was known then: the fold of those before it and itself.
fn statuses(entries: &[Entry]) -> BTreeMap<u64, Status> {
    let mut token = Token::default();
    let mut after = BTreeMap::new();
    for entry in entries {
        token.evolve(entry.event.clone());
        after.insert(entry.sequence, token.status());
    }
    after
}

fn document(shown: &Shown) -> Value {
    let events = shown.entries.iter().zip(&shown.witnesses).map(|(entry, witnesses)| {
        let mut event = events::document(entry);
        if let Some(members) = event.as_object_mut() {
            members.insert("witnesses".to_owned(), json!(witnesses));
        }
        event
    });
    json!({
        "token": consumer::document(&shown.record),
        "events": events.collect::<Vec<_>>(),
        "as_of": shown.as_of,
    })
}
