//! A span per request: a layer that is there only while traces are on.

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::traces::RequestSpan;
use crate::traces::Traces;

const TRACEPARENT: &str = "traceparent";

/// Outside of everything, so that it sees the status that was answered.
pub(super) async fn follow(
    State(traces): State<Traces>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or("none", MatchedPath::as_str);
    let span = traces.request(method(request.method()), route);
    if let Some(span) = &span {
        request.extensions_mut().insert(span.clone());
    }
    let response = next.run(request).await;
    if let Some(span) = span {
        span.end(response.status().as_u16());
    }
    response
}

/// Only for callers who have shown who they are.
pub(super) fn join(span: Option<&RequestSpan>, headers: &HeaderMap) {
    let Some(span) = span else { return };
    let mut values = headers.get_all(TRACEPARENT).iter();
    if let (Some(Ok(text)), None) = (values.next().map(|value| value.to_str()), values.next()) {
        span.join(text);
    }
}

/// A sender may invent methods.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}
