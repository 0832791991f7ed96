//! Can these be charged now? Many at once, by ref or by consumer.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::api::App;
use crate::api::object;
use crate::api::problem::Problem;
use crate::api::shapes::CheckShape;
use crate::api::shapes::VerdictShape;
use crate::api::tokens::at;
use crate::api::wrap::no_parameters;
use crate::projections::tokens;
use crate::token::Consumer;
use crate::vault::Ref;

/// The most verdicts of one request.
pub(super) const CHECKS_MAX: usize = 200;
const CHECK_BYTES_MAX: usize = 128 * 1024;

/// `POST /v1/usability-checks` `{"tokens":[…]}` or `{"consumers":[…]}`: a verdict for each, in the
/// order of the request. What the ledger does not know is not usable.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    no_parameters(&uri)?;
    let fields = object::read(&headers, body, CHECK_BYTES_MAX, &["tokens", "consumers"]).await?;
    let shape = match (fields.get("tokens"), fields.get("consumers")) {
        (Some(texts), None) => check_tokens(&app, texts).await?,
        (None, Some(texts)) => check_consumers(&app, texts).await?,
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::validation("", "give either tokens or consumers"));
        }
    };
    Ok(at(shape.as_of, Json(shape).into_response()))
}

async fn check_tokens(app: &App, texts: &Value) -> Result<CheckShape, Problem> {
    let what = "a ref is tok_test_ or tok_live_ followed by 22 letters and digits";
    let refs = each("tokens", texts, |text| Ref::parse(text).map_err(|_| what.to_owned()))?;
    let question =
        async |connection: &mut PgConnection| tokens::check_tokens(connection, &refs).await;
    let answer = app.readers.answer(question).await?;
    let verdict = |reference: &Ref| {
        let standing = answer.found.get(reference.as_str());
        VerdictShape::of(None, Some(reference.to_string()), standing)
    };
    Ok(CheckShape { data: refs.iter().map(verdict).collect(), as_of: answer.as_of })
}

async fn check_consumers(app: &App, texts: &Value) -> Result<CheckShape, Problem> {
    let consumers =
        each("consumers", texts, |text| Consumer::parse(text).map_err(|error| error.to_string()))?;
    let question =
        async |connection: &mut PgConnection| tokens::check_consumers(connection, &consumers).await;
    let answer = app.readers.answer(question).await?;
    let verdict = |consumer: &Consumer| {
        let standing = answer.found.get(consumer.as_str());
        let reference = standing.map(|standing| standing.reference.clone());
        VerdictShape::of(Some(consumer.as_str().to_owned()), reference, standing)
    };
    Ok(CheckShape { data: consumers.iter().map(verdict).collect(), as_of: answer.as_of })
}

/// The texts of a list, each parsed. A text that does not parse is not repeated: it may be an id.
fn each<T>(
    name: &str,
    texts: &Value,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Problem> {
    let texts = texts.as_array().filter(|texts| (1..=CHECKS_MAX).contains(&texts.len()));
    let texts = texts.ok_or_else(|| {
        Problem::validation(&format!("/{name}"), format!("a list of 1 to {CHECKS_MAX} texts"))
    })?;
    let one = |(index, text): (usize, &Value)| {
        let parsed = text.as_str().ok_or_else(|| "a text is required".to_owned()).and_then(&parse);
        parsed.map_err(|detail| Problem::validation(&format!("/{name}/{index}"), detail))
    };
    texts.iter().enumerate().map(one).collect()
}
