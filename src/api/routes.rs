//! THE table of routes: what is served, to whom, and what the interface's document says of it.

use std::sync::Arc;

use axum::routing::MethodRouter;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;

use crate::access::Scope;
use crate::api::App;
use crate::api::checks;
use crate::api::deliveries;
use crate::api::docs;
use crate::api::events;
use crate::api::lookup;
use crate::api::operations;
use crate::api::tokens;
use crate::api::webhook;

/// A route that does not say who may use it does not compile.
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
    pub access: Access,
    /// Names the operation for those who generate clients.
    pub id: &'static str,
    pub summary: &'static str,
    /// Query parameters.
    pub query: &'static [&'static str],
    /// The schema of the request's body.
    pub body: Option<&'static str>,
    pub gives: Gives,
    pub(super) serve: fn() -> MethodRouter<Arc<App>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Without a key: webhooks bring a signature, operations are for the host.
    Open,
    /// With a key that has this scope.
    Key(Scope),
    /// The same, for what changes something: also with an `Idempotency-Key`, under which it is done
    /// once.
    Write(Scope),
}

impl Access {
    /// The scope that is needed, where a key is.
    pub fn scope(self) -> Option<Scope> {
        match self {
            Self::Open => None,
            Self::Key(scope) | Self::Write(scope) => Some(scope),
        }
    }
}

/// What a 200 holds, by the name of its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    One(&'static str),
    /// One, with an `ETag`.
    Version(&'static str),
    List(&'static str),
    Text,
    /// Nothing that the document describes: the document itself, and the page that shows it.
    Nothing,
}

pub const ROUTES: &[Route] = &[
    Route {
        method: "POST",
        path: "/webhooks/smartpay/{endpoint}",
        access: Access::Open,
        id: "receiveWebhook",
        summary: "Takes delivery of a webhook of Smartpay",
        query: &[],
        body: Some("Webhook"),
        gives: Gives::One("Receipt"),
        // Which method it is counts only once the endpoint is known.
        serve: || any(webhook::receive),
    },
    Route {
        method: "GET",
        path: "/v1/consumers/{consumer}/tokens",
        access: Access::Key(Scope::TokensRead),
        id: "listTokensOfConsumer",
        summary: "Which tokens a consumer has, newest first, and whether each is usable",
        query: &["usable", "status", "limit", "cursor"],
        body: None,
        gives: Gives::List("Token"),
        serve: || get(tokens::of_consumer),
    },
    Route {
        method: "GET",
        path: "/v1/tokens",
        access: Access::Key(Scope::TokensRead),
        id: "listTokens",
        summary: "Tokens, newest first",
        query: &["consumer", "usable", "status", "limit", "cursor"],
        body: None,
        gives: Gives::List("Token"),
        serve: || get(tokens::all),
    },
    Route {
        method: "GET",
        path: "/v1/tokens/{ref}",
        access: Access::Key(Scope::TokensRead),
        id: "getToken",
        summary: "One token, and whether it is usable",
        query: &[],
        body: None,
        gives: Gives::Version("Token"),
        serve: || get(tokens::one),
    },
    Route {
        method: "GET",
        path: "/v1/tokens/{ref}/events",
        access: Access::Key(Scope::EventsRead),
        id: "listEventsOfToken",
        summary: "The history of a token, oldest first",
        query: &["limit", "cursor"],
        body: None,
        gives: Gives::List("Event"),
        serve: || get(events::of_token),
    },
    Route {
        method: "POST",
        path: "/v1/tokens/lookup",
        access: Access::Key(Scope::TokensRead),
        id: "lookUpToken",
        summary: "The ref of a Smartpay token id",
        query: &[],
        body: Some("Lookup"),
        gives: Gives::One("Found"),
        serve: || post(lookup::lookup),
    },
    Route {
        method: "POST",
        path: "/v1/usability-checks",
        access: Access::Key(Scope::TokensRead),
        id: "checkUsability",
        summary: "Up to 200 verdicts, in the order of the request",
        query: &[],
        body: Some("Check"),
        gives: Gives::One("Verdicts"),
        serve: || post(checks::check),
    },
    Route {
        method: "GET",
        path: "/v1/events",
        access: Access::Key(Scope::EventsRead),
        id: "listEvents",
        summary: "The ledger in position order",
        query: &["after", "limit", "cursor"],
        body: None,
        gives: Gives::List("Event"),
        serve: || get(events::all),
    },
    Route {
        method: "GET",
        path: "/v1/events/{position}",
        access: Access::Key(Scope::EventsRead),
        id: "getEvent",
        summary: "One event",
        query: &[],
        body: None,
        gives: Gives::One("Event"),
        serve: || get(events::one),
    },
    Route {
        method: "GET",
        path: "/v1/deliveries",
        access: Access::Key(Scope::DeliveriesRead),
        id: "listDeliveries",
        summary: "What came in, newest first, and what became of it",
        query: &["verdict", "limit", "cursor"],
        body: None,
        gives: Gives::List("Delivery"),
        serve: || get(deliveries::all),
    },
    Route {
        method: "GET",
        path: "/v1/deliveries/{id}",
        access: Access::Key(Scope::DeliveriesRead),
        id: "getDelivery",
        summary: "One delivery: every verdict, the copies, how it was signed",
        query: &[],
        body: None,
        gives: Gives::One("DeliveryDetails"),
        serve: || get(deliveries::one),
    },
    Route {
        method: "POST",
        path: "/v1/deliveries/{id}/reprocess",
        access: Access::Write(Scope::DeliveriesWrite),
        id: "reprocessDelivery",
        summary: "Decide an ignored or quarantined delivery anew; what was applied stays",
        query: &[],
        body: None,
        gives: Gives::One("DeliveryDetails"),
        serve: || post(deliveries::reprocess),
    },
    Route {
        method: "GET",
        path: "/livez",
        access: Access::Open,
        id: "isAlive",
        summary: "The process runs",
        query: &[],
        body: None,
        gives: Gives::Text,
        serve: || get(operations::livez),
    },
    Route {
        method: "GET",
        path: "/readyz",
        access: Access::Open,
        id: "isReady",
        summary: "Webhooks can be recorded",
        query: &[],
        body: None,
        gives: Gives::Text,
        serve: || get(operations::readyz),
    },
    Route {
        method: "GET",
        path: "/metrics",
        access: Access::Open,
        id: "getMetrics",
        summary: "Counters, as Prometheus reads them",
        query: &[],
        body: None,
        gives: Gives::Text,
        serve: || get(operations::metrics),
    },
    Route {
        method: "GET",
        path: "/openapi.json",
        access: Access::Open,
        id: "getInterface",
        summary: "This document",
        query: &[],
        body: None,
        gives: Gives::Nothing,
        serve: || get(docs::document),
    },
    Route {
        method: "GET",
        path: "/docs",
        access: Access::Open,
        id: "docs",
        summary: "",
        query: &[],
        body: None,
        gives: Gives::Nothing,
        serve: || get(docs::redirect),
    },
    Route {
        method: "GET",
        path: "/docs/",
        access: Access::Open,
        id: "docsIndex",
        summary: "",
        query: &[],
        body: None,
        gives: Gives::Nothing,
        serve: || get(docs::index),
    },
    Route {
        method: "GET",
        path: "/docs/{*file}",
        access: Access::Open,
        id: "docsFile",
        summary: "",
        query: &[],
        body: None,
        gives: Gives::Nothing,
        serve: || get(docs::file),
    },
];
