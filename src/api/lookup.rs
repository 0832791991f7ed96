//! From a Smartpay token id to its ref. The id comes in a body: ids stay out of URLs and so of logs.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use crate::api::App;
use crate::api::body;
use crate::api::problem::Problem;
use crate::api::problem::repeatable;
use crate::api::tokens::at;
use crate::api::wrap::no_parameters;
use crate::projections::tokens;
use crate::smartpay::TokenId;
use crate::smartpay::json as strict;

/// The most bytes of a request's body.
pub(super) const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// `POST /v1/tokens/lookup` `{"token_id":"paytok_…"}` → `{"ref":"tok_…"}`.
pub(super) async fn lookup(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let value = read_object(&headers, body).await?;
    if let Some(unknown) = value.keys().find(|key| *key != "token_id") {
        let pointer = format!("/{}", repeatable(unknown).replace('~', "~0").replace('/', "~1"));
        return Err(Problem::validation(&pointer, "unknown field; known: token_id"));
    }
    let text = value.get("token_id").and_then(Value::as_str);
    let text = text.ok_or_else(|| Problem::validation("/token_id", "a text is required"))?;
    let id = TokenId::parse(text)
        .map_err(|error| Problem::validation("/token_id", error.to_string()))?;
    let reference = app.vault.reference(&id);
    let answer = tokens::find(&app.pool, &reference).await?;
    let record = answer.found.ok_or_else(Problem::not_found)?;
    Ok(at(answer.as_of, Json(json!({ "ref": record.reference })).into_response()))
}

/// A JSON object, read strictly.
async fn read_object(
    headers: &HeaderMap,
    body: Body,
) -> Result<serde_json::Map<String, Value>, Problem> {
    if body::announces_more(headers, REQUEST_BYTES_MAX) {
        return Err(no_body(body::NoBody::TooLarge));
    }
    if !body::is_plain_json(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "send one application/json body, not encoded",
        ));
    }
    let bytes = body::read(body, REQUEST_BYTES_MAX).await.map_err(no_body)?;
    let value = strict::read(&bytes).map_err(|error| {
        let detail = format!("the body is not strict JSON: {error}");
        Problem::new(StatusCode::BAD_REQUEST, "body_malformed", detail)
    })?;
    let Value::Object(fields) = value else {
        return Err(Problem::validation("", "the body must be a JSON object"));
    };
    Ok(fields)
}

fn no_body(none: body::NoBody) -> Problem {
    let (code, detail) = match none {
        body::NoBody::TooLarge => ("payload_too_large", "a request's body has at most 16384 bytes"),
        body::NoBody::TooSlow => ("request_timeout", "the body did not arrive in time"),
        body::NoBody::Broken => ("bad_request", "the body could not be read"),
    };
    Problem::new(none.status(), code, detail)
}
