//! Smartpay's API as its documents and SDKs have it, the hosted page, and the controls.

/// Answers and refusals.
mod answer;
/// Keys, and faults on purpose.
mod guard;
/// Fields of a request, read as loosely as the vendor does.
mod fields;
/// What a request asks for.
mod asks;
/// The calls that change something.
mod call;
/// One call in one transaction, under its key.
mod write;
/// The calls that read.
mod reads;
/// What tests and people do that Smartpay's merchants cannot.
mod control;
/// The hosted page.
mod page;
/// Its HTML.
mod html;

use axum::Router;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use axum::routing::put;
use tower_http::catch_panic::CatchPanicLayer;

use crate::sandbox::Sandbox;
use crate::sandbox::wire::answer::Refusal;

/// Two official SDKs take a base URL only when it contains this text.
const SDK_PREFIX: &str = "/api.smartpay/v1";

pub(crate) fn router(sandbox: &Sandbox) -> Router {
    let api = api(sandbox);
    Router::new()
        .nest("/v1", api.clone())
        .nest(SDK_PREFIX, api)
        .nest("/sandbox", control(sandbox))
        .route("/checkout/{page}", get(page::show))
        .route("/checkout/{page}/{answer}", post(page::answer))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .with_state(sandbox.clone())
        .layer(CatchPanicLayer::custom(|_| Refusal::internal().into_response()))
        .layer(from_fn(log))
}

fn api(sandbox: &Sandbox) -> Router<Sandbox> {
    Router::new()
        .route("/checkout-sessions", get(reads::sessions).post(write::create_session))
        .route("/checkout-sessions/{id}", get(reads::session))
        .route("/tokens", get(reads::tokens))
        .route("/tokens/{id}", get(reads::token).delete(write::delete_token))
        .route("/tokens/{id}/disable", put(write::disable_token))
        .route("/tokens/{id}/enable", put(write::enable_token))
        .route("/webhook-endpoints", get(reads::endpoints).post(write::create_endpoint))
        .route(
            "/webhook-endpoints/{id}",
            get(reads::endpoint).patch(write::change_endpoint).delete(write::delete_endpoint),
        )
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(sandbox.clone(), guard::faults))
        .layer(from_fn(guard::authenticate))
}

fn control(sandbox: &Sandbox) -> Router<Sandbox> {
    Router::new()
        .route("/sessions/{id}/{action}", post(control::session))
        .route("/tokens", get(control::tokens))
        .route("/faults", get(control::faults).put(control::set_faults))
        .route("/clock", get(control::clock).put(control::move_clock))
        .route("/trigger", post(control::trigger))
        .fallback(unknown_route)
        .method_not_allowed_fallback(unknown_method)
        .layer(from_fn_with_state(sandbox.clone(), guard::same_origin))
}

async fn unknown_route() -> Refusal {
    Refusal::not_found("route.not-found", "the sandbox has no such route")
}

async fn unknown_method() -> Refusal {
    Refusal::method_not_allowed()
}

/// The route's pattern, never what fills it: token ids stand in Smartpay's paths.
async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain")) {
        // A refusal of the framework's own, which knows no Smartpay.
        response = Refusal::of_http(response.status()).into_response();
    }
    tracing::info!(
        %method,
        route = route.as_ref().map_or("none", MatchedPath::as_str),
        status = response.status().as_u16(),
        "request to the sandbox"
    );
    response
}
