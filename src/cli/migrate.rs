//! `migrate`: the schema, as the owner role.

use tokenledger::clock::Clock;
use tokenledger::database;

use crate::cli::database::primary;
use crate::cli::exit::Exit;
use crate::cli::ledger::target;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

pub(crate) async fn run(settings: &Settings, printer: &Printer) -> Result<(), Exit> {
    let target = target(settings)?;
    let options = primary(settings.database_owner_hosts()?).await?;
    database::migrate(&options, &target, Clock::system().now())
        .await
        .map_err(anyhow::Error::from)?;
    printer.say(&format!("ledger {} ({}) is up to date", target.ledger, target.mode));
    Ok(())
}
