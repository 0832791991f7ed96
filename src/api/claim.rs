//! Whose a token is, corrected by a person's word.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::response::IntoResponse;
use axum::response::Response;
use sqlx::postgres::PgConnection;

use crate::api::App;
use crate::api::auth::Caller;
use crate::api::changes::reason;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::problem::Problem;
use crate::api::shapes::TokenShape;
use crate::api::tokens::at;
use crate::api::tokens::reference;
use crate::api::wrap::no_parameters;
use crate::journal;
use crate::ledger::Authority;
use crate::ledger::Claimed;
use crate::ledger::Submission;
use crate::projections::tokens;
use crate::smartpay::TokenId;
use crate::token::Claim;
use crate::token::ClaimOrigin;
use crate::token::Consumer;
use crate::token::ProviderTime;
use crate::token::SessionId;
use crate::vault;
use crate::vault::Ref;

/// `POST /v1/tokens/{ref}/claim` `{"consumer","reason","session_id"?}` → the token. Without a
/// session it stays that of the latest claim; what is so already adds no event.
pub(super) async fn claim(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    no_parameters(&parts.uri)?;
    let reference = reference(path)?;
    let known = ["consumer", "reason", "session_id"];
    let fields = object::read(&parts.headers, body, REQUEST_BYTES_MAX, &known).await?;
    let consumer = Consumer::parse(object::text(&fields, "consumer")?)
        .map_err(|error| Problem::validation("/consumer", error.to_string()))?;
    let reason = reason(&fields)?;
    let session = fields.get("session_id").map(|_| object::text(&fields, "session_id"));
    let session = session.transpose()?.map(SessionId::parse).transpose();
    let session = session.map_err(|error| Problem::validation("/session_id", error.to_string()))?;
    let (id, token_created_at) = known_token(&app, &reference).await?;
    let claim = Claim {
        token_created_at,
        session,
        consumer: Some(consumer),
        reference: None,
        origin: ClaimOrigin::Correction,
    };
    let authority = Authority { actor: format!("key {}", caller.key_id), reason };
    let claimed = Claimed::new(&app.vault, id, claim, authority, app.clock.now());
    let wait = caller.span.and_then(|span| span.child("queue"));
    let receipt = app.ledger.submit_traced(Submission::Claim(claimed), wait).await;
    receipt.map_err(|refused| Problem::busy(&format!("{refused}; send it again")))?;
    let question = async |connection: &mut PgConnection| tokens::find(connection, &reference).await;
    let answer = app.readers.answer(question).await?;
    let record = answer.found.ok_or_else(Problem::internal)?;
    let shape = TokenShape::of(record, app.mode.as_str());
    Ok(at(answer.as_of, Json(shape).into_response()))
}

/// The id of a token that the record knows, and the earliest time that was heard of it: a claim
/// stands at the creation, and must not be newer than what Smartpay said since.
async fn known_token(app: &App, reference: &Ref) -> Result<(TokenId, ProviderTime), Problem> {
    let mut connection = app.pool.acquire().await?;
    let refs = [reference.to_string()];
    let stream = journal::streams(&mut connection, &refs).await?;
    let earliest = stream.iter().map(|happening| happening.event.at()).min();
    let earliest = earliest.ok_or_else(|| Problem::not_found().decided())?;
    let id = vault::store::token_id(&mut connection, &app.vault, reference).await?;
    Ok((id.ok_or_else(|| Problem::not_found().decided())?, earliest))
}
