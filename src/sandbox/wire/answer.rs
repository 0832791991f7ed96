//! Answers and refusals in Smartpay's shapes, every one with a body as exactly `application/json`.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use serde_json::json;

/// An answer that can be kept and given again.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// `{statusCode, errorCode, message, details}`; for 401 the vendor has another shape.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<String>,
}

impl Answer {
    pub(super) fn json(object: &impl Serialize) -> Answer {
        let body = serde_json::to_vec(object).expect("texts, numbers and flags are JSON");
        Answer { status: StatusCode::OK, body }
    }

    /// PUT is answered so: 200 and nothing, whatever the vendor's TypeScript types say.
    pub(super) fn empty() -> Answer {
        Answer { status: StatusCode::OK, body: Vec::new() }
    }

    pub(super) fn no_content() -> Answer {
        Answer { status: StatusCode::NO_CONTENT, body: Vec::new() }
    }
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), details: Vec::new() }
    }

    pub(super) fn not_found(code: &'static str, message: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(super) fn no_token() -> Refusal {
        Refusal::not_found("token.not-found", "there is no such token")
    }

    pub(super) fn no_session() -> Refusal {
        Refusal::not_found("checkout-session.not-found", "there is no such checkout session")
    }

    pub(super) fn no_endpoint() -> Refusal {
        Refusal::not_found("webhook-endpoint.not-found", "there is no such webhook endpoint")
    }

    pub(super) fn invalid(details: Vec<String>) -> Refusal {
        let status = StatusCode::BAD_REQUEST;
        Refusal { details, ..Refusal::new(status, "request.invalid", "the request is not valid") }
    }

    pub(super) fn malformed(why: &str) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "request.malformed", why)
    }

    /// What the vendor answers to another request under a known key is not known.
    pub(super) fn key_reused() -> Refusal {
        let message = "this Idempotency-Key stands for another request";
        Refusal::new(StatusCode::CONFLICT, "idempotency.key-reused", message)
    }

    pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::CONFLICT, code, message)
    }

    pub(super) fn method_not_allowed() -> Refusal {
        let message = "this route does not take the method";
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "request.method-not-allowed", message)
    }

    /// The request's body did not arrive whole.
    pub(super) fn no_body(status: StatusCode) -> Refusal {
        Refusal::new(status, "request.body", "the body is too large or did not arrive")
    }

    pub(super) fn of_another_origin() -> Refusal {
        let message = "the controls are not for pages of others";
        Refusal::new(StatusCode::FORBIDDEN, "request.origin", message)
    }

    pub(super) fn of_http(status: StatusCode) -> Refusal {
        Refusal::new(status, "request.malformed", status.canonical_reason().unwrap_or_default())
    }

    pub(super) fn internal() -> Refusal {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Refusal::new(status, "server.error", "something went wrong")
    }

    pub(super) fn timed_out() -> Refusal {
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, "server.timeout", "no answer in time")
    }

    pub(super) fn bad_gateway(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_GATEWAY, "webhook.not-delivered", message)
    }

    /// Whether it says nothing about the request itself, so that it may be tried again.
    pub(super) fn is_of_the_server(&self) -> bool {
        self.status.is_server_error()
    }

    pub(super) fn answer(&self) -> Answer {
        let body = json!({
            "statusCode": self.status.as_u16(),
            "errorCode": self.code,
            "message": self.message,
            "details": self.details,
        });
        Answer { status: self.status, body: body.to_string().into_bytes() }
    }
}

/// 401 names neither code nor message.
pub(super) fn unauthenticated() -> Response {
    let status = StatusCode::UNAUTHORIZED;
    let body = json!({
        "statusCode": status.as_u16(),
        "scheme": "Basic",
        "realm": "smartpay",
    });
    let mut response = Answer { status, body: body.to_string().into_bytes() }.into_response();
    let challenge = HeaderValue::from_static(r#"Basic realm="smartpay""#);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        if self.body.is_empty() {
            return self.status.into_response();
        }
        let kind = HeaderValue::from_static("application/json");
        (self.status, [(header::CONTENT_TYPE, kind)], self.body).into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.answer().into_response()
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Refusal {
        tracing::warn!(%error, "the sandbox's database failed");
        Refusal::internal()
    }
}
