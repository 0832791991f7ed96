//! Disable, enable, delete: through Smartpay, and only then into the ledger.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Map;
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::api::App;
use crate::api::auth::Caller;
use crate::api::idempotency::WriteRequest;
use crate::api::intents;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::problem::Problem;
use crate::api::shapes::TokenShape;
use crate::api::tokens::at;
use crate::api::tokens::etag;
use crate::api::tokens::reference;
use crate::api::wrap::no_parameters;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentKind;
use crate::ledger::intents::IntentState;
use crate::outbox::Order;
use crate::projections::tokens;
use crate::vault::Ref;

const REASON_CHARS_MAX: usize = 200;

type InPath = Result<Path<String>, PathRejection>;

/// `POST /v1/tokens/{ref}/disable` `{"reason"}`.
pub(super) async fn disable(
    State(app): State<Arc<App>>,
    path: InPath,
    request: Request,
) -> Result<Response, Problem> {
    change(&app, IntentKind::Disable, path, request).await
}

/// `POST /v1/tokens/{ref}/enable` `{"reason"}`.
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    path: InPath,
    request: Request,
) -> Result<Response, Problem> {
    change(&app, IntentKind::Enable, path, request).await
}

/// `DELETE /v1/tokens/{ref}` `{"reason"}`. Final.
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    path: InPath,
    request: Request,
) -> Result<Response, Problem> {
    change(&app, IntentKind::Delete, path, request).await
}

/// 200 with the token once it is done and read back; 202 while that is open.
async fn change(
    app: &App,
    kind: IntentKind,
    path: InPath,
    request: Request,
) -> Result<Response, Problem> {
    no_parameters(request.uri())?;
    let reference = reference(path)?;
    let asked = Asked::of(&request);
    let headers = request.headers().clone();
    let fields = read(&headers, request.into_body()).await?;
    let reason = reason(&fields)?;
    // A request that comes again goes on with what it began, which may have changed the version.
    if intents::outbox(app)?.begun(&asked.request_id).await?.is_none() {
        expect_version(app, &reference, &headers).await?;
    }
    let order = Order {
        kind,
        reference: Some(&reference),
        session: None,
        actor: &asked.actor,
        reason: Some(&reason),
        request_id: Some(&asked.request_id),
    };
    let (intent, _) = intents::perform(app, &order).await?;
    match intent.state {
        IntentState::Settled => done(app, &reference).await,
        IntentState::Open | IntentState::Unresolved => Ok(intents::accepted(&intent)),
        IntentState::Overtaken => Err(overtaken(&intent)),
        IntentState::Refused | IntentState::NotCreated => Err(intents::refused(&intent)),
    }
}

/// Who asks, and under which key.
pub(super) struct Asked {
    pub actor: String,
    pub request_id: Arc<str>,
}

impl Asked {
    pub(super) fn of(request: &Request) -> Self {
        let caller = request.extensions().get::<Caller>().expect("writes pass `authorize`");
        let write = request.extensions().get::<WriteRequest>().expect("writes pass `once`");
        Self { actor: format!("key {}", caller.key_id), request_id: Arc::clone(&write.id) }
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Map<String, Value>, Problem> {
    object::read(headers, body, REQUEST_BYTES_MAX, &["reason"]).await
}

/// Why: it stands in history, beside who asked.
pub(super) fn reason(fields: &Map<String, Value>) -> Result<String, Problem> {
    let what = || Problem::validation("/reason", "say why, in 1 to 200 characters");
    let text = fields.get("reason").and_then(Value::as_str).ok_or_else(what)?;
    let fits = (1..=REASON_CHARS_MAX).contains(&text.chars().count());
    if !fits || text.contains(char::is_control) || text.trim().is_empty() {
        return Err(what());
    }
    if text.contains(crate::smartpay::ids::TOKEN_ID_PREFIX) {
        return Err(Problem::validation("/reason", "it holds a Smartpay token id: leave that out"));
    }
    Ok(text.to_owned())
}

/// That the ledger knows the token, in the version of `If-Match` if one is given.
pub(super) async fn expect_version(
    app: &App,
    reference: &Ref,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let question = async |connection: &mut PgConnection| tokens::find(connection, reference).await;
    let answer = app.readers.answer(question).await?;
    let record = answer.found.ok_or_else(Problem::not_found)?;
    let mut wanted = headers.get_all(header::IF_MATCH).iter().peekable();
    let now = etag(answer.incarnation, &record);
    let holds = wanted.peek().is_none()
        || wanted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
            .any(|tag| tag.trim() == "*" || tag.trim() == now);
    if holds {
        return Ok(());
    }
    let detail = format!("the token has changed: its version is {now}; read it again");
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail))
}

/// The token as it is now.
pub(super) async fn done(app: &App, reference: &Ref) -> Result<Response, Problem> {
    let question = async |connection: &mut PgConnection| tokens::find(connection, reference).await;
    let answer = app.readers.answer(question).await?;
    let record = answer.found.ok_or_else(Problem::not_found)?;
    let tag = [(header::ETAG, etag(answer.incarnation, &record))];
    let shape = TokenShape::of(record, app.mode.as_str());
    Ok(at(answer.as_of, (tag, Json(shape)).into_response()))
}

fn overtaken(intent: &Intent) -> Problem {
    let detail = format!(
        "Smartpay took the command, but shows something newer ({}): read the token, then decide",
        intent.id
    );
    Problem::new(StatusCode::CONFLICT, "token_state_conflict", detail).decided()
}
