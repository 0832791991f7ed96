//! The terminal's side: flags, settings, output, exit codes; one file per subcommand.

/// How a command ends.
pub(crate) mod exit;
/// Tokens, deliveries and time zones, as people name them.
pub(crate) mod named;
/// Every command and flag.
pub(crate) mod options;
/// The only place that reads the environment.
mod environment;
/// The configuration, each setting with its source.
pub(crate) mod settings;
/// Logs on stderr.
mod logs;
/// Tables, plain text and JSON on stdout.
pub(crate) mod output;
/// The ledger's database, as the commands that look need it.
mod database;

mod config;
mod token;
mod lifeline;
mod consumer;
mod inbox;
mod events;
/// Access keys.
pub(crate) mod keys;
mod verify;
/// Endpoints at Smartpay.
pub(crate) mod webhooks;
/// One look at everything.
pub(crate) mod doctor;
mod replay;
/// Keys that seal.
pub(crate) mod vault;

/// The ledger, for commands that record something themselves.
mod ledger;
/// Ctrl-C and SIGTERM.
mod stop;
/// Everything in one process, and the pretend Smartpay alone.
pub(crate) mod dev;
mod serve;
mod migrate;
mod trigger;
/// Comparing with Smartpay.
pub(crate) mod reconcile;
/// Tokens that exist already.
pub(crate) mod import;

use crate::cli::exit::Exit;
use crate::cli::logs::Form;
use crate::cli::options::Command;
use crate::cli::options::Options;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

/// Runs one command.
pub(crate) async fn run(options: Options) -> Result<(), Exit> {
    let shared = &options.shared;
    if let Command::Dev(dev) = &options.command {
        logs::start(settings::log_of_environment()?.as_deref(), Form::Plain)?;
        return dev::run(dev, shared).await;
    }
    if let Command::Sandbox(sandbox) = &options.command {
        logs::start(settings::log_of_environment()?.as_deref(), Form::Plain)?;
        return dev::sandbox::run(sandbox, shared).await;
    }
    if let Command::Demo(command) = &options.command {
        logs::start(settings::log_of_environment()?.as_deref(), Form::Plain)?;
        return dev::reset::run(command, shared).await;
    }
    let printer = Printer::new(shared);
    let gathered = settings::gather(shared)?;
    for warning in &gathered.warnings {
        printer.say(&format!("warning: {warning}"));
    }
    if let Command::Config(_) = &options.command {
        return config::show(&gathered, &printer);
    }
    let settings = Settings::parse(&gathered)?;
    logs::start(settings.log.as_deref(), Form::of(&options.command))?;
    match options.command {
        Command::Dev(_) | Command::Sandbox(_) | Command::Demo(_) | Command::Config(_) => {
            unreachable!("they returned above")
        }
        Command::Serve => serve::run(&settings).await,
        Command::Migrate => migrate::run(&settings, &printer).await,
        Command::Trigger(trigger) => {
            trigger::run(&trigger, shared.data.as_deref(), &settings, &printer).await
        }
        Command::Import(command) => import::run(&command, &settings, &printer).await,
        Command::Token(command) => token::run(&command, &settings, &printer).await,
        Command::Consumer(command) => consumer::run(&command, &settings, &printer).await,
        Command::Inbox(command) => inbox::run(&command, &settings, &printer).await,
        Command::Events(command) => events::run(&command, &settings, &printer).await,
        Command::Keys(command) => keys::run(&command, &settings, &printer).await,
        Command::Reconcile(command) => reconcile::run(&command, &settings, &printer).await,
        Command::Webhooks(command) => webhooks::run(&command, &settings, &printer).await,
        Command::Vault(command) => vault::run(&command, &settings, &printer).await,
        Command::Doctor(doctor) => doctor::run(&doctor, &settings, &printer).await,
        Command::Verify(verify) => verify::run(&verify, &settings, &printer).await,
        Command::Replay(replay) => replay::run(&replay, &settings, &printer).await,
    }
}
