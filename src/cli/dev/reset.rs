//! `demo reset`: drops the demo, ledger and sandbox, so that the next `dev` makes it anew.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

use tokenledger::database::Mark;

use crate::cli::dev::DATA_DEFAULT;
use crate::cli::dev::demo::Demo;
use crate::cli::dev::home::Home;
use crate::cli::dev::places;
use crate::cli::dev::postgres::Database;
use crate::cli::dev::postgres::DatabaseOptions;
use crate::cli::exit::Exit;
use crate::cli::options::SharedOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum DemoCommand {
    /// Drop the demo's ledger and sandbox; the next `dev` makes them anew
    Reset(ResetOptions),
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger --data DIR demo reset --yes
")]
pub(crate) struct ResetOptions {
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// Confirm that everything in the demo's ledger may go
    #[arg(long)]
    pub yes: bool,
}

pub(crate) async fn run(command: &DemoCommand, shared: &SharedOptions) -> Result<(), Exit> {
    let DemoCommand::Reset(options) = command;
    let data = shared.data.clone().unwrap_or_else(|| PathBuf::from(DATA_DEFAULT));
    let shown = data.display();
    if !data.join("dev.json").exists() {
        return Err(Exit::not_found(format!(
            "no dev has run in {shown}: there is nothing to reset"
        )));
    }
    if !options.yes {
        return Err(Exit::unconfirmed(format!(
            "demo reset drops everything in the ledger of {shown}: confirm with --yes"
        )));
    }
    let home = Home::open(&data)?;
    let private =
        home.directory.join("postgres").exists() || home.directory.join("location").exists();
    if options.database.database_url.is_none() && !private {
        let message = "this dev ran on a database of yours: give the same --database-url";
        return Err(Exit::usage(message));
    }
    let database = Database::start(&options.database, &home).await?;
    let result = reset(&database, &home).await;
    database.stop().await.and(result)
}

async fn reset(database: &Database, home: &Home) -> Result<(), Exit> {
    let places = places(database)?;
    let shown = home.directory.display();
    let kept = Demo::read(home)?;
    match (places.mark().await?, kept) {
        (Mark::Demo(until), Some(kept)) if kept.until == until => {}
        // A reset that was cut off.
        (Mark::Nothing, Some(_)) => {}
        (Mark::Nothing, None) => {
            return Err(Exit::not_found(format!("{shown} has no demo: the next dev makes one")));
        }
        (Mark::Unmarked, _) => {
            return Err(Exit::not_permitted(format!(
                "the ledger of {shown} is not marked demo, and no other is ever dropped"
            )));
        }
        (Mark::Demo(_), _) => {
            return Err(Exit::not_permitted(format!(
                "the demo in this database was not made by the dev of {shown}: reset it there"
            )));
        }
    }
    places.drop_both().await?;
    Demo::forget(home)?;
    tracing::info!("the demo is gone: the next `dev` makes it anew");
    Ok(())
}
