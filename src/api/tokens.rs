//! Which tokens a consumer has, whether each is usable; one token.

use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use sqlx::postgres::PgConnection;

use crate::api::App;
use crate::api::cursor::List;
use crate::api::params::Params;
use crate::api::problem::Problem;
use crate::api::shapes::ListShape;
use crate::api::shapes::TokenShape;
use crate::api::wrap::no_parameters;
use crate::journal::Position;
use crate::ledger::standing;
use crate::projections::tokens;
use crate::projections::tokens::Filter;
use crate::projections::tokens::TokenRecord;
use crate::token::Consumer;
use crate::token::Status;
use crate::vault::Ref;

/// `GET /v1/consumers/{consumer}/tokens?usable=&status=&limit=&cursor=`, newest first.
pub(super) async fn of_consumer(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let Path(consumer) =
        path.map_err(|_| Problem::parameter("consumer", "is not percent-encoded UTF-8"))?;
    let consumer = Consumer::parse(&consumer)
        .map_err(|error| Problem::parameter("consumer", error.to_string()))?;
    let params = Params::read(&uri, &["usable", "status", "limit", "cursor"])?;
    let limit = params.limit()?;
    let usable = usable(&params)?;
    let statuses = statuses(&params)?;
    let name = format!(
        "consumers/{}/tokens?{}&{}",
        consumer.as_str(),
        params.get("usable").unwrap_or_default(),
        params.get("status").unwrap_or_default(),
    );
    let list = |incarnation| List { vault: &app.vault, name: name.clone(), incarnation };
    // Without a cursor the page itself tells the incarnation: one question less.
    let before = match params.get("cursor") {
        None => Position::MAX,
        Some(cursor) => list(incarnation(&app).await?).key(cursor)?,
    };
    let filter = Filter { statuses, usable, before, limit: limit + 1 };
    let question = async |connection: &mut PgConnection| {
        tokens::of_consumer(connection, &consumer, &filter).await
    };
    let page = app.readers.answer(question).await?;
    let as_of = page.as_of;
    let list = list(page.incarnation);
    Ok(at(as_of, Json(shape(&app, page.found, &list, as_of, limit)).into_response()))
}

/// `GET /v1/tokens?consumer=&usable=&status=&limit=&cursor=`, newest first.
pub(super) async fn all(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["consumer", "usable", "status", "limit", "cursor"])?;
    let limit = params.limit()?;
    let usable = usable(&params)?;
    let statuses = statuses(&params)?;
    let consumer = params.get("consumer").map(Consumer::parse).transpose();
    let consumer = consumer.map_err(|error| Problem::parameter("consumer", error.to_string()))?;
    let name = format!(
        "tokens?{}&{}&{}",
        params.get("usable").unwrap_or_default(),
        params.get("status").unwrap_or_default(),
        params.get("consumer").unwrap_or_default(),
    );
    let incarnation = incarnation(&app).await?;
    let list = List { vault: &app.vault, name, incarnation };
    let before = params.get("cursor").map_or(Ok(Position::MAX), |cursor| list.key(cursor))?;
    let filter = Filter { statuses, usable, before, limit: limit + 1 };
    let question = async |connection: &mut PgConnection| match consumer {
        Some(consumer) => tokens::of_consumer(connection, &consumer, &filter).await,
        None => tokens::all(connection, &filter).await,
    };
    let page = app.readers.answer(question).await?;
    let as_of = page.as_of;
    Ok(at(as_of, Json(shape(&app, page.found, &list, as_of, limit)).into_response()))
}

/// `GET /v1/tokens/{ref}`. A ref of another ledger is the same 404 as an unknown one.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let reference = reference(path)?;
    let question = async |connection: &mut PgConnection| tokens::find(connection, &reference).await;
    let answer = app.readers.answer(question).await?;
    let record = answer.found.ok_or_else(Problem::not_found)?;
    let etag = etag(answer.incarnation, &record);
    let known = knows(&headers, &etag);
    let etag = [(header::ETAG, etag)];
    if known {
        return Ok(at(answer.as_of, (StatusCode::NOT_MODIFIED, etag).into_response()));
    }
    let shape = TokenShape::of(record, app.mode.as_str());
    Ok(at(answer.as_of, (etag, Json(shape)).into_response()))
}

/// The sequence tells a token's version; a change in flight is another answer to the same.
pub(super) fn etag(incarnation: i32, record: &TokenRecord) -> String {
    let in_flight = if record.in_flight { "-f" } else { "" };
    format!("\"{incarnation}-{}{in_flight}\"", record.sequence)
}

/// Whether the caller holds this version already, by `If-None-Match`.
fn knows(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

/// Every read says as of which position it holds.
pub(super) fn at(as_of: Position, mut response: Response) -> Response {
    response.headers_mut().insert("ledger-position", as_of.into());
    response
}

pub(super) fn reference(path: Result<Path<String>, PathRejection>) -> Result<Ref, Problem> {
    let Path(text) = path.map_err(|_| Problem::not_found())?;
    Ref::parse(&text).map_err(|_| Problem::not_found())
}

pub(super) async fn incarnation(app: &App) -> Result<i32, sqlx::Error> {
    Ok(standing(&mut *app.pool.acquire().await?).await?.incarnation)
}

fn usable(params: &Params) -> Result<Option<bool>, Problem> {
    match params.get("usable") {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Problem::parameter("usable", "true or false")),
    }
}

/// The statuses that the filter admits.
fn statuses(params: &Params) -> Result<Vec<Status>, Problem> {
    // A token that a list could show is known.
    let kept = || Status::ALL.into_iter().filter(|status| *status != Status::Unknown);
    let status = params.get("status").map(|text| {
        kept().find(|status| status.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = kept().map(Status::as_str).collect();
            Problem::parameter("status", format!("one of {}", known.join(", ")))
        })
    });
    let status = status.transpose()?;
    Ok(kept().filter(|one| status.is_none_or(|status| status == *one)).collect())
}

fn shape(
    app: &App,
    mut records: Vec<TokenRecord>,
    list: &List<'_>,
    as_of: Position,
    limit: i64,
) -> ListShape<TokenShape> {
    let limit = usize::try_from(limit).expect("a limit is small");
    let has_more = records.len() > limit;
    records.truncate(limit);
    let next_cursor =
        records.last().filter(|_| has_more).map(|last| list.cursor(last.first_position));
    let data = records.into_iter().map(|r| TokenShape::of(r, app.mode.as_str())).collect();
    ListShape { data, next_cursor, has_more, as_of }
}
