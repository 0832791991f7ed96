//! One call in one transaction: its key, its change, its webhooks, its answer.

use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use sha2::Digest;
use sha2::Sha256;
use sqlx::Connection;

use crate::sandbox::Sandbox;
use crate::sandbox::faults;
use crate::sandbox::idempotency;
use crate::sandbox::idempotency::Known;
use crate::sandbox::outbox::InHand;
use crate::sandbox::token::millis;
use crate::sandbox::wire::answer::Answer;
use crate::sandbox::wire::answer::Refusal;
use crate::sandbox::wire::asks;
use crate::sandbox::wire::asks::EndpointTerms;
use crate::sandbox::wire::asks::NewSession;
use crate::sandbox::wire::call::Call;

const KEY_CHARS_MAX: usize = 255;
/// Of its name only the beginning is known.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// A request that has arrived whole.
struct Arrived {
    key: Option<String>,
    digest: Vec<u8>,
    body: Vec<u8>,
}

pub(super) async fn create_session(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Response, Refusal> {
    let arrived = arrive(request).await?;
    let call = Call::CreateSession(Box::new(NewSession::read(&arrived.body)?));
    write(&sandbox, &arrived, call).await
}

/// Whatever lies in the body: the SDKs send nothing, `{}`, `[]` or a text.
pub(super) async fn disable_token(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    write(&sandbox, &arrive(request).await?, Call::DisableToken(id)).await
}

pub(super) async fn enable_token(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    write(&sandbox, &arrive(request).await?, Call::EnableToken(id)).await
}

pub(super) async fn delete_token(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    write(&sandbox, &arrive(request).await?, Call::DeleteToken(id)).await
}

pub(super) async fn create_endpoint(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Response, Refusal> {
    let arrived = arrive(request).await?;
    let call = Call::CreateEndpoint(EndpointTerms::read_whole(&arrived.body)?);
    write(&sandbox, &arrived, call).await
}

pub(super) async fn change_endpoint(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let arrived = arrive(request).await?;
    let call = Call::ChangeEndpoint(id, EndpointTerms::read(&arrived.body)?);
    write(&sandbox, &arrived, call).await
}

pub(super) async fn delete_endpoint(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    write(&sandbox, &arrive(request).await?, Call::DeleteEndpoint(id)).await
}

/// A call without a key.
pub(super) async fn perform(sandbox: &Sandbox, call: Call) -> Result<Answer, Refusal> {
    let (answer, _) = commit(sandbox, None, call).await?;
    Ok(answer)
}

async fn write(sandbox: &Sandbox, arrived: &Arrived, call: Call) -> Result<Response, Refusal> {
    let (answer, replayed) = commit(sandbox, Some(arrived), call).await?;
    let mut response = answer.into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Carries a call out, unless its key has an answer already: then that one, and true. Refusals of
/// the request are answers too and are kept; a failure of the server is none, so that the same can
/// be tried again.
async fn commit(
    sandbox: &Sandbox,
    arrived: Option<&Arrived>,
    call: Call,
) -> Result<(Answer, bool), Refusal> {
    let keyed = arrived.and_then(|arrived| Some((arrived.key.as_deref()?, &arrived.digest)));
    let mut connection = sandbox.pool.acquire().await?;
    let mut tx = connection.begin().await?;
    if let Some((key, digest)) = keyed {
        let now = millis(sandbox.clock.now());
        match idempotency::claim(&mut tx, key, digest, now).await? {
            Known::New => {}
            Known::Other => return Err(Refusal::key_reused()),
            Known::Answered { status, body } => {
                let status = StatusCode::from_u16(status).expect("only HTTP statuses are written");
                return Ok((Answer { status, body }, true));
            }
        }
    }
    let (answer, deliveries) = match call.perform(&mut tx, sandbox).await {
        Ok(done) => (done.answer, done.deliveries),
        Err(refusal) if refusal.is_of_the_server() => return Err(refusal),
        Err(refusal) => (refusal.answer(), Vec::new()),
    };
    if let Some((key, _)) = keyed {
        idempotency::keep(&mut tx, key, answer.status.as_u16(), &answer.body).await?;
    }
    let first = faults::read(&mut tx).await?.webhooks.before_response;
    // In hand before they can be seen, so that nobody else sends them first.
    let in_hand: Vec<InHand> = if first {
        deliveries.iter().filter_map(|number| sandbox.outbox.take(*number)).collect()
    } else {
        Vec::new()
    };
    tx.commit().await?;
    drop(connection);
    for taken in &in_hand {
        sandbox.outbox.send(taken).await;
    }
    sandbox.outbox.wake();
    Ok((answer, false))
}

async fn arrive(request: Request) -> Result<Arrived, Refusal> {
    let (parts, body) = request.into_parts();
    let body = asks::read(body).await?;
    let key = key(&parts.method, &parts.headers)?;
    // Without the query: it says which SDK sends, not what is asked for.
    let digest = Sha256::new()
        .chain_update(format!("{} {}\n", parts.method, parts.uri.path()))
        .chain_update(&body)
        .finalize()
        .to_vec();
    Ok(Arrived { key, digest, body })
}

/// The documents promise it for POST, PUT and PATCH.
fn key(method: &Method, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key").filter(|_| method != Method::DELETE) else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|text| (1..=KEY_CHARS_MAX).contains(&text.len()));
    let wrong = || Refusal::invalid(vec!["Idempotency-Key must be 1 to 255 characters".to_owned()]);
    text.map(|text| Some(text.to_owned())).ok_or_else(wrong)
}
