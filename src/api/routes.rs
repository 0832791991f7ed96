//! THE table of routes: what is served, and who may ask for it. The router is made from it.

use axum::Router;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;

use crate::access::Scope;
use crate::api::App;
use crate::api::auth;
use crate::api::checks;
use crate::api::deliveries;
use crate::api::events;
use crate::api::lookup;
use crate::api::operations;
use crate::api::tokens;
use crate::api::webhook;
use crate::api::wrap;

/// A route that does not say who may use it does not compile.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
    serve: fn() -> MethodRouter<App>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Without a key: webhooks bring a signature, operations are for the host.
    Open,
    /// With a key that has this scope.
    Key(Scope),
}

pub const ROUTES: [Route; 15] = [
    Route {
        method: "POST",
        path: "/webhooks/smartpay/{endpoint}",
        access: Access::Open,
        // Which method it is counts only once the endpoint is known.
        serve: || any(webhook::receive),
    },
    Route {
        method: "GET",
        path: "/v1/consumers/{consumer}/tokens",
        access: Access::Key(Scope::TokensRead),
        serve: || get(tokens::of_consumer),
    },
    Route {
        method: "GET",
        path: "/v1/tokens",
        access: Access::Key(Scope::TokensRead),
        serve: || get(tokens::all),
    },
    Route {
        method: "GET",
        path: "/v1/tokens/{ref}",
        access: Access::Key(Scope::TokensRead),
        serve: || get(tokens::one),
    },
    Route {
        method: "GET",
        path: "/v1/tokens/{ref}/events",
        access: Access::Key(Scope::EventsRead),
        serve: || get(events::of_token),
    },
    Route {
        method: "POST",
        path: "/v1/tokens/lookup",
        access: Access::Key(Scope::TokensRead),
        serve: || post(lookup::lookup),
    },
    Route {
        method: "POST",
        path: "/v1/usability-checks",
        access: Access::Key(Scope::TokensRead),
        serve: || post(checks::check),
    },
    Route {
        method: "GET",
        path: "/v1/events",
        access: Access::Key(Scope::EventsRead),
        serve: || get(events::all),
    },
    Route {
        method: "GET",
        path: "/v1/events/{position}",
        access: Access::Key(Scope::EventsRead),
        serve: || get(events::one),
    },
    Route {
        method: "GET",
        path: "/v1/deliveries",
        access: Access::Key(Scope::DeliveriesRead),
        serve: || get(deliveries::all),
    },
    Route {
        method: "GET",
        path: "/v1/deliveries/{id}",
        access: Access::Key(Scope::DeliveriesRead),
        serve: || get(deliveries::one),
    },
    Route {
        method: "POST",
        path: "/v1/deliveries/{id}/reprocess",
        access: Access::Key(Scope::DeliveriesWrite),
        serve: || post(deliveries::reprocess),
    },
    Route { method: "GET", path: "/livez", access: Access::Open, serve: || get(operations::livez) },
    Route {
        method: "GET",
        path: "/readyz",
        access: Access::Open,
        serve: || get(operations::readyz),
    },
    Route {
        method: "GET",
        path: "/metrics",
        access: Access::Open,
        serve: || get(operations::metrics),
    },
];

/// The routes behind what guards them. A method that a path does not take is 405 for everyone.
pub(super) fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in &ROUTES {
        let served = (route.serve)();
        let guarded = match route.access {
            Access::Open => served,
            Access::Key(scope) => served
                .route_layer(from_fn_with_state(app.clone(), wrap::min_position))
                .route_layer(from_fn(wrap::acceptable))
                .route_layer(from_fn_with_state((app.clone(), scope), auth::authorize)),
        };
        router = router.route(route.path, guarded);
    }
    router.with_state(app.clone())
}
