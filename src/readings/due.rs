//! Serving the readings that are wanted: by the process on duty, oldest first, few at a time.

use std::time::Duration;

use anyhow::Context;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::journal::CauseKind;
use crate::ledger::Asker;
use crate::ledger::fuse;
use crate::ledger::readings_due;
use crate::ledger::readings_due::Due;
use crate::readings::Proof;
use crate::readings::Question;
use crate::readings::ReadError;
use crate::readings::Reader;
use crate::readings::Truth;

/// Taken in one round.
const ROUND_MAX: i64 = 16;
/// Of those, asked for together.
const AT_ONCE_MAX: usize = 4;
const WITHIN: Duration = Duration::from_secs(20);
/// Between two rounds; when nothing is due; when Smartpay or the database is away.
const PAUSE: Duration = Duration::from_millis(250);
const IDLE: Duration = Duration::from_secs(5);
const AWAY: Duration = Duration::from_secs(30);
/// One that could not be had is tried again after this, then after twice as long …
const AGAIN_FIRST: TimeDelta = TimeDelta::seconds(5);
/// … and so on, up to this.
const AGAIN_MAX: TimeDelta = TimeDelta::hours(1);
/// What a key has shown holds for so long: then it has to show it again.
const RUN: TimeDelta = TimeDelta::minutes(10);

/// What holds for several rounds.
#[derive(Default)]
pub struct Serving {
    proof: Proof,
    /// How many absences within 24 hours are believed.
    allowed: u64,
    began_at: Option<DateTime<Utc>>,
}

/// What came of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// So many were asked for.
    Served(usize),
    /// Smartpay gives no answer, or refuses the key.
    Away,
}

/// Serves for as long as the duty is held, until the task is aborted.
pub async fn serve(reader: Reader, mut held: watch::Receiver<bool>) {
    let mut serving = Serving::default();
    // Without whoever holds the lease there is no duty to do.
    while held.wait_for(|held| *held).await.is_ok() {
        let pause = match serve_round(&reader, &mut serving).await {
            Ok(Round::Served(0)) => IDLE,
            Ok(Round::Served(_)) => PAUSE,
            Ok(Round::Away) => AWAY,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "wanted readings wait");
                AWAY
            }
        };
        sleep(pause).await;
    }
}

/// One round: what is due gets one attempt.
pub async fn serve_round(reader: &Reader, serving: &mut Serving) -> anyhow::Result<Round> {
    let now = reader.clock.now();
    let mut connection = reader.pool.acquire().await?;
    let mut due = readings_due::oldest(&mut connection, now, ROUND_MAX).await?;
    if due.is_empty() {
        return Ok(Round::Served(0));
    }
    if serving.began_at.is_none_or(|began_at| now - began_at > RUN) {
        let allowed = fuse::allowed(&mut connection).await?;
        *serving = Serving { proof: Proof::default(), allowed, began_at: Some(now) };
    }
    drop(connection);
    let (count, mut away) = (due.len(), false);
    while !due.is_empty() && !away {
        let rest = due.split_off(due.len().min(AT_ONCE_MAX));
        away = serve_some(reader, serving, due).await?;
        due = rest;
    }
    Ok(if away { Round::Away } else { Round::Served(count) })
}

/// Whether Smartpay is away.
async fn serve_some(reader: &Reader, serving: &mut Serving, due: Vec<Due>) -> anyhow::Result<bool> {
    let mut under_way = JoinSet::new();
    for one in due {
        let (reader, allowed) = (reader.clone(), serving.allowed);
        let key = serving.proof.of(&one.reference);
        under_way.spawn(async move {
            let question =
                Question { absences_allowed: allowed, ..Question::plain(asker(&one), key) };
            let read = match reader.identify(&one.reference).await {
                Ok(Some(token)) => reader.read(&token, &question, WITHIN).await.map(Some),
                Ok(None) => Ok(None),
                Err(error) => Err(ReadError::Record(error)),
            };
            (one, read)
        });
    }
    let mut away = false;
    while let Some(joined) = under_way.join_next().await {
        let (one, read) = joined.context("reading what is due")?;
        match read {
            Ok(Some(read)) => match read.truth {
                Truth::Is(_) => serving.proof.note(&one.reference),
                // The next attempt will count.
                Truth::NotFound => {
                    reader.prove(&one.reference, &asker(&one), &mut serving.proof).await?;
                }
                Truth::Absent | Truth::Unclear => {}
            },
            Ok(None) => {}
            Err(ReadError::NoAnswer | ReadError::KeyRefused) => away = true,
            Err(error) => {
                let error = anyhow::Error::from(error);
                tracing::warn!(token = %one.reference, error = format!("{error:#}"), "not read");
            }
        }
        // Of one that was answered there is nothing left to put off.
        let next_at = reader.clock.now() + pause(one.tries);
        let mut connection = reader.pool.acquire().await?;
        readings_due::put_off(&mut connection, &one.reference, next_at).await?;
    }
    Ok(away)
}

fn asker(due: &Due) -> Asker {
    Asker {
        kind: CauseKind::Schedule,
        id: "readings".to_owned(),
        actor: None,
        reason: Some(due.cause.clone()),
        due: Some(due.wanted),
    }
}

fn pause(tries: i32) -> TimeDelta {
    let doublings = u32::try_from(tries).unwrap_or_default().min(16);
    (AGAIN_FIRST * (1_i32 << doublings)).min(AGAIN_MAX)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::readings::due::pause;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let pauses = [0, 1, 5, 9, 10, 99].map(|tries| pause(tries).num_seconds());
        assert_eq!(pauses, [5, 10, 160, 2_560, 3_600, 3_600]);
        assert_eq!(pause(i32::MAX), TimeDelta::hours(1));
    }
}
