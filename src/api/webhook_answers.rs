//! What the sender of a webhook is answered.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

use crate::api::problem::Problem;
use crate::ledger::Receipt;
use crate::ledger::Verdict;

/// A refusal: what the sender is told, and what is counted.
pub(super) struct Refusal {
    pub problem: Problem,
    pub cause: &'static str,
}

pub(super) fn accepted(receipt: &Receipt) -> Response {
    metrics::counter!("tokenledger_deliveries_total", "verdict" => receipt.verdict.as_str(),
        "copy" => if receipt.copy { "true" } else { "false" })
    .increment(1);
    if receipt.verdict == Verdict::Quarantined && !receipt.copy {
        tracing::warn!(
            delivery = receipt.input,
            reason = receipt.reason,
            "a delivery was quarantined: `tokenledger inbox show` says why"
        );
    }
    let body = json!({
        "delivery": format!("in_{}", receipt.input),
        "verdict": receipt.verdict.as_str(),
        "reason": receipt.reason,
        "position": receipt.position,
    });
    let mut response = axum::Json(body).into_response();
    response.headers_mut().insert("ledger-position", HeaderValue::from(receipt.as_of));
    response
}

pub(super) fn shape(status: StatusCode, cause: &'static str) -> Refusal {
    let detail = match status {
        StatusCode::NOT_FOUND => "no such webhook endpoint is configured",
        StatusCode::METHOD_NOT_ALLOWED => "webhooks are sent by POST",
        StatusCode::PAYLOAD_TOO_LARGE => "a webhook's body has at most 65536 bytes",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "send one application/json body, not encoded",
        StatusCode::REQUEST_TIMEOUT => "the body did not arrive in time",
        _ => "the body could not be read",
    };
    let code = match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "payload_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::REQUEST_TIMEOUT => "request_timeout",
        _ => "bad_request",
    };
    Refusal { problem: Problem::new(status, code, detail), cause }
}

pub(super) fn malformed(cause: &'static str, detail: String) -> Refusal {
    let problem = Problem::new(StatusCode::BAD_REQUEST, "webhook_header_invalid", detail);
    Refusal { problem, cause }
}
