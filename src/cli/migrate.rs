//! `migrate`: the schema, as the owner role.

use anyhow::Context;
use secrecy::ExposeSecret;

use tokenledger::clock::Clock;
use tokenledger::database;

use crate::cli::exit::Exit;
use crate::cli::ledger::target;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

pub(crate) async fn run(settings: &Settings, printer: &Printer) -> Result<(), Exit> {
    let target = target(settings)?;
    let url = settings.database_owner_url()?.expose_secret();
    let options =
        database::connect_options(url, &target.ledger).context("TOKENLEDGER_DATABASE_OWNER_URL")?;
    database::migrate(&options, &target, Clock::system().now())
        .await
        .map_err(anyhow::Error::from)?;
    printer.say(&format!("ledger {} ({}) is up to date", target.ledger, target.mode));
    Ok(())
}
