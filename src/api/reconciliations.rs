//! Comparing with Smartpay: begun by a request, done beside it, shown as an object.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Map;
use serde_json::Value;

use crate::api::App;
use crate::api::changes::Asked;
use crate::api::cursor::List;
use crate::api::events::SNAPSHOT;
use crate::api::intents;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::params::Params;
use crate::api::problem::Problem;
use crate::api::run_shapes::DifferenceShape;
use crate::api::run_shapes::RunDetailsShape;
use crate::api::run_shapes::RunShape;
use crate::api::shapes::ListShape;
use crate::api::tokens::at;
use crate::api::wrap::no_parameters;
use crate::ledger::standing;
use crate::reconcile;
use crate::reconcile::CannotBegin;
use crate::reconcile::Options;
use crate::reconcile::Pace;
use crate::reconcile::Reconciler;

/// Nothing is under way for longer than a week.
pub(super) const SETTLE_SECONDS_MAX: u64 = 604_800;
/// Differences that are shown with a run.
const DIFFERENCES_SHOWN: i64 = 200;

/// `POST /v1/reconciliations` `{"dry_run"?, "settle_seconds"?, "accept"?}`: 202, and the run where
/// `Location` says. It goes on with one that was stopped, if it was told the same.
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Problem> {
    no_parameters(request.uri())?;
    let asked = Asked::of(&request);
    let headers = request.headers().clone();
    let known = ["dry_run", "settle_seconds", "accept"];
    let fields = object::read(&headers, request.into_body(), REQUEST_BYTES_MAX, &known).await?;
    let options = options(&fields)?;
    let reader = intents::outbox(&app)?.reader.clone();
    let reconciler = Reconciler { reader, pace: Pace::STANDARD };
    let begun = reconciler.begin(options, &asked.actor).await.map_err(cannot_begin)?;
    let shape = RunShape::of(&begun.run);
    let place = [(header::LOCATION, format!("/v1/reconciliations/{}", begun.run.id))];
    app.reconciling.spawn(reconciler, begun);
    Ok((StatusCode::ACCEPTED, place, Json(shape)).into_response())
}

/// `GET /v1/reconciliations?limit=&cursor=`, newest first.
pub(super) async fn all(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["limit", "cursor"])?;
    let limit = params.limit()?;
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let name = "reconciliations".to_owned();
    let list = List { vault: &app.vault, name, incarnation: head.incarnation };
    let before = params.get("cursor").map_or(Ok(i64::MAX), |cursor| list.key(cursor))?;
    let mut runs = reconcile::newest(&mut tx, before, limit + 1).await?;
    let limit = usize::try_from(limit).expect("a limit is small");
    let has_more = runs.len() > limit;
    runs.truncate(limit);
    let next_cursor = runs.last().filter(|_| has_more).map(|run| list.cursor(run.number));
    let data = runs.iter().map(RunShape::of).collect();
    let shape = ListShape { data, next_cursor, has_more, as_of: head.position };
    Ok(at(head.position, Json(shape).into_response()))
}

/// `GET /v1/reconciliations/{id}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let Path(id) = path.map_err(|_| Problem::not_found())?;
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let run = reconcile::find(&mut tx, &id).await?.ok_or_else(Problem::not_found)?;
    let limit = DIFFERENCES_SHOWN + 1;
    let mut found = reconcile::differences_of(&mut tx, &run.id, "", limit).await?;
    let shown = usize::try_from(DIFFERENCES_SHOWN).expect("a limit is small");
    let more_differences = found.len() > shown;
    found.truncate(shown);
    let differences = found.into_iter().map(DifferenceShape::of).collect();
    let shape = RunDetailsShape { run: RunShape::of(&run), differences, more_differences };
    Ok(at(head.position, Json(shape).into_response()))
}

fn options(fields: &Map<String, Value>) -> Result<Options, Problem> {
    let mut options = Options::default();
    if let Some(value) = given(fields, "dry_run") {
        options.dry_run =
            value.as_bool().ok_or_else(|| Problem::validation("/dry_run", "true or false"))?;
    }
    if let Some(value) = given(fields, "settle_seconds") {
        let seconds = value.as_u64().filter(|seconds| *seconds <= SETTLE_SECONDS_MAX);
        let wrong = || format!("a number of seconds, at most {SETTLE_SECONDS_MAX}");
        let seconds = seconds.ok_or_else(|| Problem::validation("/settle_seconds", wrong()))?;
        options.settle = Duration::from_secs(seconds);
    }
    if let Some(value) = given(fields, "accept") {
        let accept = value.as_u64().and_then(|accept| u32::try_from(accept).ok());
        let accept = accept.filter(|accept| *accept > 0);
        options.accept = Some(accept.ok_or_else(|| {
            Problem::validation("/accept", "how many absences are believed, at least 1")
        })?);
    }
    Ok(options)
}

fn given<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.get(name).filter(|value| !value.is_null())
}

fn cannot_begin(error: CannotBegin) -> Problem {
    match error {
        CannotBegin::AtWork(_) => {
            Problem::new(StatusCode::CONFLICT, "reconciliation_running", error.to_string())
        }
        CannotBegin::WrongMode => intents::unavailable(error.to_string()),
        CannotBegin::Database(error) => error.into(),
    }
}
