//! The hosted page: what a shopper sees of a session, and where an answer leads.

use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::sandbox::Sandbox;
use crate::sandbox::sessions;
use crate::sandbox::sessions::Session;
use crate::sandbox::token::millis;
use crate::sandbox::wire::answer::Refusal;
use crate::sandbox::wire::call::Call;
use crate::sandbox::wire::call::Shopper;
use crate::sandbox::wire::html;
use crate::sandbox::wire::html::Language;
use crate::sandbox::wire::write;

/// Nothing from elsewhere, and no script. Where a form leads is not restricted: the shop's address
/// is behind a redirect.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      frame-ancestors 'none'";

pub(super) async fn show(
    State(sandbox): State<Sandbox>,
    Path(page): Path<String>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let now = millis(sandbox.clock.now());
    let asked = uri.query().and_then(|query| query.strip_prefix("lang="));
    let Some(session) = find(&sandbox, &page).await? else {
        let language = Language::of(asked, None);
        return Ok(html(StatusCode::NOT_FOUND, html::unknown(language)));
    };
    let language = Language::of(asked, session.terms.locale.as_deref());
    Ok(html(StatusCode::OK, html::checkout(&session, session.stage(now), language)))
}

pub(super) async fn answer(
    State(sandbox): State<Sandbox>,
    Path((page, answer)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let found = find(&sandbox, &page).await?;
    let shopper = match answer.as_str() {
        "confirm" => Some(Shopper::Approves),
        "cancel" => Some(Shopper::Cancels),
        "reject" => Some(Shopper::Rejects),
        _ => None,
    };
    let (Some(session), Some(shopper)) = (found, shopper) else {
        return Ok(html(StatusCode::NOT_FOUND, html::unknown(Language::of(None, None))));
    };
    let call = Call::Shopper(session.id.as_str().to_owned(), shopper);
    let performed = write::perform(&sandbox, call).await?;
    let to = match shopper {
        // Answered already, or too late: the page says so.
        _ if performed.status != StatusCode::OK => session.path(),
        Shopper::Approves => session.terms.success_url,
        Shopper::Cancels | Shopper::Rejects | Shopper::Forgets | Shopper::Buys => {
            session.terms.cancel_url
        }
    };
    let to = HeaderValue::from_str(&to).map_err(|_| Refusal::internal())?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response())
}

/// By the address that the session gives, or by the session's id alone.
async fn find(sandbox: &Sandbox, page: &str) -> Result<Option<Session>, sqlx::Error> {
    let (id, rest) = page.split_once('.').map_or((page, None), |(id, rest)| (id, Some(rest)));
    let mut connection = sandbox.pool.acquire().await?;
    let session = sessions::find(&mut connection, id).await?;
    Ok(session.filter(|session| rest.is_none_or(|rest| rest == session.page)))
}

fn html(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (status, headers, text).into_response()
}
