//! What a client is told when it does not get what it asked for (RFC 9457).

use std::borrow::Cow;

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;

use crate::smartpay::ids::TOKEN_ID_PREFIX;

/// How long a client shall wait after a 503, in seconds.
const RETRY_AFTER_S: &str = "2";

/// More of a name that a client made up is not repeated.
const NAME_CHARS_MAX: usize = 40;

/// An answer of status 4xx or 5xx. Rendered by [`render`], which knows the request's id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Problem {
    #[serde(skip)]
    pub status: StatusCode,
    pub code: Cow<'static, str>,
    pub detail: String,
    pub errors: Vec<FieldError>,
    /// Smartpay's own word, of one that it refused.
    pub smartpay_error_code: Option<String>,
    /// Whether it is what the action of a write ended with, so that it ends so again.
    #[serde(skip)]
    pub decided: bool,
}

/// Where in the request the problem lies: a JSON pointer, or a parameter's name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FieldError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    pub detail: String,
}

#[derive(Serialize)]
struct Shape<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(skip_serializing_if = "Option::is_none")]
    smartpay_error_code: Option<&'a str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let (code, detail) = (Cow::Borrowed(code), detail.into());
        Self { status, code, detail, errors: Vec::new(), smartpay_error_code: None, decided: false }
    }

    /// The answer of a write's action, not a refusal to act: it is kept for its `Idempotency-Key`.
    pub(super) fn decided(self) -> Self {
        Self { decided: true, ..self }
    }

    pub(super) fn with_error_code(self, code: &str) -> Self {
        Self { smartpay_error_code: Some(code.to_owned()), ..self }
    }

    pub(super) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let parameter = Some(name.to_owned());
        let errors = vec![FieldError { pointer: None, parameter, detail: detail.clone() }];
        let detail = format!("parameter {name}: {detail}");
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "parameter_invalid", detail) }
    }

    pub(super) fn validation(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let pointer = Some(pointer.to_owned());
        let errors = vec![FieldError { pointer, parameter: None, detail: detail.clone() }];
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", detail) }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing in this ledger")
    }

    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the service failed on this request; its log has the request id",
        )
    }

    pub(super) fn busy(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail)
    }
}

/// A name that the client made up, as it may be repeated to it: short, and no token id.
pub(super) fn repeatable(name: &str) -> String {
    if name.contains(TOKEN_ID_PREFIX) {
        return String::new();
    }
    name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect()
}

/// The database is asked for nothing that a client could get wrong: it is away, or busy.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        tracing::warn!(error = format!("{error:#}"), "a read failed");
        Self::busy("the database could not answer now; try again")
    }
}

/// What a read of the record found wrong with it, or with the database.
impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<sqlx::Error>() {
            Ok(error) => error.into(),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), "the record could not be read");
                Self::internal()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every answer of status 4xx or 5xx its body, the framework's own included.
pub(super) fn render(response: Response, request_id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().unwrap_or_else(|| of_status(status));
    let body = serde_json::to_vec(&Shape {
        r#type: format!("urn:tokenledger:problem:{}", problem.code),
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        code: &problem.code,
        detail: &problem.detail,
        request_id,
        errors: &problem.errors,
        smartpay_error_code: problem.smartpay_error_code.as_deref(),
    })
    .expect("a problem is always JSON");
    parts.headers.remove(header::CONTENT_LENGTH);
    let json = HeaderValue::from_static("application/problem+json");
    parts.headers.insert(header::CONTENT_TYPE, json);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
    }
    if status == StatusCode::UNAUTHORIZED {
        parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    Response::from_parts(parts, Body::from(body))
}

/// HTTP's own refusals: the reason phrase in `snake_case`.
fn of_status(status: StatusCode) -> Problem {
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "no such path; paths have no trailing slash"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "this path does not take that method; see Allow")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "the body is too large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("unsupported_media_type", "send one application/json body, not encoded")
        }
        StatusCode::REQUEST_TIMEOUT => ("request_timeout", "the body did not arrive in time"),
        StatusCode::NOT_ACCEPTABLE => ("not_acceptable", "answers are application/json"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ("request_header_fields_too_large", "the request's headers are too large")
        }
        StatusCode::BAD_REQUEST => ("bad_request", "the request could not be read"),
        _ if status.is_server_error() => return Problem::internal(),
        _ => ("bad_request", "the request was refused"),
    };
    Problem::new(status, code, detail)
}
