//! An answer as it is kept, and given again: sealed, since it may hold what nobody else may read.

use anyhow::Context;
use axum::body::Body;
use axum::body::to_bytes;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;

use crate::api::idempotency::store::Kept;
use crate::api::problem::Problem;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Salt;
use crate::vault::Vault;

/// The largest answer that is kept; those of writes are a few kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Headers that belong to the answer, not to the exchange.
const KEPT_HEADERS: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::ETAG,
    header::CACHE_CONTROL,
    HeaderName::from_static("ledger-position"),
];
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What stands in front of the body, on a line of its own.
#[derive(Serialize, Deserialize)]
struct Head {
    headers: Vec<(String, String)>,
    /// A refusal gets its body when it is sent, with the id of that request.
    problem: Option<Problem>,
}

/// Takes an answer apart, so that it can be kept, and puts it together again.
pub(super) async fn seal(
    vault: &Vault,
    request_id: &str,
    response: Response,
) -> anyhow::Result<(Kept, Response)> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, ANSWER_BYTES_MAX).await.context("reading the answer to be kept")?;
    let mut headers = Vec::new();
    for name in KEPT_HEADERS {
        for value in parts.headers.get_all(&name) {
            let value = value.to_str().context("a header of the answer is no text")?;
            headers.push((name.as_str().to_owned(), value.to_owned()));
        }
    }
    let head = Head { headers, problem: parts.extensions.get().cloned() };
    let mut plain = serde_json::to_vec(&head).context("writing down the answer")?;
    plain.push(b'\n');
    plain.extend_from_slice(&body);
    let salt = Salt::random();
    let kept = Kept {
        request_id: request_id.to_owned(),
        status: parts.status.as_u16().into(),
        sealed: vault.seal(&place(request_id), NO_TOKEN, &salt, &plain),
        salt: salt.as_bytes().to_vec(),
    };
    Ok((kept, Response::from_parts(parts, Body::from(body))))
}

/// The answer again, marked as such.
pub(super) fn replay(vault: &Vault, kept: &Kept) -> anyhow::Result<Response> {
    let salt = Salt::try_from(kept.salt.as_slice())?;
    let plain = vault.unseal(&place(&kept.request_id), NO_TOKEN, &salt, &kept.sealed)?;
    let mut halves = plain.splitn(2, |byte| *byte == b'\n');
    let (Some(head), Some(body)) = (halves.next(), halves.next()) else {
        anyhow::bail!("a kept answer has no head");
    };
    let head: Head = serde_json::from_slice(head).context("reading a kept answer")?;
    let mut response = match head.problem {
        Some(problem) => problem.into_response(),
        None => Response::new(Body::from(body.to_vec())),
    };
    let status = u16::try_from(kept.status).context("a kept status")?;
    *response.status_mut() = StatusCode::from_u16(status).context("a kept status")?;
    for (name, value) in head.headers {
        response.headers_mut().append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}

fn place(request_id: &str) -> Place<'_> {
    Place { table: "idempotency", row: request_id, field: "answer" }
}
