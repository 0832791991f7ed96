//! The inbox: what came in, what became of it, and deciding it anew.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::api::App;
use crate::api::auth::Caller;
use crate::api::cursor::List;
use crate::api::delivery_shapes::DeliveryDetailsShape;
use crate::api::delivery_shapes::DeliveryShape;
use crate::api::events::SNAPSHOT;
use crate::api::object;
use crate::api::params::Params;
use crate::api::problem::Problem;
use crate::api::shapes::ListShape;
use crate::api::tokens::at;
use crate::api::wrap::no_parameters;
use crate::ledger::BodyReader;
use crate::ledger::ReprocessError;
use crate::ledger::Reprocessing;
use crate::ledger::Submission;
use crate::ledger::Verdict;
use crate::ledger::inbox;
use crate::ledger::inbox::DeliveryFilter;
use crate::ledger::inbox::DeliveryRecord;
use crate::ledger::standing;

/// `GET /v1/deliveries?verdict=&limit=&cursor=`, newest first.
pub(super) async fn all(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["verdict", "limit", "cursor"])?;
    let limit = params.limit()?;
    let verdict = params.get("verdict").map(|word| {
        let known = Verdict::ALL.map(Verdict::as_str).join(", ");
        let unknown = || Problem::parameter("verdict", format!("one of {known}"));
        Verdict::parse(word).ok_or_else(unknown)
    });
    let verdict = verdict.transpose()?;
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let name = format!("deliveries?{}", verdict.map(Verdict::as_str).unwrap_or_default());
    let list = List { vault: &app.vault, name, incarnation: head.incarnation };
    let before = params.get("cursor").map_or(Ok(i64::MAX), |cursor| list.key(cursor))?;
    let filter = DeliveryFilter { verdict, before, limit: limit + 1 };
    let mut records = inbox::list(&mut tx, filter).await?;
    let limit = usize::try_from(limit).expect("a limit is small");
    let has_more = records.len() > limit;
    records.truncate(limit);
    let next_cursor = records.last().filter(|_| has_more).map(|last| list.cursor(last.number));
    let data = records.into_iter().map(DeliveryShape::of).collect();
    let shape = ListShape { data, next_cursor, has_more, as_of: head.position };
    Ok(at(head.position, Json(shape).into_response()))
}

/// `GET /v1/deliveries/{id}`: every verdict, the copies, how it was signed.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    show(&app, number(path)?).await
}

/// `POST /v1/deliveries/{id}/reprocess`: what is ignored or quarantined is read again from its
/// sealed body and decided by the rules of today. What was applied stays as it is.
pub(super) async fn reprocess(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    body: Body,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    object::refuse_body(body).await?;
    let number = number(path)?;
    let reader = BodyReader { vault: &app.vault, mode: app.mode, window_ms: app.window_ms };
    let mut connection = app.pool.acquire().await?;
    let actor = format!("key {}", caller.key_id);
    let reprocessing = Reprocessing::of(&mut connection, &reader, number, actor).await?;
    drop(connection);
    let wait = caller.span.and_then(|span| span.child("queue"));
    let submission = Submission::Reprocess(reprocessing);
    let receipt = app.ledger.submit_traced(submission, wait).await;
    receipt.map_err(|refused| Problem::busy(&format!("{refused}; send it again")))?;
    show(&app, number).await
}

async fn show(app: &App, number: i64) -> Result<Response, Problem> {
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let details = inbox::find(&mut tx, number).await?.ok_or_else(Problem::not_found)?;
    Ok(at(head.position, Json(DeliveryDetailsShape::of(details)).into_response()))
}

fn number(path: Result<Path<String>, PathRejection>) -> Result<i64, Problem> {
    let Path(id) = path.map_err(|_| Problem::not_found())?;
    DeliveryRecord::number_of(&id).ok_or_else(Problem::not_found)
}

impl From<ReprocessError> for Problem {
    fn from(error: ReprocessError) -> Self {
        match error {
            ReprocessError::Unknown => Self::not_found().decided(),
            ReprocessError::BodyDestroyed => {
                let detail = ReprocessError::BodyDestroyed.to_string();
                Self::new(StatusCode::GONE, "gone", detail).decided()
            }
            ReprocessError::Database(error) => error.into(),
            ReprocessError::Sealed(error) => anyhow::Error::from(error).into(),
        }
    }
}
