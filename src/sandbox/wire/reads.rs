//! The calls that read: single objects, and collections page by page.

use axum::extract::Path;
use axum::extract::State;
use axum::http::Uri;
use serde::Serialize;

use crate::sandbox::Sandbox;
use crate::sandbox::endpoints;
use crate::sandbox::endpoints::Secret;
use crate::sandbox::sessions;
use crate::sandbox::sessions::Expand;
use crate::sandbox::token::Token;
use crate::sandbox::tokens;
use crate::sandbox::wire::answer::Answer;
use crate::sandbox::wire::answer::Refusal;
use crate::token::Said;

const RESULTS_DEFAULT: i64 = 20;
/// The vendor's own maximum is not known; more than this is cut to it.
const RESULTS_MAX: i64 = 100;
const PAGE_TOKEN: &str = "page_";

/// Which page of a collection is asked for.
struct Wanted {
    page_token: Option<String>,
    before: i64,
    results_max: i64,
    expand: Expand,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Collection<T> {
    object: &'static str,
    page_token: String,
    /// The last page has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
    max_results: i64,
    results: usize,
    data: Vec<T>,
}

pub(super) async fn token(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Answer, Refusal> {
    let mut connection = sandbox.pool.acquire().await?;
    let token = tokens::find(&mut connection, &id).await?;
    // One document has deleted tokens stay readable; what the SDKs' own tests found is 404.
    let shown = token.filter(|token| token.status() != Said::Deleted);
    Ok(Answer::json(&shown.ok_or_else(Refusal::no_token)?.object()))
}

pub(super) async fn tokens(State(sandbox): State<Sandbox>, uri: Uri) -> Result<Answer, Refusal> {
    let wanted = Wanted::of(&uri)?;
    let mut connection = sandbox.pool.acquire().await?;
    let found = tokens::listed(&mut connection, wanted.before, wanted.results_max + 1).await?;
    Ok(wanted.page(&found, Token::object))
}

pub(super) async fn session(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Answer, Refusal> {
    let mut connection = sandbox.pool.acquire().await?;
    let session = sessions::find(&mut connection, &id).await?.ok_or_else(Refusal::no_session)?;
    Ok(Answer::json(&session.object(&sandbox.url, expand(&uri))))
}

pub(super) async fn sessions(State(sandbox): State<Sandbox>, uri: Uri) -> Result<Answer, Refusal> {
    let wanted = Wanted::of(&uri)?;
    let mut connection = sandbox.pool.acquire().await?;
    let found = sessions::listed(&mut connection, wanted.before, wanted.results_max + 1).await?;
    Ok(wanted.page(&found, |session| session.object(&sandbox.url, wanted.expand)))
}

pub(super) async fn endpoint(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Answer, Refusal> {
    let mut connection = sandbox.pool.acquire().await?;
    let endpoint = endpoints::find(&mut connection, &id).await?.ok_or_else(Refusal::no_endpoint)?;
    Ok(Answer::json(&endpoint.object(Secret::Kept)))
}

pub(super) async fn endpoints(State(sandbox): State<Sandbox>, uri: Uri) -> Result<Answer, Refusal> {
    let wanted = Wanted::of(&uri)?;
    let mut connection = sandbox.pool.acquire().await?;
    let found = endpoints::listed(&mut connection, wanted.before, wanted.results_max + 1).await?;
    Ok(wanted.page(&found, |endpoint| endpoint.object(Secret::Kept)))
}

impl Wanted {
    /// Parameters that are not known, or have no value, are left alone: the SDKs send some.
    fn of(uri: &Uri) -> Result<Wanted, Refusal> {
        let mut wrong = Vec::new();
        let page_token = parameter(uri, "pageToken").map(str::to_owned);
        let before = page_token.as_deref().map_or(Some(i64::MAX), number);
        if before.is_none() {
            wrong.push("pageToken is not one of this collection's".to_owned());
        }
        let results = parameter(uri, "maxResults").map_or(Some(RESULTS_DEFAULT), |text| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse().unwrap_or(RESULTS_MAX);
            Some(number).filter(|number| digits && *number > 0)
        });
        if results.is_none() {
            wrong.push("maxResults must be a number from 1".to_owned());
        }
        let (Some(before), Some(results)) = (before, results) else {
            return Err(Refusal::invalid(wrong));
        };
        let results_max = results.min(RESULTS_MAX);
        Ok(Wanted { page_token, before, results_max, expand: expand(uri) })
    }

    /// `found` holds one more than asked for when there is another page.
    fn page<'a, T, S: Serialize>(
        &self,
        found: &'a [(i64, T)],
        object: impl Fn(&'a T) -> S,
    ) -> Answer {
        let max = usize::try_from(self.results_max).expect("at most a hundred");
        let (page, more) = found.split_at(max.min(found.len()));
        let last = page.last().filter(|_| !more.is_empty());
        let data: Vec<S> = page.iter().map(|(_, one)| object(one)).collect();
        Answer::json(&Collection {
            object: "collection",
            page_token: self.page_token.clone().unwrap_or_default(),
            next_page_token: last.map(|(number, _)| format!("{PAGE_TOKEN}{number:x}")),
            max_results: self.results_max,
            results: data.len(),
            data,
        })
    }
}

fn expand(uri: &Uri) -> Expand {
    if parameter(uri, "expand") == Some("all") { Expand::All } else { Expand::No }
}

/// The value of a parameter. Those that are looked at need no escapes.
fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let mut pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value).filter(|v| !v.is_empty())
}

fn number(page_token: &str) -> Option<i64> {
    i64::from_str_radix(page_token.strip_prefix(PAGE_TOKEN)?, 16).ok()
}
