//! What tests and people do that no merchant can: play the shopper and time, see everything, set
//! faults. Without a key: the sandbox is for one machine.

use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use crate::sandbox::Sandbox;
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
        _ => {
            let known = "a session can be approved, rejected, canceled and expired";
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
        return Err(Refusal::invalid(vec![format!("{name} is more than an hour")]));
    }
    let mut connection = sandbox.pool.acquire().await?;
    faults::set(&mut connection, &faults).await?;
    Ok(Answer::json(&faults))
}

pub(super) async fn trigger(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Answer, Refusal> {
    let trigger: Trigger = read(request).await?;
    Ok(Answer::json(&trigger::trigger(&sandbox, &trigger).await?))
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
