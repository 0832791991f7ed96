//! `config show`: every setting, what it is, and where it comes from.

use secrecy::ExposeSecret;
use serde_json::Value;
use serde_json::json;

use tokenledger::database::Hosts;

use crate::cli::exit::Exit;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::settings::Gathered;
use crate::cli::settings::Settings;
use crate::cli::settings::names::NAMES;
use crate::cli::settings::names::Name;
use crate::cli::settings::names::variable;

const HIDDEN: &str = "••••";

/// Shows the settings also when they are wrong, because then they are looked at; the error follows.
pub(crate) fn show(gathered: &Gathered, printer: &Printer) -> Result<(), Exit> {
    let parsed = Settings::parse(gathered);
    let rows = NAMES.iter().map(|name| row(name, gathered, parsed.as_ref().ok())).collect();
    printer.listing(&["setting", "value", "source"], rows, &[])?;
    parsed.map(drop)
}

fn row(name: &Name, gathered: &Gathered, settings: Option<&Settings>) -> Row {
    let raw = gathered.settings.get(name.key);
    let value = raw.map(|raw| match settings {
        _ if !name.secret => raw.text.expose_secret().to_owned(),
        Some(settings) => shown_secret(name.key, raw.text.expose_secret(), settings),
        None => HIDDEN.to_owned(),
    });
    let source = raw.map_or("not set".to_owned(), |raw| raw.source.to_string());
    let variable = variable(name.key);
    Row {
        id: variable.clone(),
        json: json!({
            "name": variable,
            "value": value.clone().map_or(Value::Null, Value::String),
            "secret": name.secret,
            "source": source,
        }),
        cells: vec![variable, value.unwrap_or_else(|| "–".to_owned()), source],
    }
}

/// What can be said of a secret: where a URL leads, which webhook secrets these are.
fn shown_secret(key: &str, text: &str, settings: &Settings) -> String {
    match key {
        "database_url" | "database_owner_url" => {
            let hosts = Hosts::parse(text, &settings.ledger);
            hosts.map_or(HIDDEN.to_owned(), |hosts| format!("postgres://{hosts}"))
        }
        "webhook_secrets" => {
            let keys = settings.webhooks.iter().flat_map(|endpoint| {
                endpoint
                    .keys
                    .iter()
                    .map(|key| format!("{HIDDEN} {}:{}", endpoint.name, key.secret.fingerprint()))
            });
            keys.collect::<Vec<_>>().join(", ")
        }
        _ => HIDDEN.to_owned(),
    }
}
