//! `import tokens`: tokens and sessions that exist already, from a file or from stdin.

/// Flags.
mod options;
/// Reading, beside recording.
mod source;
/// What became of the lines.
mod tally;

pub(crate) use crate::cli::import::options::ImportCommand;

use tokio::sync::mpsc;
use tokio::sync::watch;

use tokenledger::clock::Clock;
use tokenledger::ledger::Authority;
use tokenledger::ledger::Refused;
use tokenledger::ledger::import::Run;
use tokenledger::ledger::import::Unreadable;
use tokenledger::smartpay::Expected;
use tokenledger::token::ProviderTime;

use crate::cli::exit::Exit;
use crate::cli::import::options::TokensOptions;
use crate::cli::import::source::Batch;
use crate::cli::import::tally::Tally;
use crate::cli::ledger::Opened;
use crate::cli::named::words;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;
use crate::cli::stop;

/// Why an import ended before the end of its file.
enum Stop {
    Interrupted,
    Refused(Refused),
    Unreadable(Unreadable),
}

pub(crate) async fn run(
    command: &ImportCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let ImportCommand::Tokens(options) = command;
    let run = Run::new(Authority {
        actor: words("--actor", &options.actor)?,
        reason: words("--reason", &options.reason)?,
    });
    let received_at = ProviderTime::from_millis(Clock::system().now().timestamp_millis());
    let window_ms = i64::try_from(settings.webhook_window.as_millis()).unwrap_or_default();
    let expected = Expected { mode: settings.mode()?, received_at, window_ms };
    let opened = if options.dry_run { None } else { Some(Opened::open(settings).await?) };
    let stopped = stop::signal()?;
    let batches = source::start(options, expected)?;
    let mut tally = Tally::new(opened.as_ref().map(|_| run.id.as_str()), printer);
    let stop = go(batches, stopped, opened.as_ref(), &run, &mut tally).await;
    if let Some(opened) = opened {
        opened.close().await?;
    }
    match stop {
        Some(Stop::Unreadable(error)) if tally.is_empty() => {
            return Err(unreadable(options, error));
        }
        Some(_) | None => tally.show()?,
    }
    match stop {
        None if tally.is_good() => {
            printer.hint("tokenledger doctor");
            Ok(())
        }
        None => Err(Exit::Found),
        Some(Stop::Interrupted) => {
            printer.say("interrupted: run it again to go on, what is recorded stays");
            Err(Exit::Interrupted)
        }
        Some(Stop::Refused(refused)) => {
            printer.say("stopped: run it again to go on, what is recorded stays");
            Err(Exit::Unreachable(refused.into()))
        }
        Some(Stop::Unreadable(error)) => Err(unreadable(options, error)),
    }
}

/// Takes batch after batch, until something stops it.
async fn go(
    mut batches: mpsc::Receiver<Result<Batch, Unreadable>>,
    mut stopped: watch::Receiver<bool>,
    opened: Option<&Opened>,
    run: &Run,
    tally: &mut Tally<'_>,
) -> Option<Stop> {
    loop {
        let batch = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return Some(Stop::Interrupted),
            batch = batches.recv() => batch?,
        };
        let lines = match batch {
            Ok(batch) => tally.take(batch),
            Err(error) => return Some(Stop::Unreadable(error)),
        };
        let Some(opened) = opened else { continue };
        let mut refusal = None;
        for result in opened.import(lines, run).await {
            match result {
                Ok(receipt) => tally.count(&receipt),
                Err(refused) => refusal = Some(Stop::Refused(refused)),
            }
        }
        if refusal.is_some() {
            return refusal;
        }
    }
}

fn unreadable(options: &TokensOptions, error: Unreadable) -> Exit {
    let file = options.file.display();
    match error {
        Unreadable::Io(error) => {
            Exit::Failure(anyhow::Error::from(error).context(format!("reading {file}")))
        }
        Unreadable::Empty
        | Unreadable::Columns { .. }
        | Unreadable::UnknownColumn { .. }
        | Unreadable::ColumnTwice { .. }
        | Unreadable::ColumnMissing { .. } => {
            Exit::Usage(anyhow::Error::from(error).context(format!("{file} is no list of tokens")))
        }
    }
}
