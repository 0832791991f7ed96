//! HTTP for services: the webhook route, and reads.

mod auth;
mod body;
mod cursor;
mod endpoints;
mod events;
mod lookup;
mod operations;
mod params;
mod problem;
mod server;
mod service;
mod shapes;
mod tokens;
mod webhook;
mod wrap;

pub use auth::ApiKey;
pub use auth::ApiKeyError;
pub use endpoints::Endpoint;
pub use endpoints::Endpoints;
pub use server::serve;
pub use service::Service;
pub use service::Setup;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::postgres::PgPool;
use tower_http::catch_panic::CatchPanicLayer;

use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::ledger::refusals::Refusals;
use crate::smartpay::Mode;
use crate::vault::Vault;

/// What every handler may use.
#[derive(Clone)]
pub struct App {
    pub ledger: Ledger,
    pub pool: PgPool,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub mode: Mode,
    pub endpoints: Arc<Endpoints>,
    /// How far a delivery's timestamp may be from now.
    pub window_ms: i64,
    pub api_key: ApiKey,
    pub refusals: Refusals,
    pub metrics: PrometheusHandle,
    /// Set when the service begins to shut down.
    pub closing: Arc<AtomicBool>,
}

/// All routes.
pub fn router(app: App) -> Router {
    let reads = Router::new()
        .route("/v1/consumers/{consumer}/tokens", get(tokens::of_consumer))
        .route("/v1/tokens/lookup", post(lookup::lookup))
        .route("/v1/tokens/{ref}", get(tokens::one))
        .route("/v1/tokens/{ref}/events", get(events::of_token))
        .route("/v1/events", get(events::all))
        .route_layer(from_fn_with_state(app.clone(), wrap::min_position))
        .route_layer(from_fn(wrap::acceptable))
        .route_layer(from_fn_with_state(app.clone(), auth::authenticate));
    let open = Router::new()
        .route("/webhooks/smartpay/{endpoint}", any(webhook::receive))
        .route("/livez", get(operations::livez))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics));
    wrapped(reads.merge(open).with_state(app))
}

/// The same around any routes: a panic is a 500, and every refusal has its problem body.
pub fn wrapped(routes: Router) -> Router {
    routes
        .layer(CatchPanicLayer::custom(wrap::panicked))
        .layer(from_fn(wrap::limit_head))
        .layer(from_fn(wrap::finish))
}
