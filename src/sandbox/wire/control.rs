//! What tests and people do that no merchant can: play the shopper and time, see everything, set
//! faults. Without a key: the sandbox is for one machine.

use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;
use sqlx::Connection;

use crate::sandbox::Sandbox;
use crate::sandbox::ahead;
use crate::sandbox::faults;
use crate::sandbox::faults::Faults;
use crate::sandbox::trigger;
use crate::sandbox::trigger::Trigger;
use crate::sandbox::trigger::TriggerError;
use crate::sandbox::truth;
use crate::sandbox::wire::answer::Answer;
use crate::sandbox::wire::answer::Refusal;
use crate::sandbox::wire::asks;
use crate::sandbox::wire::call::Call;
use crate::sandbox::wire::call::Shopper;
use crate::sandbox::wire::write;

pub(super) async fn session(
    State(sandbox): State<Sandbox>,
    Path((id, action)): Path<(String, String)>,
) -> Result<Answer, Refusal> {
    let shopper = match action.as_str() {
        "approve" => Shopper::Approves,
        "reject" => Shopper::Rejects,
        "cancel" => Shopper::Cancels,
        "expire" => Shopper::Forgets,
        "charge" => Shopper::Buys,
        _ => {
            let known = "a session can be approved, rejected, canceled, expired and charged";
            return Err(Refusal::not_found("route.not-found", known));
        }
    };
    write::perform(&sandbox, Call::Shopper(id, shopper)).await
}

pub(super) async fn tokens(State(sandbox): State<Sandbox>) -> Result<Answer, Refusal> {
    let mut connection = sandbox.pool.acquire().await?;
    Ok(Answer::json(&json!({ "tokens": truth::all(&mut connection).await? })))
}

pub(super) async fn faults(State(sandbox): State<Sandbox>) -> Result<Answer, Refusal> {
    let mut connection = sandbox.pool.acquire().await?;
    Ok(Answer::json(&faults::read(&mut connection).await?))
}

pub(super) async fn set_faults(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Answer, Refusal> {
    let faults: Faults = read(request).await?;
    if let Some(name) = faults.refused() {
        return Err(Refusal::invalid(vec![format!("{name} is more than a day")]));
    }
    let mut connection = sandbox.pool.acquire().await?;
    faults::set(&mut connection, &faults).await?;
    Ok(Answer::json(&faults))
}

pub(super) async fn clock(State(sandbox): State<Sandbox>) -> Answer {
    Answer::json(&json!({ "now": sandbox.clock.now() }))
}

/// Moves the clock on, and with it all that waits for a time.
pub(super) async fn move_clock(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Answer, Refusal> {
    let to: Move = read(request).await?;
    if !sandbox.movable {
        let why = "beside a ledger the clock is the system's: run `tokenledger sandbox` alone";
        return Err(Refusal::conflict("clock.fixed", why));
    }
    let mut connection = sandbox.pool.acquire().await?;
    let mut tx = connection.begin().await?;
    let moved = ahead::hold(&mut tx).await?;
    let ahead_ms = match (to.now, to.advance_ms) {
        (None, Some(ms)) => moved.saturating_add(i64::from(ms)),
        (Some(now), None) => {
            let left_ms = (now - sandbox.clock.now()).num_milliseconds();
            if left_ms < 0 {
                return Err(Refusal::invalid(vec!["the clock only goes forward".to_owned()]));
            }
            moved.saturating_add(left_ms)
        }
        (None, None) | (Some(_), Some(_)) => {
            return Err(Refusal::invalid(vec!["give either now or advance_ms".to_owned()]));
        }
    };
    if ahead_ms > ahead::AHEAD_MS_MAX {
        return Err(Refusal::invalid(vec!["that is more than ten years ahead".to_owned()]));
    }
    ahead::set(&mut tx, ahead_ms).await?;
    tx.commit().await?;
    sandbox.clock.run_ahead(ahead_ms);
    sandbox.wake();
    Ok(Answer::json(&json!({ "now": sandbox.clock.now() })))
}

pub(super) async fn trigger(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Answer, Refusal> {
    let trigger: Trigger = read(request).await?;
    Ok(Answer::json(&trigger::trigger(&sandbox, &trigger).await?))
}

/// Where to move the clock: one of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    now: Option<DateTime<Utc>>,
    advance_ms: Option<u32>,
}

/// The controls are ours: a misspelt field is told.
async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let object = asks::object(&asks::read(request.into_body()).await?)?;
    let read = serde_json::from_value(Value::Object(object));
    read.map_err(|error| Refusal::invalid(vec![error.to_string()]))
}

impl From<TriggerError> for Refusal {
    fn from(error: TriggerError) -> Refusal {
        let message = error.to_string();
        match error {
            TriggerError::Wrong(_) => Refusal::invalid(vec![message]),
            TriggerError::NoSuchToken | TriggerError::NoToken(_) => {
                Refusal::not_found("token.not-found", &message)
            }
            TriggerError::Illegal(_) => Refusal::conflict("token.status", message),
            TriggerError::NotDelivered(_) => Refusal::bad_gateway(message),
            TriggerError::Database(error) => error.into(),
        }
    }
}
