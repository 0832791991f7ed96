//! The JSON object of a request, read strictly: no field that is not known, none twice.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use serde_json::Map;
use serde_json::Value;

use crate::api::problem::Problem;
use crate::api::problem::repeatable;
use crate::http::body;
use crate::http::body::NoBody;
use crate::smartpay::json;
use crate::smartpay::json::NotStrict;

/// The most bytes of a request's body where no other limit is named.
pub(super) const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// An object that has none but these fields.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    known: &[&str],
) -> Result<Map<String, Value>, Problem> {
    if body::announces_more(headers, bytes_max) {
        return Err(no_body(NoBody::TooLarge, bytes_max));
    }
    if !body::is_plain_json(headers) {
        let detail = "send one application/json body, not encoded";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "unsupported_media_type", detail));
    }
    let bytes = body::read(body, bytes_max).await.map_err(|none| no_body(none, bytes_max))?;
    let value = json::read(&bytes).map_err(not_strict)?;
    let Value::Object(fields) = value else {
        return Err(Problem::validation("", "the body must be a JSON object"));
    };
    if let Some(unknown) = fields.keys().find(|field| !known.contains(&field.as_str())) {
        let pointer = format!("/{}", repeatable(unknown).replace('~', "~0").replace('/', "~1"));
        let detail = format!("unknown field; known: {}", known.join(", "));
        return Err(Problem::validation(&pointer, detail));
    }
    Ok(fields)
}

/// A text that cannot be kept is a field's fault; everything else is the body's.
fn not_strict(error: NotStrict) -> Problem {
    match error {
        NotStrict::Nul | NotStrict::LoneSurrogate => {
            Problem::validation("", format!("a text in the body cannot be kept: {error}"))
        }
        NotStrict::Empty
        | NotStrict::NotUtf8
        | NotStrict::ByteOrderMark
        | NotStrict::Syntax
        | NotStrict::TrailingData
        | NotStrict::TooDeep
        | NotStrict::DuplicateKey
        | NotStrict::NumberOutOfRange => {
            let detail = format!("the body is not strict JSON: {error}");
            Problem::new(StatusCode::BAD_REQUEST, "body_malformed", detail)
        }
    }
}

/// A field that must be a text.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<&'a str, Problem> {
    let text = fields.get(name).and_then(Value::as_str);
    text.ok_or_else(|| Problem::validation(&format!("/{name}"), "a text is required"))
}

/// A body of any kind.
pub(super) async fn read_bytes(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Vec<u8>, Problem> {
    if body::announces_more(headers, bytes_max) {
        return Err(no_body(NoBody::TooLarge, bytes_max));
    }
    body::read(body, bytes_max).await.map_err(|none| no_body(none, bytes_max))
}

/// For routes whose request says everything in its path.
pub(super) async fn refuse_body(body: Body) -> Result<(), Problem> {
    match body::read(body, 0).await {
        Ok(_) => Ok(()),
        Err(NoBody::TooLarge) => {
            let detail = "this route takes no body";
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail))
        }
        Err(none) => Err(no_body(none, 0)),
    }
}

fn no_body(none: NoBody, bytes_max: usize) -> Problem {
    let (code, detail) = match none {
        NoBody::TooLarge => {
            ("payload_too_large", format!("the body has at most {bytes_max} bytes here"))
        }
        NoBody::TooSlow => ("request_timeout", "the body did not arrive in time".to_owned()),
        NoBody::Broken => ("bad_request", "the body could not be read".to_owned()),
    };
    Problem::new(none.status(), code, detail)
}
