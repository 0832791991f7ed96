//! Runs by themselves: on duty, once in so long; and what metrics tell of the last one.

use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgPool;
use tokio::sync::watch;
use tokio::time::interval;

use crate::clock::Clock;
use crate::reconcile::begin::CannotBegin;
use crate::reconcile::options::Options;
use crate::reconcile::run::Run;
use crate::reconcile::run::State;
use crate::reconcile::store;
use crate::reconcile::work::Reconciler;
use crate::reconcile::work::Watching;

/// Who runs it, in what it records.
const ACTOR: &str = "schedule";
/// How often is looked whether it is time.
const LOOK: Duration = Duration::from_secs(15);
/// A run that was stopped goes on after this.
const GOES_ON_AFTER: TimeDelta = TimeDelta::minutes(5);

/// Runs once in `every` while the duty is held, until the task is aborted. Whoever begins a run by
/// hand puts the next one off.
pub async fn on_schedule(reconciler: Reconciler, held: watch::Receiver<bool>, every: Duration) {
    let every = TimeDelta::from_std(every).unwrap_or(TimeDelta::MAX);
    let began_at = reconciler.reader.clock.now();
    let mut ticks = interval(LOOK);
    loop {
        ticks.tick().await;
        if !*held.borrow() {
            continue;
        }
        let now = reconciler.reader.clock.now();
        match newest(&reconciler.reader.pool).await {
            Ok(last) if is_due(last.as_ref(), began_at, every, now) => run(&reconciler).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "the reconciliation waits");
            }
        }
    }
}

/// Tells metrics of the last run that ended well, whichever process did it, until the task is
/// aborted.
pub async fn tell_metrics(pool: PgPool, clock: Clock) {
    let mut ticks = interval(LOOK);
    loop {
        ticks.tick().await;
        let Ok(mut connection) = pool.acquire().await else { continue };
        let Ok(Some(run)) = store::last_done(&mut connection).await else { continue };
        let age = (clock.now() - run.ended_at.unwrap_or(run.moved_at)).num_seconds();
        metrics::gauge!("tokenledger_reconciled_seconds").set(gauge(age));
        metrics::gauge!("tokenledger_drift_tokens").set(gauge(run.counts.different));
    }
}

async fn newest(pool: &PgPool) -> anyhow::Result<Option<Run>> {
    let mut connection = pool.acquire().await?;
    Ok(store::newest(&mut connection, i64::MAX, 1).await?.pop())
}

fn is_due(
    last: Option<&Run>,
    began_at: DateTime<Utc>,
    every: TimeDelta,
    now: DateTime<Utc>,
) -> bool {
    match last {
        // A ledger that begins has other worries first.
        None => now - began_at >= every,
        Some(run) => match run.state {
            // Perhaps nobody is at work on it any more: then it goes on.
            State::Running | State::Stopped => now - run.moved_at >= GOES_ON_AFTER.min(every),
            State::Done | State::Failed => now - run.started_at >= every,
        },
    }
}

async fn run(reconciler: &Reconciler) {
    let begun = match reconciler.begin(Options::default(), ACTOR).await {
        Ok(begun) => begun,
        Err(CannotBegin::AtWork(_)) => return,
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::warn!(error = format!("{error:#}"), "the reconciliation cannot begin");
            return;
        }
    };
    // Nobody stops it but the end of the task.
    let (_stop, stopped) = watch::channel(false);
    let moved = watch::channel(begun.run.clone()).0;
    match reconciler.work(begun, Watching { stopped, moved }).await {
        Ok(run) => {
            if let Some(ending) = run.ending {
                tracing::error!(run = run.id, %ending, "{}", ending.explain());
            }
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "the reconciliation was cut short");
        }
    }
}

fn gauge(value: i64) -> u32 {
    u32::try_from(value.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono::TimeDelta;

    use crate::reconcile::ending::Ending;
    use crate::reconcile::options::Options;
    use crate::reconcile::run::Run;
    use crate::reconcile::schedule::is_due;

    #[test]
    fn it_is_time_once_in_a_day_and_sooner_for_what_was_stopped() {
        let day = TimeDelta::days(1);
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let due = |last: Option<&Run>, minutes| is_due(last, at(0), day, at(minutes));
        assert_eq!([due(None, 1_439), due(None, 1_440)], [false, true]);
        let mut run = Run::new("a test", Options::default(), at(100));
        assert_eq!([due(Some(&run), 104), due(Some(&run), 105)], [false, true]);
        run.end(Some(Ending::Unreachable), at(101));
        assert_eq!([due(Some(&run), 104), due(Some(&run), 105)], [false, true]);
        for ending in [None, Some(Ending::TooManyAbsences)] {
            run.end(ending, at(101));
            assert_eq!([due(Some(&run), 1_539), due(Some(&run), 1_540)], [false, true]);
        }
    }
}
