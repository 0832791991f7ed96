//! From a Smartpay token id to its ref. The id comes in a body: ids stay out of URLs and so of logs.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;
use sqlx::postgres::PgConnection;

use crate::api::App;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::problem::Problem;
use crate::api::tokens::at;
use crate::api::wrap::no_parameters;
use crate::projections::tokens;
use crate::smartpay::TokenId;

/// `POST /v1/tokens/lookup` `{"token_id":"paytok_…"}` → `{"ref":"tok_…"}`.
pub(super) async fn lookup(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let value = object::read(&headers, body, REQUEST_BYTES_MAX, &["token_id"]).await?;
    let text = value.get("token_id").and_then(Value::as_str);
    let text = text.ok_or_else(|| Problem::validation("/token_id", "a text is required"))?;
    let id = TokenId::parse(text)
        .map_err(|error| Problem::validation("/token_id", error.to_string()))?;
    let reference = app.vault.reference(&id);
    let question = async |connection: &mut PgConnection| tokens::find(connection, &reference).await;
    let answer = app.readers.answer(question).await?;
    let record = answer.found.ok_or_else(Problem::not_found)?;
    Ok(at(answer.as_of, Json(json!({ "ref": record.reference })).into_response()))
}
