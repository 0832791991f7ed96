//! `keys create`, `keys list` and `keys revoke`: access keys of services.

mod options;

pub(crate) use crate::cli::keys::options::KeysCommand;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::postgres::PgConnection;

use tokenledger::access::NewKey;
use tokenledger::access::REVOKED_WITHIN;
use tokenledger::access::Scope;
use tokenledger::access::store;
use tokenledger::access::store::Grant;
use tokenledger::access::store::KEYS_MAX;
use tokenledger::access::store::KeyRecord;
use tokenledger::clock::Clock;

use crate::cli::database;
use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::output;
use crate::cli::output::Printer;
use crate::cli::output::Row;
use crate::cli::settings::Settings;

const COLUMNS: [&str; 6] = ["id", "name", "state", "last used", "created", "scopes"];

pub(crate) async fn run(
    command: &KeysCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let pool = database::open(settings).await?;
    let mut connection = pool.acquire().await?;
    let now = Clock::system().now();
    match command {
        KeysCommand::Create { name, scopes, expires } => {
            let grant = grant(name, scopes, *expires, now);
            let key = NewKey::random(settings.mode()?);
            create(&mut connection, &key, &grant, printer).await
        }
        KeysCommand::List { limit } => {
            let records = store::list(&mut connection, *limit).await?;
            let rows = records.iter().map(|record| row(record, now, printer)).collect();
            printer.listing(&COLUMNS, rows, &[])?;
            if records.is_empty() {
                printer.say("there are no access keys yet, only the one of the configuration");
            }
            printer.hint("tokenledger keys create --name NAME --scopes tokens:read");
            Ok(())
        }
        KeysCommand::Revoke { id } => {
            let Some(revoked_at) = store::revoke(&mut connection, id, now).await? else {
                return Err(Exit::not_found(format!(
                    "ledger {} has no access key with this id: `tokenledger keys list` lists them",
                    settings.ledger
                )));
            };
            let within = REVOKED_WITHIN.as_secs();
            printer.say(&format!(
                "revoked {}; every service refuses it within {within} seconds",
                printer.zoned(revoked_at)
            ));
            Ok(())
        }
    }
}

fn grant(name: &str, scopes: &[Scope], expires: Option<TimeDelta>, now: DateTime<Utc>) -> Grant {
    Grant {
        name: name.to_owned(),
        scopes: scopes.iter().copied().collect(),
        created_at: now,
        expires_at: expires.map(|lifetime| now + lifetime),
    }
}

/// The key is the only thing on stdout, so that it can be piped to where it is kept.
async fn create(
    connection: &mut PgConnection,
    key: &NewKey,
    grant: &Grant,
    printer: &Printer,
) -> Result<(), Exit> {
    if !store::insert(connection, key, grant).await? {
        return Err(Exit::usage(format!(
            "there are {KEYS_MAX} live keys already: revoke those that nobody uses"
        )));
    }
    let text = key.text.expose_secret();
    match printer.format {
        Format::Json | Format::Jsonl => printer.json(&json!({
            "id": key.id,
            "key": text,
            "name": grant.name,
            "scopes": grant.scopes.words(),
            "expires_at": grant.expires_at.map(stamp),
        }))?,
        Format::Table | Format::Plain => output::lines(std::iter::once(text.to_owned()))?,
    }
    printer.say("keep it now: it is shown this once, the ledger holds only its digest");
    printer.hint(&format!("tokenledger keys revoke {}", key.id));
    Ok(())
}

fn row(record: &KeyRecord, now: DateTime<Utc>, printer: &Printer) -> Row {
    let state = match (record.revoked_at, record.expires_at) {
        (Some(revoked_at), _) => format!("revoked {}", printer.time(revoked_at)),
        (None, Some(expires_at)) if expires_at <= now => {
            format!("expired {}", printer.time(expires_at))
        }
        (None, Some(expires_at)) => format!("live until {}", printer.time(expires_at)),
        (None, None) => "live".to_owned(),
    };
    Row {
        id: record.id.clone(),
        cells: vec![
            record.id.clone(),
            record.name.clone(),
            state,
            record.last_used_at.map_or("never".to_owned(), |used_at| printer.time(used_at)),
            printer.time(record.created_at),
            record.scopes.join(","),
        ],
        json: json!({
            "id": record.id,
            "name": record.name,
            "scopes": record.scopes,
            "created_at": stamp(record.created_at),
            "expires_at": record.expires_at.map(stamp),
            "revoked_at": record.revoked_at.map(stamp),
            "last_used_at": record.last_used_at.map(stamp),
        }),
    }
}
