//! The router, made from the table of routes.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;

use crate::api::App;
use crate::api::auth;
use crate::api::idempotency;
use crate::api::routes::Access;
use crate::api::routes::ROUTES;
use crate::api::wrap;

/// The routes behind what guards them. A method that a path does not take is 405 for everyone.
pub(super) fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let served = (route.serve)();
        let once = from_fn_with_state(Arc::clone(app), idempotency::once);
        let served = match route.access {
            Access::Open | Access::Key(_) => served,
            Access::Write(_) => served.route_layer(once),
        };
        let guarded = match route.access.scope() {
            None => served,
            Some(scope) => served
                .route_layer(from_fn_with_state(Arc::clone(app), wrap::min_position))
                .route_layer(from_fn(wrap::acceptable))
                .route_layer(from_fn_with_state((Arc::clone(app), scope), auth::authorize))
                .route_layer(from_fn(wrap::in_time)),
        };
        router = router.route(route.path, guarded);
    }
    router.with_state(Arc::clone(app))
}
