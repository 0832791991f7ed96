//! `Idempotency-Key`: a write that is asked for twice is done once, and answered the same.
//!
//! The key is taken before the handler acts. What becomes of it then is up to the answer:
//! - success, and a refusal that the handler says is its action's own ([`Problem::decided`]), are
//!   kept and given again;
//! - any other refusal did nothing, so the key is free;
//! - after a failure (5xx), or when the process died, something may have been done: the key stays
//!   with this request, which may be sent again and finds what it began by its [`WriteRequest`].
//!
//! A write that was begun is ended also when nobody waits for its answer any more: it runs in a task
//! of its own. The service's writer ends only after all of them, since each holds its ledger.

mod kept;
mod key;
mod store;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use sqlx::postgres::PgPool;
use tokio::sync::Semaphore;
use tokio::time::interval;
use tokio::time::timeout;

pub(super) use key::KEY_CHARS_MAX;
pub(super) use key::KEY_CHARS_MIN;

use crate::api::App;
use crate::api::auth::Caller;
use crate::api::idempotency::store::Asked;
use crate::api::idempotency::store::Claim;
use crate::api::idempotency::store::Held;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::problem::Problem;
use crate::clock::Clock;

/// The most rows: above, no new write is taken until some are a day old. Counted with each sweep,
/// so that a few more may get in between.
const ROWS_MAX: i64 = 1_000_000;
/// How often rows whose time is over are removed; also once at the start.
const SWEEP_PAUSE: Duration = Duration::from_mins(1);
/// Writes that a process works on at once.
const WRITES_MAX: usize = 512;
/// A write ends by then, within its lease: what it left undone, the next try takes up.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);

/// One write, however often it is asked for under its key: what a handler begins is tied to it.
#[derive(Clone, Debug)]
pub(super) struct WriteRequest {
    /// 32 hexadecimal digits. The same one when the write is taken up again.
    pub id: Arc<str>,
}

/// What bounds the writes of a process. Clones share it.
#[derive(Clone)]
pub(super) struct Writes {
    /// The table has no room.
    is_full: Arc<AtomicBool>,
    running: Arc<Semaphore>,
}

impl Writes {
    pub(super) fn new() -> Self {
        Self { is_full: Arc::default(), running: Arc::new(Semaphore::new(WRITES_MAX)) }
    }

    /// Removes rows whose time is over, again and again, and looks whether there is room.
    pub(super) async fn sweep(self, pool: PgPool, clock: Clock) {
        let mut ticks = interval(SWEEP_PAUSE);
        loop {
            ticks.tick().await;
            let swept = async {
                store::sweep(&pool, clock.now()).await?;
                store::has_rows(&pool, ROWS_MAX).await
            };
            match swept.await {
                Ok(is_full) => self.is_full.store(is_full, Ordering::SeqCst),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "kept answers of writes wait");
                }
            }
        }
    }
}

/// Surrounds the handler of a write.
pub(super) async fn once(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key::digest_of_key(&caller.key_id, key::read(request.headers())?);
    let (parts, body) = request.into_parts();
    let body = object::read_bytes(&parts.headers, body, REQUEST_BYTES_MAX).await?;
    let asked = Asked {
        key,
        client: caller.key_id,
        request: key::digest_of_request(&parts.method, &parts.uri, &body),
        at: app.clock.now(),
    };
    if app.writes.is_full.load(Ordering::SeqCst) {
        let detail = "too many writes within a day; ask whoever runs this service";
        return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail));
    }
    let running = Arc::clone(&app.writes.running).try_acquire_owned();
    let running = running.map_err(|_| Problem::busy("too many writes at once; try again"))?;
    let request = Request::from_parts(parts, Body::from(body));
    let acting = tokio::spawn(async move {
        let answer = timeout(WRITE_DEADLINE, act(&app, &asked, request, next)).await;
        drop(running);
        answer.unwrap_or_else(|_| Err(Problem::busy("the write took too long; send it again")))
    });
    acting.await.unwrap_or_else(|_| {
        tracing::error!("a write's handler panicked");
        Err(Problem::internal())
    })
}

async fn act(
    app: &App,
    asked: &Asked,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let request_id = hex::encode(rand::random::<[u8; 16]>());
    let claim = store::claim(&mut *app.pool.acquire().await?, asked, &request_id).await?;
    let held = match claim {
        Claim::Held(held) => held,
        Claim::Answered(kept) => return Ok(kept::replay(&app.vault, &kept)?),
        Claim::Reused => {
            let detail = "this Idempotency-Key was used for another request: use a new one";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::new(status, "idempotency_key_reused", detail));
        }
        Claim::InFlight => {
            let detail = "this request is being worked on: send it again in a moment";
            return Err(Problem::new(StatusCode::CONFLICT, "idempotency_key_in_flight", detail));
        }
    };
    request.extensions_mut().insert(WriteRequest { id: held.request_id.as_str().into() });
    let response = next.run(request).await;
    settle(app, &held, response).await
}

/// The handler has answered. What it did is done, so that its answer goes out in any case.
async fn settle(app: &App, held: &Held, response: Response) -> Result<Response, Problem> {
    let status = response.status();
    let decided = response.extensions().get::<Problem>().is_some_and(|problem| problem.decided);
    let (kept, response) = if status.is_success() || decided {
        let (kept, response) = kept::seal(&app.vault, &held.request_id, response).await?;
        (Some(kept), response)
    } else {
        (None, response)
    };
    let settling = async {
        let mut connection = app.pool.acquire().await?;
        let now = app.clock.now();
        match &kept {
            Some(kept) => store::answer(&mut connection, held, kept, now).await,
            None if status.is_server_error() => {
                store::give_up(&mut connection, held, now).await.map(|()| true)
            }
            None => store::release(&mut connection, held).await.map(|()| true),
        }
    };
    match settling.await {
        Ok(true) => {}
        Ok(false) => tracing::warn!("a write took longer than its lease, and was taken over"),
        Err(error) => {
            let error = format!("{error:#}");
            tracing::warn!(error, "the answer to a write could not be kept");
        }
    }
    Ok(response)
}
