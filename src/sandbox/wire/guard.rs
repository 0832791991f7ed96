//! What stands before every call of the API: the key, then faults on purpose.

use std::time::Duration;

use axum::extract::Request;
use axum::extract::State;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::faults;
use crate::sandbox::wire::answer::Refusal;
use crate::sandbox::wire::answer::unauthenticated;

/// How long a call that times out is left without an answer: longer than clients wait.
const TIMEOUT: Duration = Duration::from_secs(65);

/// `Basic` and the key itself, not in base64. Any test key is as good as another; a live one has no
/// business here.
pub(super) async fn authenticate(request: Request, next: Next) -> Response {
    let mut values = request.headers().get_all(header::AUTHORIZATION).iter();
    let key = match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(text), None) => text.split_once(' '),
        (None | Some(_), _) => None,
    };
    let known = key.is_some_and(|(scheme, key)| {
        scheme.eq_ignore_ascii_case("basic")
            && key.strip_prefix("sk_test_").is_some_and(|body| {
                !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
    });
    if known { next.run(request).await } else { unauthenticated() }
}

/// The controls need no key, so that a page of somebody else's in a browser must not reach them.
pub(super) async fn same_origin(
    State(sandbox): State<Sandbox>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let origin = request.headers().get(header::ORIGIN);
    if origin.is_some_and(|origin| origin.as_bytes() != sandbox.url.as_bytes()) {
        return Err(Refusal::of_another_origin());
    }
    Ok(next.run(request).await)
}

pub(super) async fn faults(
    State(sandbox): State<Sandbox>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let mut connection = sandbox.pool.acquire().await?;
    let drawn = faults::of_call(&mut connection).await?;
    drop(connection);
    let Some((faults, draw)) = drawn else { return Ok(next.run(request).await) };
    if faults.latency_ms > 0 {
        sandbox.hold(Duration::from_millis(faults.latency_ms.into())).await;
    }
    if draw.happens("error", faults.error_rate) {
        return Err(Refusal::internal());
    }
    if draw.happens("timeout", faults.timeout_rate) {
        if faults.timeout_after_effect {
            // Its answer is what gets lost.
            drop(next.run(request).await);
        }
        sandbox.hold(TIMEOUT).await;
        return Err(Refusal::timed_out());
    }
    Ok(next.run(request).await.into_response())
}
