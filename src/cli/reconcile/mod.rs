//! `reconcile run`, `reconcile show` and `reconcile list`: comparing with Smartpay.

/// Flags.
mod options;
/// A run as JSON.
mod document;
/// A run in words and in tables.
mod words;

pub(crate) use crate::cli::reconcile::options::ReconcileCommand;

use std::time::Duration;

use sqlx::postgres::PgConnection;
use tokio::sync::watch;
use tokio::time::interval;

use tokenledger::clock::Clock;
use tokenledger::reconcile;
use tokenledger::reconcile::CannotBegin;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::Reconciler;
use tokenledger::reconcile::Run;
use tokenledger::reconcile::Watching;

use crate::cli::database;
use crate::cli::exit::Exit;
use crate::cli::ledger::Opened;
use crate::cli::output::Printer;
use crate::cli::reconcile::options::RunOptions;
use crate::cli::settings::Settings;
use crate::cli::stop;

/// Who runs it from a terminal, in what it records.
const ACTOR: &str = "cli";
/// Differences are read so many at a time.
const PAGE: i64 = 500;
/// Of differences that follow a run; `show --diff` has the others.
const NAMED_MAX: usize = 20;
/// Where nobody watches, a line tells now and then how far it is.
const LOG_PAUSE: Duration = Duration::from_secs(10);

pub(crate) async fn run(
    command: &ReconcileCommand,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    match command {
        ReconcileCommand::Run(options) => compare(options, settings, printer).await,
        ReconcileCommand::Show { id, diff } => {
            let pool = database::open(settings).await?;
            let mut connection = pool.acquire().await?;
            let run = reconcile::find(&mut connection, id).await?.ok_or_else(|| {
                Exit::not_found(format!(
                    "ledger {} has no run with this id: `tokenledger reconcile list` lists them",
                    settings.ledger
                ))
            })?;
            let found = if *diff { Some(all_of(&mut connection, &run).await?) } else { None };
            words::show(&run, found.as_deref(), printer)
        }
        ReconcileCommand::List { limit } => {
            let pool = database::open(settings).await?;
            let mut connection = pool.acquire().await?;
            let runs = reconcile::newest(&mut connection, i64::MAX, *limit).await?;
            words::list(&runs, printer)?;
            match runs.first() {
                Some(run) => printer.hint(&format!("tokenledger reconcile show {} --diff", run.id)),
                None => printer.say("nothing was compared yet: tokenledger reconcile run"),
            }
            Ok(())
        }
    }
}

async fn compare(options: &RunOptions, settings: &Settings, printer: &Printer) -> Result<(), Exit> {
    // Before anything is opened: without a key there is nothing to compare with.
    settings.smartpay(&Clock::system())?;
    let stopped = stop::signal()?;
    let pool = database::open(settings).await?;
    let opened = Opened::open(settings).await?;
    let reader = opened.reader(pool.clone(), settings)?;
    let reconciler = Reconciler { reader, pace: reconcile::Pace::STANDARD };
    let begun = reconciler.begin(options.options(), ACTOR).await.map_err(cannot_begin);
    let worked = match begun {
        Ok(begun) => {
            if begun.goes_on {
                printer.say(&format!("going on with {}", begun.run.id));
            }
            let (moved, follower) = watch::channel(begun.run.clone());
            let told = tokio::spawn(tell(follower, printer.clone()));
            let worked = reconciler.work(begun, Watching { stopped, moved }).await;
            // It ends by itself: nobody moves any more.
            drop(told.await);
            worked.map_err(Exit::from)
        }
        Err(exit) => Err(exit),
    };
    drop(reconciler);
    opened.close().await?;
    printer.clear_progress();
    let run = worked?;
    let found = all_of(&mut *pool.acquire().await?, &run).await?;
    let named = found.get(..found.len().min(NAMED_MAX)).unwrap_or_default();
    words::show(&run, Some(named), printer)?;
    if !found.is_empty() {
        printer.hint(&format!("tokenledger reconcile show {} --diff", run.id));
    }
    outcome(&run)
}

fn outcome(run: &Run) -> Result<(), Exit> {
    let Some(ending) = run.ending else {
        return if run.counts.different == 0 { Ok(()) } else { Err(Exit::Found) };
    };
    let error = anyhow::Error::msg(words::ending(run, ending));
    Err(match ending {
        Ending::Interrupted => Exit::Interrupted,
        Ending::Unreachable | Ending::NotRecorded => Exit::Unreachable(error),
        Ending::KeyRefused | Ending::KeyUnproven => Exit::NotPermitted(error),
        Ending::TooManyAbsences => Exit::Unconfirmed(error),
        Ending::ListUnreadable | Ending::ListRepeats | Ending::ListEndless => Exit::Failure(error),
    })
}

fn cannot_begin(error: CannotBegin) -> Exit {
    match error {
        CannotBegin::Database(error) => error.into(),
        CannotBegin::WrongMode => Exit::Usage(error.into()),
        CannotBegin::AtWork(_) => {
            Exit::Failure(anyhow::Error::from(error).context("wait for it, or stop it"))
        }
    }
}

/// How far it is: a line that is redrawn for who watches, else one every ten seconds.
async fn tell(mut follower: watch::Receiver<Run>, printer: Printer) {
    let mut ticks = interval(LOG_PAUSE);
    ticks.tick().await;
    loop {
        tokio::select! {
            moved = follower.changed() => {
                if moved.is_err() {
                    return;
                }
                let words = words::progress(&follower.borrow_and_update());
                printer.progress(&words);
            }
            _ = ticks.tick() => {
                let words = words::progress(&follower.borrow());
                printer.say_unwatched(&words);
            }
        }
    }
}

async fn all_of(
    connection: &mut PgConnection,
    run: &Run,
) -> Result<Vec<reconcile::Difference>, Exit> {
    let mut found: Vec<reconcile::Difference> = Vec::new();
    loop {
        let after = found.last().map(|last| last.reference.to_string()).unwrap_or_default();
        let page = reconcile::differences_of(connection, &run.id, &after, PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}
