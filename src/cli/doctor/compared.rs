//! When ledger and Smartpay were compared last, and how that ended.

use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use tokenledger::reconcile::Ending;
use tokenledger::reconcile::Run;
use tokenledger::reconcile::State;

use crate::cli::doctor::judge::span;
use crate::cli::doctor::line::Line;
use crate::cli::events::stamp;

const CHECK: &str = "reconcile";

/// A run that fails, or none for twice as long as there should be, is worth a look.
pub(crate) fn last(run: Option<&Run>, every: Option<Duration>, now: DateTime<Utc>) -> Line {
    let Some(run) = run else {
        let words = "nothing was compared with Smartpay yet → tokenledger reconcile run";
        return Line::good(CHECK, words, Value::Null);
    };
    let counts = &run.counts;
    let facts = json!({
        "id": run.id,
        "state": run.state.as_str(),
        "ending": run.ending.map(Ending::as_str),
        "started_at": stamp(run.started_at),
        "matched": counts.matched,
        "different": counts.different,
        "recorded": counts.recorded,
    });
    let age = span(now - run.started_at);
    let counted = format!(
        "{} matched, {} different, {} recorded",
        counts.matched, counts.different, counts.recorded
    );
    match (run.state, run.ending) {
        (State::Stopped | State::Failed, Some(ending)) => {
            let words = format!("{} {age} ago: {}", run.id, ending.explain());
            Line::odd(CHECK, words, facts)
        }
        (State::Running, _) => {
            Line::good(CHECK, format!("{} is at work since {age}: {counted}", run.id), facts)
        }
        (State::Done | State::Stopped | State::Failed, _) => {
            let words = format!("{} {age} ago: {counted}", run.id);
            let longest = every.and_then(|every| TimeDelta::from_std(every * 2).ok());
            if longest.is_some_and(|longest| now - run.started_at > longest) {
                return Line::odd(CHECK, words, facts);
            }
            Line::good(CHECK, words, facts)
        }
    }
}
