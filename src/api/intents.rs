//! Intents: carrying one out within a request, and showing one.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::access::Scope;
use crate::api::App;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::api::shapes::time;
use crate::api::wrap::no_parameters;
use crate::ledger::intents;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentId;
use crate::outbox;
use crate::outbox::Left;
use crate::outbox::Order;
use crate::outbox::Outbox;
use crate::outbox::is_passing;

/// How long a caller waits for the outcome; then it is told where to look for it.
const OUTCOME_WAIT: Duration = Duration::from_secs(10);

/// Keeps the intent, or finds the one of the same request, and makes an attempt. The attempt goes on
/// when the wait is over.
pub(super) async fn perform(app: &App, order: &Order<'_>) -> Result<(Intent, Left), Problem> {
    let outbox = outbox(app)?;
    let (intent, _) = outbox.begin(order).await?;
    if intent.state.is_final() {
        return Ok((intent, Left::Nothing));
    }
    let (attempting, id) = (outbox.clone(), intent.id.clone());
    let attempt = tokio::spawn(async move { attempting.carry_out(&id).await });
    let left = match timeout(OUTCOME_WAIT, attempt).await {
        Ok(Ok(Ok(left))) => left,
        Ok(Ok(Err(error))) => {
            tracing::warn!(intent = %intent.id, error = format!("{error:#}"), "an intent waits");
            Left::NoAnswer
        }
        Ok(Err(_panicked)) => return Err(Problem::internal()),
        Err(_elapsed) => Left::NoAnswer,
    };
    let intent = outbox.find(&intent.id).await?.ok_or_else(Problem::internal)?;
    Ok((intent, left))
}

pub(super) fn outbox(app: &App) -> Result<&Outbox, Problem> {
    app.outbox.as_ref().ok_or_else(|| {
        unavailable("this service has no key of Smartpay: set TOKENLEDGER_SMARTPAY_SECRET_KEY")
    })
}

pub(super) fn unavailable(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, "smartpay_unavailable", detail)
}

/// 202: where the outcome will be.
pub(super) fn accepted(intent: &Intent) -> Response {
    let place = [(header::LOCATION, place(intent))];
    (StatusCode::ACCEPTED, place, Json(IntentShape::of(intent, None))).into_response()
}

pub(super) fn place(intent: &Intent) -> String {
    format!("/v1/intents/{}", intent.id)
}

/// What a refusal of Smartpay's is to our caller. One that may pass is no answer to keep.
pub(super) fn refused(intent: &Intent) -> Problem {
    match intent.error_code.as_deref() {
        None => unavailable("Smartpay could not be reached; nothing was sent, so try again"),
        Some(code) if is_passing(code) => unavailable(format!(
            "Smartpay refuses this service for now ({code}); nothing changed, so try again later"
        )),
        Some("token.not-found") => {
            let detail = "Smartpay does not take this of the token as it is (token.not-found): \
                          it is pending, deleted, or not of this account";
            Problem::new(StatusCode::CONFLICT, "token_state_conflict", detail).decided()
        }
        Some(code) => {
            let detail = format!("Smartpay refused the request: {code}");
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, "smartpay_rejected", detail).with_error_code(code).decided()
        }
    }
}

/// `GET /v1/intents/{id}`. The page of a session is for those who may create sessions.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let Path(id) = path.map_err(|_| Problem::not_found())?;
    let id = IntentId::parse(&id).ok_or_else(Problem::not_found)?;
    let mut connection = app.pool.acquire().await?;
    let intent = intents::find(&mut connection, &id).await?.ok_or_else(Problem::not_found)?;
    let shows = caller.may(Scope::SessionsWrite);
    let page = if shows { outbox::page(&app.vault, &intent)? } else { None };
    let url = page.map(|page| page.expose_secret().to_owned());
    let private = [(header::CACHE_CONTROL, "no-store")];
    Ok((private, Json(IntentShape::of(&intent, url))).into_response())
}

/// A command to Smartpay, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Intent)]
pub(super) struct IntentShape {
    pub id: String,
    pub kind: &'static str,
    pub state: &'static str,
    #[schema(required = true)]
    pub r#ref: Option<String>,
    #[schema(required = true)]
    pub session_id: Option<String>,
    /// Where the shopper goes, for a day.
    #[schema(required = true)]
    pub url: Option<String>,
    /// Smartpay's own word for its refusal.
    #[schema(required = true)]
    pub error_code: Option<String>,
    pub actor: String,
    #[schema(required = true)]
    pub reason: Option<String>,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime, required = true)]
    pub settled_at: Option<String>,
}

impl IntentShape {
    pub(super) fn of(intent: &Intent, url: Option<String>) -> Self {
        Self {
            id: intent.id.to_string(),
            kind: intent.kind.as_str(),
            state: intent.state.as_str(),
            r#ref: intent.reference.as_ref().map(ToString::to_string),
            session_id: intent.session.clone(),
            url,
            error_code: intent.error_code.clone(),
            actor: intent.actor.clone(),
            reason: intent.reason.clone(),
            created_at: time(intent.created_at),
            settled_at: intent.settled_at.map(time),
        }
    }
}
