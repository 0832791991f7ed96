//! THE table of routes: what is served, to whom, and what the interface's document says of it.

use std::sync::Arc;

use axum::routing::MethodRouter;
use axum::routing::any;
use axum::routing::delete;
use axum::routing::get;
use axum::routing::post;

use crate::access::Scope;
use crate::api::App;
use crate::api::changes;
use crate::api::checks;
use crate::api::claim;
use crate::api::deliveries;
use crate::api::docs;
use crate::api::events;
use crate::api::intents;
use crate::api::lookup;
use crate::api::operations;
use crate::api::reconciliations;
use crate::api::refresh;
use crate::api::returning;
use crate::api::reveal;
use crate::api::sessions;
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
    /// 201 with it, or 202 with the intent while the outcome is open.
    Made(&'static str),
    /// 202 with it, while it goes on.
    Begun(&'static str),
    /// One that a command of ours changed, or 202 with the intent.
    Changed(&'static str),
    Text,
    /// Nothing that the document describes: the document itself, and the page that shows it.
    Nothing,
}

const fn route(
    method: &'static str,
    path: &'static str,
    access: Access,
    serve: fn() -> MethodRouter<Arc<App>>,
) -> Route {
    let (id, summary, query, body, gives) = ("", "", &[], None, Gives::Nothing);
    Route { method, path, access, id, summary, query, body, gives, serve }
}

impl Route {
    const fn called(self, id: &'static str, summary: &'static str) -> Self {
        Self { id, summary, ..self }
    }

    const fn query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn body(self, schema: &'static str) -> Self {
        Self { body: Some(schema), ..self }
    }

    const fn gives(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }
}

pub const ROUTES: &[Route] = &[
    // Which method it is counts only once the endpoint is known.
    route("POST", "/webhooks/smartpay/{endpoint}", Access::Open, || any(webhook::receive))
        .called("receiveWebhook", "Takes delivery of a webhook of Smartpay")
        .body("Webhook")
        .gives(Gives::One("Receipt")),
    route("GET", "/v1/consumers/{consumer}/tokens", Access::Key(Scope::TokensRead), || {
        get(tokens::of_consumer)
    })
    .called(
        "listTokensOfConsumer",
        "Which tokens a consumer has, newest first, and whether each is usable",
    )
    .query(&["usable", "status", "limit", "cursor"])
    .gives(Gives::List("Token")),
    route("GET", "/v1/tokens", Access::Key(Scope::TokensRead), || get(tokens::all))
        .called("listTokens", "Tokens, newest first")
        .query(&["consumer", "usable", "status", "limit", "cursor"])
        .gives(Gives::List("Token")),
    route("GET", "/v1/tokens/{ref}", Access::Key(Scope::TokensRead), || get(tokens::one))
        .called("getToken", "One token, and whether it is usable")
        .gives(Gives::Version("Token")),
    route("GET", "/v1/tokens/{ref}/events", Access::Key(Scope::EventsRead), || {
        get(events::of_token)
    })
    .called("listEventsOfToken", "The history of a token, oldest first")
    .query(&["limit", "cursor"])
    .gives(Gives::List("Event")),
    route("POST", "/v1/tokens/lookup", Access::Key(Scope::TokensRead), || post(lookup::lookup))
        .called("lookUpToken", "The ref of a Smartpay token id")
        .body("Lookup")
        .gives(Gives::One("Found")),
    route("POST", "/v1/usability-checks", Access::Key(Scope::TokensRead), || post(checks::check))
        .called("checkUsability", "Up to 200 verdicts, in the order of the request")
        .body("Check")
        .gives(Gives::One("Verdicts")),
    route("POST", "/v1/checkout-sessions", Access::Write(Scope::SessionsWrite), || {
        post(sessions::create)
    })
    .called("createSession", "Makes a session at Smartpay, through which a shopper saves a token")
    .body("NewSession")
    .gives(Gives::Made("Session")),
    route("POST", "/v1/tokens/{ref}/disable", Access::Write(Scope::TokensWrite), || {
        post(changes::disable)
    })
    .called("disableToken", "Disables a token at Smartpay; it can be enabled again")
    .body("Change")
    .gives(Gives::Changed("Token")),
    route("POST", "/v1/tokens/{ref}/enable", Access::Write(Scope::TokensWrite), || {
        post(changes::enable)
    })
    .called("enableToken", "Enables a disabled token at Smartpay")
    .body("Change")
    .gives(Gives::Changed("Token")),
    route("DELETE", "/v1/tokens/{ref}", Access::Write(Scope::TokensWrite), || {
        delete(changes::delete)
    })
    .called("deleteToken", "Deletes a token at Smartpay, for ever")
    .body("Change")
    .gives(Gives::Changed("Token")),
    route("POST", "/v1/tokens/{ref}/refresh", Access::Write(Scope::TokensWrite), || {
        post(refresh::refresh)
    })
    .called("refreshToken", "Read a token at Smartpay now, after a refused charge, say")
    .gives(Gives::Version("Token")),
    route("POST", "/v1/reconciliations", Access::Write(Scope::Reconcile), || {
        post(reconciliations::begin)
    })
    .called("beginReconciliation", "Compare all tokens with Smartpay, and record what was missed")
    .body("NewReconciliation")
    .gives(Gives::Begun("Reconciliation")),
    route("GET", "/v1/reconciliations", Access::Key(Scope::Reconcile), || {
        get(reconciliations::all)
    })
    .called("listReconciliations", "Comparisons with Smartpay, newest first")
    .query(&["limit", "cursor"])
    .gives(Gives::List("Reconciliation")),
    route("GET", "/v1/reconciliations/{id}", Access::Key(Scope::Reconcile), || {
        get(reconciliations::one)
    })
    .called("getReconciliation", "One comparison, and the first of its differences")
    .gives(Gives::One("ReconciliationDetails")),
    route("POST", "/v1/tokens/{ref}/reveal", Access::Write(Scope::TokensReveal), || {
        post(reveal::reveal)
    })
    .called("revealToken", "The Smartpay token id behind a ref; who asked, and why, goes on record")
    .body("Reveal")
    .gives(Gives::One("Revealed")),
    route("POST", "/v1/tokens/{ref}/claim", Access::Write(Scope::TokensWrite), || {
        post(claim::claim)
    })
    .called(
        "claimToken",
        "Correct whose a token is; without a session it stays that of the latest claim",
    )
    .body("Correction")
    .gives(Gives::One("Token")),
    route("GET", "/v1/intents/{id}", Access::Key(Scope::TokensRead), || get(intents::one))
        .called("getIntent", "A command to Smartpay, and what became of it")
        .gives(Gives::One("Intent")),
    route("GET", "/return/{state}", Access::Open, || get(returning::arrive))
        .called("returnFromCheckout", "Where a shopper comes back from Smartpay's page"),
    route("GET", "/v1/events", Access::Key(Scope::EventsRead), || get(events::all))
        .called("listEvents", "The ledger in position order")
        .query(&["after", "limit", "cursor"])
        .gives(Gives::List("Event")),
    route("GET", "/v1/events/{position}", Access::Key(Scope::EventsRead), || get(events::one))
        .called("getEvent", "One event")
        .gives(Gives::One("Event")),
    route("GET", "/v1/deliveries", Access::Key(Scope::DeliveriesRead), || get(deliveries::all))
        .called("listDeliveries", "What came in, newest first, and what became of it")
        .query(&["verdict", "limit", "cursor"])
        .gives(Gives::List("Delivery")),
    route("GET", "/v1/deliveries/{id}", Access::Key(Scope::DeliveriesRead), || {
        get(deliveries::one)
    })
    .called("getDelivery", "One delivery: every verdict, the copies, how it was signed")
    .gives(Gives::One("DeliveryDetails")),
    route("POST", "/v1/deliveries/{id}/reprocess", Access::Write(Scope::DeliveriesWrite), || {
        post(deliveries::reprocess)
    })
    .called(
        "reprocessDelivery",
        "Decide an ignored or quarantined delivery anew; what was applied stays",
    )
    .gives(Gives::One("DeliveryDetails")),
    route("GET", "/livez", Access::Open, || get(operations::livez))
        .called("isAlive", "The process runs")
        .gives(Gives::Text),
    route("GET", "/readyz", Access::Open, || get(operations::readyz))
        .called("isReady", "Webhooks can be recorded")
        .gives(Gives::Text),
    route("GET", "/metrics", Access::Open, || get(operations::metrics))
        .called("getMetrics", "Counters, as Prometheus reads them")
        .gives(Gives::Text),
    route("GET", "/openapi.json", Access::Open, || get(docs::document))
        .called("getInterface", "This document"),
    route("GET", "/docs", Access::Open, || get(docs::redirect)).called("docs", ""),
    route("GET", "/docs/", Access::Open, || get(docs::index)).called("docsIndex", ""),
    route("GET", "/docs/{*file}", Access::Open, || get(docs::file)).called("docsFile", ""),
];
