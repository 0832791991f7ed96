//! What was done about the endpoints, or found, in each form of the output. Never a secret.

use serde_json::Value;
use serde_json::json;

use tokenledger::webhooks::Finding;
use tokenledger::webhooks::Finished;
use tokenledger::webhooks::Made;
use tokenledger::webhooks::Outcome;
use tokenledger::webhooks::Run;
use tokenledger::webhooks::TAKEN_UP_WITHIN;
use tokenledger::webhooks::Wanted;
use tokenledger::webhooks::check::Checked;

use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::output::printable;

const COLUMNS: [&str; 6] =
    ["endpoint", "subscription", "from", "state", "last webhook", "findings"];

pub(crate) fn outcome(outcome: &Outcome, wanted: &Wanted, printer: &Printer) -> Result<(), Exit> {
    let Wanted { name, url, .. } = wanted;
    match outcome {
        Outcome::Made(made) => {
            data(Some(&made.subscription_id), &document(made, wanted), printer)?;
            say_made(made, wanted, printer);
            printer.hint("tokenledger webhooks check");
            Ok(())
        }
        Outcome::Already { subscription_id, of_configuration } => {
            let by = if *of_configuration { "the configuration" } else { "the vault" };
            let document = json!({
                "outcome": "already", "endpoint": name, "url": url,
                "subscription_id": subscription_id,
            });
            data(Some(subscription_id), &document, printer)?;
            printer.say(&format!(
                "already registered: {subscription_id} sends to {url}, its secret is in {by}; \
                 nothing was changed"
            ));
            printer.hint("tokenledger webhooks check");
            Ok(())
        }
        Outcome::Would { resume } => {
            let what = if *resume { "resume" } else { "make" };
            data(None, &json!({ "outcome": "would", "does": what, "url": url }), printer)?;
            printer.say(&if *resume {
                format!("would complete the attempt that is open for {url}; nothing was changed")
            } else {
                format!("would make an endpoint that sends to {url}; nothing was changed")
            });
            Ok(())
        }
    }
}

pub(crate) fn finished(finished: &Finished, run: Run, printer: &Printer) -> Result<(), Exit> {
    let Finished { newest, deleted } = finished;
    let document = json!({
        "outcome": if run == Run::Do { "finished" } else { "would" },
        "subscription_id": newest,
        "deleted": deleted,
    });
    match printer.format {
        Format::Json | Format::Jsonl if !printer.quiet => printer.json(&document)?,
        Format::Json | Format::Jsonl | Format::Table | Format::Plain => {
            output::lines(deleted.iter().cloned())?;
        }
    }
    printer.say(&match (deleted.as_slice(), run) {
        ([], _) => format!("nothing to delete: {newest} is alone"),
        (_, Run::Do) => format!("deleted at Smartpay; {newest} stays"),
        (_, Run::Look) => {
            format!("would be deleted at Smartpay; {newest} would stay; nothing was changed")
        }
    });
    if !deleted.is_empty() {
        printer.say(
            "if the secret of one of them stands in TOKENLEDGER_WEBHOOK_SECRETS, remove it there",
        );
    }
    Ok(())
}

/// Exit code 3 when something is amiss.
pub(crate) fn checked(checked: &[Checked], printer: &Printer) -> Result<(), Exit> {
    let rows = checked.iter().map(|one| row(one, printer)).collect();
    let findings: usize = checked.iter().map(|one| one.findings.len()).sum();
    printer.listing(&COLUMNS, rows, &[("findings", json!(findings))])?;
    for one in checked {
        let of = one.subscription_id.as_deref().or(one.endpoint.as_deref()).unwrap_or("webhooks");
        for Finding { code, words, remedy } in &one.findings {
            printer.say(&printable(&format!("! {of}: {code}: {words} → {remedy}")));
        }
    }
    if findings > 0 {
        return Err(Exit::Found);
    }
    printer.say("nothing is amiss");
    Ok(())
}

fn say_made(made: &Made, wanted: &Wanted, printer: &Printer) {
    let Made { subscription_id, fingerprint, .. } = made;
    let resumed = if made.resumed { " (an earlier attempt was completed)" } else { "" };
    printer.say(&format!(
        "{subscription_id} sends to {}{resumed}; its secret ({fingerprint}) is sealed in the vault. \
         Running services take it up within {} seconds",
        wanted.url,
        TAKEN_UP_WITHIN.as_secs()
    ));
    for (id, until) in &made.ending {
        let until = until.map_or("further on".to_owned(), |until| printer.zoned(until));
        printer.say(&format!("deliveries of {id} are accepted until {until}"));
    }
    for id in &made.strangers {
        printer.say(&format!(
            "{id} sends there too, and was not made from here: its deliveries are accepted only if \
             its secret is in TOKENLEDGER_WEBHOOK_SECRETS"
        ));
    }
    if !made.ending.is_empty() || !made.strangers.is_empty() {
        let name = &wanted.name;
        printer.say(&format!(
            "then run `tokenledger webhooks rotate --name {name} --finish`, which deletes them"
        ));
    }
    if made.has_variants {
        printer.say(
            "its secret begins with A, which Smartpay's own libraries read differently: each \
             reading is accepted",
        );
    }
}

fn document(made: &Made, wanted: &Wanted) -> Value {
    let ending: Vec<Value> = made
        .ending
        .iter()
        .map(|(id, until)| json!({ "subscription_id": id, "valid_until": until.map(stamp) }))
        .collect();
    json!({
        "outcome": "made",
        "endpoint": wanted.name,
        "url": wanted.url,
        "subscription_id": made.subscription_id,
        "fingerprint": made.fingerprint,
        "resumed": made.resumed,
        "ending": ending,
        "not_made_here": made.strangers,
    })
}

/// The id alone, or all of it as JSON.
fn data(id: Option<&str>, document: &Value, printer: &Printer) -> Result<(), Exit> {
    match printer.format {
        Format::Json | Format::Jsonl if !printer.quiet => printer.json(document),
        Format::Json | Format::Jsonl | Format::Table | Format::Plain => {
            output::lines(id.map(str::to_owned).into_iter())
        }
    }
}

fn row(one: &Checked, printer: &Printer) -> Row {
    let or_none = |text: Option<&str>| text.unwrap_or("–").to_owned();
    let codes: Vec<&str> = one.findings.iter().map(|finding| finding.code).collect();
    let state = match (one.active, one.valid_until) {
        (None, _) => "not there".to_owned(),
        (Some(false), _) => "switched off".to_owned(),
        (Some(true), Some(ends)) => format!("until {}", printer.time(ends)),
        (Some(true), None) => "live".to_owned(),
    };
    Row {
        id: or_none(one.subscription_id.as_deref().or(one.endpoint.as_deref())),
        cells: vec![
            or_none(one.endpoint.as_deref()),
            or_none(one.subscription_id.as_deref()),
            one.source.as_str().to_owned(),
            state,
            one.last.map_or("–".to_owned(), |last| printer.zoned(last)),
            if codes.is_empty() { "none".to_owned() } else { codes.join(",") },
        ],
        json: json!({
            "endpoint": one.endpoint,
            "subscription_id": one.subscription_id,
            "url": one.url,
            "source": one.source.as_str(),
            "active": one.active,
            "valid_until": one.valid_until.map(stamp),
            "last_webhook_at": one.last.map(stamp),
            "findings": one.findings.iter().map(finding).collect::<Vec<_>>(),
        }),
    }
}

fn finding(finding: &Finding) -> Value {
    json!({ "code": finding.code, "words": finding.words, "remedy": finding.remedy })
}
