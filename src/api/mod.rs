//! HTTP for services: the webhook route, and reads.

mod auth;
mod changes;
mod checks;
mod claim;
/// Where a list goes on.
pub mod cursor;
mod deliveries;
mod delivery_shapes;
mod docs;
mod events;
mod intents;
mod idempotency;
mod lookup;
mod metrics;
mod object;
mod openapi;
mod operations;
mod parameters;
mod params;
mod problem;
mod reconciliations;
mod reconciling;
mod refresh;
mod requests;
mod returning;
mod reveal;
mod routes;
mod routing;
mod run_shapes;
mod service;
mod session_fields;
mod sessions;
mod shapes;
mod spans;
mod tokens;
mod webhook;
mod webhook_answers;
mod wrap;

pub use auth::ApiKey;
pub use auth::ApiKeyError;
pub use metrics::install_metrics;
pub use openapi::openapi;
pub use routes::Access;
pub use routes::Gives;
pub use routes::ROUTES;
pub use routes::Route;
pub use service::Service;
pub use service::Setup;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::postgres::PgPool;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use crate::access::Keyring;
use crate::api::idempotency::Writes;
use crate::api::reconciling::Reconciling;
use crate::clock::Clock;
use crate::database::Readers;
use crate::ledger::Ledger;
use crate::ledger::refusals::Refusals;
use crate::outbox::Outbox;
use crate::smartpay::Mode;
use crate::traces::Traces;
use crate::vault::Vault;
use crate::webhooks::Live;

/// What every handler may use.
#[derive(Clone)]
pub struct App {
    pub ledger: Ledger,
    pub pool: PgPool,
    /// Of the same pool, for the reads that services wait for.
    pub readers: Readers,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub mode: Mode,
    /// Those live now, and when the last delivery came.
    pub webhooks: Live,
    /// How far a delivery's timestamp may be from now.
    pub window_ms: i64,
    pub api_key: ApiKey,
    pub keyring: Keyring,
    pub refusals: Refusals,
    pub metrics: PrometheusHandle,
    pub traces: Traces,
    /// None where no secret key is configured: then nothing is asked of Smartpay.
    pub outbox: Option<Outbox>,
    /// Where shoppers and Smartpay reach this service, without a slash at its end.
    pub public_url: Option<Arc<str>>,
    /// Returns that are confirmed at the same time.
    pub returning: Arc<Semaphore>,
    /// The hosts to which shoppers may be sent back; none: all.
    pub return_hosts: Arc<[String]>,
    writes: Writes,
    reconciling: Reconciling,
    /// Set when the service begins to shut down.
    pub closing: Arc<AtomicBool>,
}

/// All routes.
pub fn router(app: &Arc<App>) -> Router {
    let closing = from_fn_with_state(Arc::clone(&app.closing), wrap::end_connection);
    let routes = wrapped(routing::router(app)).layer(closing);
    if app.traces.is_on() {
        routes.layer(from_fn_with_state(app.traces.clone(), spans::follow))
    } else {
        routes
    }
}

/// The same around any routes: a panic is a 500, and every refusal has its problem body.
pub fn wrapped(routes: Router) -> Router {
    routes
        .layer(CatchPanicLayer::custom(wrap::panicked))
        .layer(from_fn(wrap::limit_head))
        .layer(from_fn(wrap::finish))
}
