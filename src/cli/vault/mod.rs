//! `vault rotate` and `vault export`: the keys that seal.

mod options;

pub(crate) use crate::cli::vault::options::VaultCommand;

use std::path::Path;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use sqlx::postgres::PgConnection;

use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::ledger::Authority;
use tokenledger::ledger::rotation::Rotation;
use tokenledger::vault::MasterKey;
use tokenledger::vault::VaultError;
use tokenledger::vault::WrappedKey;
use tokenledger::vault::store::SEALS_AFTER_S;
use tokenledger::vault::store::restoring;

use crate::cli::database::connect;
use crate::cli::database::options;
use crate::cli::database::primary;
use crate::cli::events::stamp;
use crate::cli::exit::Exit;
use crate::cli::ledger::target;
use crate::cli::named::words;
use crate::cli::output::Printer;
use crate::cli::settings::Gathered;
use crate::cli::settings::Settings;
use crate::cli::vault::options::Authorized;

/// Names the form of an export.
const EXPORT_FORM: &str = "tokenledger/vault-export/1";
const INSTRUCTIONS: &str = "Keep this beside the master key that wraps these keys, in escrow: \
    together they open everything that the ledger sealed, alone this opens nothing. When the table \
    vault_keys is lost, run the statements of `restore` in the ledger's schema, as the owner role, \
    before any service starts. Export anew after each `vault rotate`.";

pub(crate) async fn run(
    command: &VaultCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let by = match command {
        VaultCommand::Rotate(options) => &options.by,
        VaultCommand::Export(options) => &options.by,
    };
    let authority = authority(by)?;
    let now = Clock::system().now();
    let ledger = settings.ledger.as_str();
    let rotation =
        Rotation { ledger, master_key: settings.master_key()?, authority: &authority, now };
    match command {
        VaultCommand::Rotate(options) => {
            if let Some(file) = &options.new_master_key_file {
                rewrap(&rotation, file, settings, printer).await
            } else {
                rotate(&rotation, settings, printer).await
            }
        }
        VaultCommand::Export(_) => {
            let mut connection = opened(settings, Role::Service).await?;
            let keys = rotation.export(&mut connection).await.map_err(refused)?;
            printer.json(&json!({
                "form": EXPORT_FORM,
                "ledger": ledger,
                "mode": settings.mode()?.as_str(),
                "exported_at": stamp(now),
                "instructions": INSTRUCTIONS,
                "keys": keys.iter().map(described).collect::<Vec<_>>(),
                "restore": keys.iter().map(restoring).collect::<Vec<_>>(),
            }))
        }
    }
}

async fn rotate(
    rotation: &Rotation<'_>,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut connection = opened(settings, Role::Service).await?;
    let version = rotation.new_data_key(&mut connection).await.map_err(refused)?;
    printer.say(&format!(
        "made data key {version}; it seals in {SEALS_AFTER_S} seconds, when every running service \
         has it, and what older ones sealed opens as before"
    ));
    printer.hint("tokenledger vault export --reason escrow > vault-keys.json");
    Ok(())
}

async fn rewrap(
    rotation: &Rotation<'_>,
    file: &Path,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut gathered = Gathered::default();
    gathered.set_from_file("master_key", file).map_err(Exit::Usage)?;
    for warning in &gathered.warnings {
        printer.say(&format!("warning: {warning}"));
    }
    let new = MasterKey::parse(gathered.text("master_key").unwrap_or_default())
        .with_context(|| format!("reading {}", file.display()))
        .map_err(Exit::Usage)?;
    if new.is(rotation.master_key) {
        let file = file.display();
        return Err(Exit::usage(format!("{file} holds the present master key: make a new one")));
    }
    let mut connection = opened(settings, Role::Owner).await?;
    let count = rotation.rewrap(&mut connection, &new).await.map_err(refused)?;
    printer.say(&format!(
        "{count} keys are wrapped by the new master key; services that run go on with what they \
         have opened, and start with the new one only: set TOKENLEDGER_MASTER_KEY and restart them \
         one by one, then run `tokenledger vault rotate` without a file. Keep the old master key as \
         long as there are backups from before"
    ));
    Ok(())
}

#[derive(Clone, Copy)]
enum Role {
    Service,
    Owner,
}

/// A connection to a ledger of the expected schema and mode.
async fn opened(settings: &Settings, role: Role) -> Result<PgConnection, Exit> {
    let options = match role {
        Role::Service => options(settings).await?,
        Role::Owner => primary(settings.database_owner_hosts()?).await?,
    };
    let mut connection = connect(&options).await?;
    let checked = database::check_schema(&mut connection, &target(settings)?).await;
    checked.map_err(anyhow::Error::from)?;
    Ok(connection)
}

/// A master key that does not open the vault is a wrong configuration.
fn refused(error: anyhow::Error) -> Exit {
    if error.is::<VaultError>() { Exit::Usage(error) } else { error.into() }
}

fn authority(by: &Authorized) -> Result<Authority, Exit> {
    Ok(Authority { actor: words("--actor", &by.actor)?, reason: words("--reason", &by.reason)? })
}

fn described(key: &WrappedKey) -> Value {
    let WrappedKey { purpose, version, wrapped } = key;
    json!({ "purpose": purpose, "version": version, "wrapped": STANDARD.encode(wrapped) })
}
