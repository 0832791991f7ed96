//! Is it alive, is it ready, what does it count.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio::time::timeout;

use crate::api::App;
use crate::api::problem::Problem;
use crate::ledger::intents;
use crate::ledger::intents::IntentState;
use crate::ledger::standing;

/// A database that answers later is not one to send webhooks to.
const READY_DEADLINE: Duration = Duration::from_secs(1);

/// The process runs: says nothing about the database.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// Webhooks can be recorded: not shutting down, and the head can be read.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.closing.load(Ordering::SeqCst) {
        return Err(Problem::busy("the service is shutting down"));
    }
    let head = async { standing(&mut *app.pool.acquire().await?).await };
    match timeout(READY_DEADLINE, head).await {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(_)) | Err(_) => Err(Problem::busy("the database does not answer")),
    }
}

/// Prometheus text.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let waiting = u32::try_from(app.ledger.waiting()).unwrap_or(u32::MAX);
    metrics::gauge!("tokenledger_queue_submissions").set(waiting);
    // Known without asking: with the database away it goes on counting.
    if let Some(last) = app.webhooks.pulse().last() {
        let since = (app.clock.now() - last).to_std().unwrap_or_default();
        metrics::gauge!("tokenledger_last_webhook_seconds").set(since);
    }
    let unfinished = async { intents::unfinished(&mut *app.pool.acquire().await?).await };
    if let Ok(Ok(unfinished)) = timeout(READY_DEADLINE, unfinished).await {
        for state in [IntentState::Open, IntentState::Unresolved] {
            let of_state = unfinished.iter().find(|row| row.state == state.as_str());
            let count = of_state.map_or(0, |row| u32::try_from(row.count).unwrap_or(u32::MAX));
            metrics::gauge!("tokenledger_intents", "state" => state.as_str()).set(count);
        }
    }
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (StatusCode::OK, text, app.metrics.render()).into_response()
}
