//! What surrounds every request: an id, a log line, problem bodies; what a read may ask for.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio::time::Instant;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::api::App;
use crate::api::auth::Caller;
use crate::api::params::Params;
use crate::api::params::digits;
use crate::api::problem::Problem;
use crate::api::problem::render;
use crate::http::server::HEADER_BYTES_MAX;
use crate::ledger::standing;

const MIN_POSITION: &str = "Ledger-Min-Position";
/// How long a read waits for the position that it asked for.
const MIN_POSITION_WAIT: Duration = Duration::from_secs(2);
/// How often the database is asked meanwhile: another process may have written.
const MIN_POSITION_POLL: Duration = Duration::from_millis(50);

/// Longer than anything that a request waits for by itself: a server that fell silent says nothing,
/// and who asked it must be told.
const REQUEST_DEADLINE: Duration = Duration::from_secs(15);

/// Marks the answer to one of many refused webhooks: its line in the log is the one of their sum.
#[derive(Clone, Copy, Debug)]
pub(super) struct InSum;

/// The outermost layer. The log line holds the route's pattern, never what fills it, and the id of
/// the key, never the key.
pub(super) async fn finish(request: Request, next: Next) -> Response {
    let request_id = format!("req_{}", hex::encode(rand::random::<[u8; 12]>()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let started = Instant::now();
    let response = next.run(request).await;
    let mut response = render(response, &request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("request-id", value);
    }
    if response.extensions().get::<InSum>().is_some() {
        return response;
    }
    let caller = response.extensions().get::<Caller>().map(|caller| Arc::clone(&caller.key_id));
    tracing::info!(
        key = caller.as_deref().unwrap_or("none"),
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        request_id,
        "request"
    );
    response
}

/// While the service shuts down, each answer is its connection's last: none is left on which a proxy
/// could send a request at the moment when it is closed.
pub(super) async fn end_connection(
    State(closing): State<Arc<AtomicBool>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if closing.load(Ordering::SeqCst) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The connection's buffer has a limit too, but lets a head pass that arrives in one piece.
pub(super) async fn limit_head(request: Request, next: Next) -> Response {
    let line = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len());
    if line + headers.sum::<usize>() > HEADER_BYTES_MAX {
        return StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response();
    }
    next.run(request).await
}

/// The panic's message may hold anything, so it is not repeated.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request's handler panicked");
    Problem::internal().into_response()
}

/// An answer in time, or 503.
pub(super) async fn in_time(request: Request, next: Next) -> Result<Response, Problem> {
    let answered = timeout(REQUEST_DEADLINE, next.run(request)).await;
    answered.map_err(|_| Problem::busy("the answer took too long; try again"))
}

/// Answers are JSON; who accepts no JSON gets 406.
pub(super) async fn acceptable(request: Request, next: Next) -> Response {
    let mut accepts = request.headers().get_all(header::ACCEPT).iter().peekable();
    let json = ["application/json", "application/problem+json", "application/*", "*/*"];
    let acceptable = accepts.peek().is_none()
        || accepts.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(',')).any(
            |range| {
                let mut parts = range.split(';').map(str::trim);
                let essence = parts.next().unwrap_or_default();
                let wanted = !parts.any(is_zero_weight);
                wanted && json.iter().any(|json| essence.eq_ignore_ascii_case(json))
            },
        );
    if acceptable { next.run(request).await } else { StatusCode::NOT_ACCEPTABLE.into_response() }
}

/// `Ledger-Min-Position`: the caller wants to see its own write.
pub(super) async fn min_position(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let mut values = request.headers().get_all(MIN_POSITION).iter();
    let Some(value) = values.next() else { return Ok(next.run(request).await) };
    let wanted = value.to_str().ok().filter(|_| values.next().is_none()).and_then(digits);
    let wanted =
        wanted.ok_or_else(|| Problem::parameter(MIN_POSITION, "one position, in plain digits"))?;
    let deadline = Instant::now() + MIN_POSITION_WAIT;
    let mut written = app.ledger.positions();
    while position(&app).await? < wanted {
        if Instant::now() >= deadline {
            let detail = format!("the ledger has not reached position {wanted} yet");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Err(Problem::new(status, "projection_behind", detail));
        }
        let poll = (Instant::now() + MIN_POSITION_POLL).min(deadline);
        // Whichever comes first: a write of this process, or the time to look again.
        drop(timeout_at(poll, written.changed()).await);
    }
    Ok(next.run(request).await)
}

/// `q=0` and its longer forms: not acceptable.
fn is_zero_weight(parameter: &str) -> bool {
    let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
    weight.is_some_and(|weight| {
        weight.starts_with('0') && !weight.contains(|c| ('1'..='9').contains(&c))
    })
}

async fn position(app: &App) -> Result<i64, sqlx::Error> {
    Ok(standing(&mut *app.pool.acquire().await?).await?.position)
}

/// Refuses every query parameter, for routes that serve none.
pub(super) fn no_parameters(uri: &axum::http::Uri) -> Result<(), Problem> {
    Params::read(uri, &[]).map(drop)
}
