//! What was asked of Smartpay, and is not over.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use tokenledger::ledger::intents::IntentState;
use tokenledger::ledger::intents::Unfinished;

use crate::cli::doctor::judge::span;
use crate::cli::doctor::line::Line;
use crate::cli::events::stamp;

/// What is open for longer was not resolved by the tries of the first minutes.
const OPEN_MINUTES_MAX: i64 = 15;

pub(crate) fn intents(unfinished: &[Unfinished], now: DateTime<Utc>) -> Line {
    let words: Vec<String> = unfinished
        .iter()
        .map(|row| {
            format!("{} {}, the oldest for {}", row.count, row.state, span(now - row.oldest))
        })
        .collect();
    let facts: Vec<Value> = unfinished
        .iter()
        .map(|row| json!({ "state": row.state, "count": row.count, "oldest": stamp(row.oldest) }))
        .collect();
    let is_odd = |row: &Unfinished| {
        row.state == IntentState::Unresolved.as_str()
            || now - row.oldest > TimeDelta::minutes(OPEN_MINUTES_MAX)
    };
    if unfinished.is_empty() {
        Line::good("intents", "no command to Smartpay is open", json!(facts))
    } else if unfinished.iter().any(is_odd) {
        Line::odd("intents", words.join("; "), json!(facts))
    } else {
        Line::good("intents", words.join("; "), json!(facts))
    }
}
