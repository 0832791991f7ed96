//! The ledger in position order, and one token's history.

use std::sync::Arc;

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use sqlx::postgres::PgConnection;

use crate::api::App;
use crate::api::cursor::List;
use crate::api::params::Params;
use crate::api::problem::Problem;
use crate::api::shapes::EventShape;
use crate::api::shapes::ListShape;
use crate::api::tokens::at;
use crate::api::tokens::reference;
use crate::api::wrap::no_parameters;
use crate::journal;
use crate::journal::Entry;
use crate::journal::Position;
use crate::ledger::standing;

/// One snapshot for a page and the position it holds for.
pub(super) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// `GET /v1/events?after=P&limit=`, also `cursor=` instead of `after=`.
pub(super) async fn all(State(app): State<Arc<App>>, uri: Uri) -> Result<Response, Problem> {
    let params = Params::read(&uri, &["after", "limit", "cursor"])?;
    let limit = params.limit()?;
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let list = List { vault: &app.vault, name: "events".to_owned(), incarnation: head.incarnation };
    let after = match (params.get("cursor"), params.get("after")) {
        (Some(_), Some(_)) => {
            return Err(Problem::parameter("after", "is already in the cursor: give one of both"));
        }
        (Some(cursor), None) => list.key(cursor)?,
        (None, _) => params.number("after", 0)?,
    };
    let entries = journal::after(&mut tx, after, limit + 1).await?;
    let page = Page { list, as_of: head.position, limit, key: |entry| entry.position };
    page.shape(&mut tx, entries).await
}

/// `GET /v1/events/{position}`.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let Path(text) = path.map_err(|_| Problem::not_found())?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let position = text.parse::<Position>().ok().filter(|_| digits);
    let position = position.ok_or_else(Problem::not_found)?;
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let entries = journal::after(&mut tx, position - 1, 1).await?;
    let witnesses = journal::count_witnesses(&mut tx, &entries).await?;
    let found = entries.first().zip(witnesses.first()).ok_or_else(Problem::not_found)?;
    Ok(at(head.position, Json(EventShape::of(found.0, *found.1)).into_response()))
}

/// `GET /v1/tokens/{ref}/events?limit=&cursor=`, oldest first.
pub(super) async fn of_token(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Result<Response, Problem> {
    let reference = reference(path)?;
    let params = Params::read(&uri, &["limit", "cursor"])?;
    let limit = params.limit()?;
    let mut tx = app.pool.begin_with(SNAPSHOT).await?;
    let head = standing(&mut tx).await?;
    let name = format!("tokens/{reference}/events");
    let list = List { vault: &app.vault, name, incarnation: head.incarnation };
    let after = params.get("cursor").map_or(Ok(0), |cursor| list.key(cursor))?;
    let entries = journal::of_token(&mut tx, &reference, after, limit + 1).await?;
    if entries.is_empty() && after == 0 {
        return Err(Problem::not_found());
    }
    let key = |entry: &Entry| i64::try_from(entry.sequence).expect("sequences fit bigint");
    let page = Page { list, as_of: head.position, limit, key };
    page.shape(&mut tx, entries).await
}

/// How a page of entries becomes a list.
struct Page<'a> {
    list: List<'a>,
    as_of: Position,
    limit: i64,
    /// What the list goes on behind.
    key: fn(&Entry) -> i64,
}

impl Page<'_> {
    async fn shape(
        self,
        connection: &mut PgConnection,
        mut entries: Vec<Entry>,
    ) -> Result<Response, Problem> {
        let limit = usize::try_from(self.limit).expect("a limit is small");
        let has_more = entries.len() > limit;
        entries.truncate(limit);
        let witnesses = journal::count_witnesses(connection, &entries).await?;
        let data = entries.iter().zip(witnesses).map(|(e, count)| EventShape::of(e, count));
        let next_cursor =
            entries.last().filter(|_| has_more).map(|last| self.list.cursor((self.key)(last)));
        let shape = ListShape { data: data.collect(), next_cursor, has_more, as_of: self.as_of };
        Ok(at(self.as_of, Json(shape).into_response()))
    }
}
