//! `GET /return/{state}`: where the shopper comes back, and is sent on whatever is away.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use tokio::time::timeout;

use crate::api::App;
use crate::api::problem::Problem;
use crate::returns;
use crate::returns::Returns;

/// How long the shopper waits for our confirmation; it goes on without them.
const CONFIRMATION_WAIT: Duration = Duration::from_secs(3);

pub(super) async fn arrive(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(text) = path.map_err(|_| Problem::not_found())?;
    let state = returns::State::open(&app.vault, &text).ok_or_else(Problem::not_found)?;
    let place = state.url.clone();
    if let Some(outbox) = &app.outbox
        && let Ok(turn) = Arc::clone(&app.returning).try_acquire_owned()
    {
        let returns = Returns { reader: outbox.reader.clone() };
        let confirming = tokio::spawn(async move {
            if let Err(error) = returns.arrive(&state).await {
                let error = format!("{error:#}");
                tracing::warn!(intent = %state.intent, error, "a return is not confirmed yet");
            }
            drop(turn);
        });
        drop(timeout(CONFIRMATION_WAIT, confirming).await);
    }
    let headers = [
        (header::LOCATION, place.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
