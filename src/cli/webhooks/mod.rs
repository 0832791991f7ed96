//! `webhooks register`, `rotate` and `check`: Smartpay's endpoints and their secrets.

mod options;
/// What is said of it.
mod words;

pub(crate) use crate::cli::webhooks::options::WebhooksCommand;

use anyhow::Context;
use chrono::TimeDelta;
use sqlx::postgres::PgConnection;

use tokenledger::clock::Clock;
use tokenledger::database::check_schema;
use tokenledger::smartpay::client::Client;
use tokenledger::vault;
use tokenledger::vault::Vault;
use tokenledger::webhooks::Desk;
use tokenledger::webhooks::Endpoints;
use tokenledger::webhooks::Error;
use tokenledger::webhooks::Hurry;
use tokenledger::webhooks::OVERLAP;
use tokenledger::webhooks::Run;
use tokenledger::webhooks::Wanted;
use tokenledger::webhooks::check::Expecting;

use crate::cli::database;
use crate::cli::exit::Exit;
use crate::cli::ledger::target;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;
use crate::cli::webhooks::options::NamedOptions;

/// Where webhooks arrive, below the address of the service.
const PATH: &str = "/webhooks/smartpay/";

/// All that a desk borrows.
struct Opened {
    connection: PgConnection,
    vault: Vault,
    smartpay: Client,
    configured: Endpoints,
    clock: Clock,
}

pub(crate) async fn run(
    command: &WebhooksCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut opened = Opened::open(settings).await?;
    match command {
        WebhooksCommand::Register(options) => {
            let wanted = wanted(&options.named, OVERLAP, settings)?;
            let mut desk = opened.desk(settings, &options.named.actor);
            let outcome = desk.register(&wanted, run_of(options.dry_run)).await.map_err(exit)?;
            words::outcome(&outcome, &wanted, printer)
        }
        WebhooksCommand::Rotate(options) if options.finish => {
            let name = &options.named.name;
            let hurry = if options.yes { Hurry::Confirmed } else { Hurry::Refused };
            let mut desk = opened.desk(settings, &options.named.actor);
            let run = run_of(options.dry_run);
            let finished = desk.finish(name, hurry, run).await.map_err(exit)?;
            words::finished(&finished, run, printer)
        }
        WebhooksCommand::Rotate(options) => {
            let wanted = wanted(&options.named, options.overlap, settings)?;
            let mut desk = opened.desk(settings, &options.named.actor);
            let outcome = desk.rotate(&wanted, run_of(options.dry_run)).await.map_err(exit)?;
            words::outcome(&outcome, &wanted, printer)
        }
        WebhooksCommand::Check => {
            let base_url = format!("{}{PATH}", settings.public_url()?);
            let silence = settings.webhook_silence.map(TimeDelta::from_std).transpose();
            let silence = silence.context("the limit of silence")?;
            let expecting = Expecting { base_url: &base_url, silence };
            let mut desk = opened.desk(settings, "cli");
            let checked = desk.check(&expecting).await.map_err(exit)?;
            words::checked(&checked, printer)
        }
    }
}

impl Opened {
    async fn open(settings: &Settings) -> Result<Self, Exit> {
        let target = target(settings)?;
        let clock = Clock::system();
        let smartpay = settings.smartpay(&clock)?;
        let master_key = settings.master_key()?;
        let mut connection = database::connect(&database::options(settings).await?).await?;
        check_schema(&mut connection, &target).await.map_err(anyhow::Error::from)?;
        let ledger = target.ledger.as_str();
        let vault = vault::store::open(&mut connection, ledger, master_key).await?;
        Ok(Self { connection, vault, smartpay, configured: settings.endpoints(), clock })
    }

    fn desk<'a>(&'a mut self, settings: &'a Settings, actor: &'a str) -> Desk<'a> {
        Desk {
            connection: &mut self.connection,
            vault: &self.vault,
            ledger: settings.ledger.as_str(),
            smartpay: &self.smartpay,
            configured: &self.configured,
            clock: &self.clock,
            actor,
        }
    }
}

fn wanted(named: &NamedOptions, overlap: TimeDelta, settings: &Settings) -> Result<Wanted, Exit> {
    let name = named.name.clone();
    let url = match &named.url {
        Some(url) => {
            settings.check_webhook_url(url)?;
            url.clone()
        }
        None => format!("{}{PATH}{name}", settings.public_url()?),
    };
    Ok(Wanted { name, url, overlap })
}

fn run_of(dry_run: bool) -> Run {
    if dry_run { Run::Look } else { Run::Do }
}

fn exit(error: Error) -> Exit {
    match error {
        Error::Database(error) => Exit::from(error),
        Error::KeyRefused(_) => Exit::NotPermitted(error.into()),
        Error::Unreachable(_)
        | Error::NotSent(_)
        | Error::Unknown { .. }
        | Error::NotDeleted { .. } => Exit::Unreachable(error.into()),
        Error::NothingToRotate { .. } | Error::NothingToFinish { .. } => {
            Exit::NotFound(error.into())
        }
        Error::TooEarly(_) => Exit::Unconfirmed(error.into()),
        Error::Vault(_)
        | Error::Busy
        | Error::TooMany
        | Error::TooManyThere
        | Error::Odd(_)
        | Error::Refused(_)
        | Error::NotUsable(_)
        | Error::Stranger { .. }
        | Error::UnderWay { .. }
        | Error::NewestAmiss { .. } => Exit::Failure(error.into()),
    }
}
