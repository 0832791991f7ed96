//! Takes delivery of webhooks. Smartpay counts only 200 as delivered, so a copy is a 200 too.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use chrono::DateTime;
use chrono::Utc;
use sha2::Digest;
use sha2::Sha256;

use crate::api::App;
use crate::api::metrics::LATENESS;
use crate::api::problem::Problem;
use crate::api::webhook_answers::Refusal;
use crate::api::webhook_answers::accepted;
use crate::api::webhook_answers::malformed;
use crate::api::webhook_answers::shape;
use crate::api::wrap::InSum;
use crate::http::body;
use crate::ledger::Content;
use crate::ledger::Delivery;
use crate::ledger::Submission;
use crate::ledger::readings_due;
use crate::smartpay::Expected;
use crate::smartpay::Reason;
use crate::smartpay::notice;
use crate::smartpay::notice::Message;
use crate::smartpay::notice::Quarantined;
use crate::smartpay::signature;
use crate::smartpay::signature::Matched;
use crate::smartpay::signature::Timestamp;
use crate::token::ProviderTime;
use crate::traces::RequestSpan;
use crate::traces::Span;
use crate::webhooks::Endpoint;

/// The most bytes of a webhook's body.
pub(super) const WEBHOOK_BYTES_MAX: usize = 64 * 1024;
/// Counted for all endpoint names that are not configured.
const UNKNOWN_ENDPOINT: &str = "unknown";

/// The four headers, each there once, of visible ASCII.
struct Headers<'a> {
    signature: &'a str,
    timestamp: &'a str,
    subscription_id: &'a str,
    event_id: &'a str,
}

/// Takes every method: which one it is counts only once the endpoint is known.
pub(super) async fn receive(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let name = path.map(|Path(name)| name).unwrap_or_default();
    let endpoints = app.webhooks.now();
    let endpoint = endpoints.get(&name);
    let counted = if endpoint.is_some() { &name } else { UNKNOWN_ENDPOINT };
    let span: Option<RequestSpan> = request.extensions().get().cloned();
    match take(&app, (&name, endpoint), request).await {
        Ok(delivery) => {
            app.webhooks.pulse().beat(delivery.received_at);
            let wait = span.and_then(|span| span.child("queue"));
            record(&app, delivery, wait).await
        }
        Err(refusal) => {
            let logged = app.refusals.count(counted, refusal.cause, app.clock.now());
            let mut response = refusal.problem.into_response();
            if !logged {
                response.extensions_mut().insert(InSum);
            }
            if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            response
        }
    }
}

/// The checks, in the order of the design, each of which ends the request.
async fn take(
    app: &App,
    (name, endpoint): (&str, Option<&Endpoint>),
    request: Request,
) -> Result<Delivery, Refusal> {
    let (head, body) = request.into_parts();
    let body = read_body(&head.headers, body).await?;
    let endpoint = endpoint.ok_or_else(|| shape(StatusCode::NOT_FOUND, "unknown_endpoint"))?;
    if head.method != Method::POST {
        return Err(shape(StatusCode::METHOD_NOT_ALLOWED, "method"));
    }
    if !body::is_plain_json(&head.headers) {
        return Err(shape(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"));
    }
    let headers = read_headers(&head.headers)?;
    let timestamp = Timestamp::parse(headers.timestamp)
        .map_err(|error| malformed("malformed_timestamp", error.to_string()))?;
    let received_at = app.clock.now();
    let matched = authenticate(endpoint, &headers, &body, received_at)?;
    let now = ProviderTime::from_millis(received_at.timestamp_millis());
    let expected = Expected { mode: app.mode, received_at: now, window_ms: app.window_ms };
    let read = notice::read(&body, &expected);
    if !timestamp.within(app.window_ms, now) {
        ask_for_reading(app, &read).await;
        return Err(malformed("stale_timestamp", "the timestamp is too far from now".to_owned()));
    }
    let secret = endpoint.secrets.get(matched.secret).expect("the match names a secret tried");
    let secret_fingerprint = secret.fingerprint();
    metrics::counter!("tokenledger_secret_matched_total", "endpoint" => name.to_owned(),
        "secret" => secret_fingerprint.clone(), "variant" => matched.variant.as_str())
    .increment(1);
    Ok(Delivery {
        endpoint: name.to_owned(),
        digest: Sha256::digest(&body).into(),
        received_at,
        signature: headers.signature.to_owned(),
        signature_timestamp: headers.timestamp.to_owned(),
        key_variant: matched.variant,
        secret_fingerprint,
        content: content(app, read, headers.event_id),
        body,
    })
}

/// A length announced over the limit is refused before a byte is read.
async fn read_body(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Refusal> {
    if body::announces_more(headers, WEBHOOK_BYTES_MAX) {
        return Err(shape(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"));
    }
    body::read(body, WEBHOOK_BYTES_MAX).await.map_err(|none| {
        let cause = match none {
            body::NoBody::TooLarge => "body_too_large",
            body::NoBody::TooSlow => "body_deadline",
            body::NoBody::Broken => "body_broken",
        };
        shape(none.status(), cause)
    })
}

/// Any signature that is not the right MAC, and a foreign subscription: one answer.
fn authenticate(
    endpoint: &Endpoint,
    headers: &Headers<'_>,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Matched, Refusal> {
    let refused = |cause| Refusal {
        problem: Problem::new(
            StatusCode::UNAUTHORIZED,
            "webhook_refused",
            "this delivery is not signed with a live secret of this endpoint",
        ),
        cause,
    };
    let matched = signature::verify(&endpoint.secrets, headers.signature, headers.timestamp, body)
        .ok_or_else(|| refused("bad_signature"))?;
    if !endpoint.is_live(matched.secret, now) {
        return Err(refused("ended_secret"));
    }
    if !endpoint.admits(matched.secret, headers.subscription_id) {
        return Err(refused("subscription_mismatch"));
    }
    Ok(matched)
}

fn read_headers(headers: &HeaderMap) -> Result<Headers<'_>, Refusal> {
    let one = |name: &'static str| {
        let mut values = headers.get_all(name).iter();
        let value = values
            .next()
            .ok_or_else(|| malformed("missing_header", format!("{name} is missing")))?;
        if values.next().is_some() {
            return Err(malformed("repeated_header", format!("{name} is there more than once")));
        }
        match value.to_str() {
            Ok("") => Err(malformed("missing_header", format!("{name} is empty"))),
            Ok(text) => Ok(text),
            Err(_) => Err(malformed("malformed_header", format!("{name} is not visible ASCII"))),
        }
    };
    Ok(Headers {
        signature: one("smartpay-signature")?,
        timestamp: one("smartpay-signature-timestamp")?,
        subscription_id: one("smartpay-subscription-id")?,
        event_id: one("smartpay-event-id")?,
    })
}

/// The event-id header is not signed: one that differs is doubtful, until a copy comes without.
fn content(app: &App, read: Result<Message, Quarantined>, header_event_id: &str) -> Content {
    let read = read.and_then(|message| {
        if message.event_id().as_str() == header_event_id {
            return Ok(message);
        }
        Err(Quarantined {
            reason: Reason::HeaderIdMismatch,
            event_id: Some(message.event_id().clone()),
            kind: Some(message.kind().to_owned()),
            token: message.token().cloned(),
        })
    });
    Content::of(read, app.mode, &app.vault)
}

/// A valid MAC outside the window: not stored, but what it tells of may be looked up.
async fn ask_for_reading(app: &App, read: &Result<Message, Quarantined>) {
    let token = match read {
        Ok(message) => message.token(),
        Err(quarantined) => quarantined.token.as_ref(),
    };
    let Some(token) = token.filter(|token| token.mode() == app.mode) else { return };
    let reference = app.vault.reference(token);
    if let Err(error) =
        readings_due::ask(&app.pool, &reference, "stale_timestamp", app.clock.now()).await
    {
        tracing::warn!(error = format!("{error:#}"), "a reading could not be asked for");
    }
}

async fn record(app: &App, delivery: Delivery, wait: Option<Span>) -> Response {
    let late = lateness(&delivery);
    match app.ledger.submit_traced(Submission::Delivery(delivery), wait).await {
        Ok(receipt) => {
            if let Some(late) = late.filter(|_| !receipt.copy) {
                metrics::histogram!(LATENESS).record(late);
            }
            accepted(&receipt)
        }
        Err(refused) => {
            metrics::counter!("tokenledger_unavailable_total").increment(1);
            Problem::busy(&format!("{refused}; send it again")).into_response()
        }
    }
}

/// How long after Smartpay made it a notice came. A clock that is ahead there counts as none.
fn lateness(delivery: &Delivery) -> Option<Duration> {
    let Content::Notice { notice, .. } = &delivery.content else { return None };
    let late = delivery.received_at - notice.created_at.to_datetime();
    Some(late.to_std().unwrap_or_default())
}
