//! A ledger of Smartpay payment tokens: verified webhooks in, events kept, answers out.
//!
//! Read from top to bottom: the order below is the order of dependency. A module uses only modules
//! above it.
//!
//! Deliberately absent: floats; the system clock outside [`clock`]; the environment (the binary
//! reads it); repository traits; `UPDATE` on the record; any caller of Smartpay but
//! [`smartpay::client`].

/// The only place that reads the time.
pub mod clock;
/// Where a request spent its time, for a collector.
pub mod traces;
/// Bytes to be hashed: fields that cannot run into each other.
pub mod canonical;
/// Serving HTTP: connections and bodies, with deadlines and limits.
pub mod http;
/// The rules of a token. Pure.
pub mod token;
/// The vendor's wire: secrets, signatures, notices, readings, calls.
pub mod smartpay;
/// Refs, and what is sealed.
pub mod vault;
/// Reaching PostgreSQL: schema, roles, failures.
pub mod database;
/// The record: entries in position order, each with its leaf.
pub mod journal;
/// What follows from the record.
pub mod projections;
/// The one door: submissions in, verdicts and positions out.
pub mod ledger;
/// Asking Smartpay how a token is.
pub mod readings;
/// Where the shopper comes back.
pub mod returns;
/// Commands to Smartpay: intents, calls, read-backs.
pub mod outbox;
/// Comparing with Smartpay.
pub mod reconcile;
/// Access keys: who may ask, and for what.
pub mod access;
/// Webhook endpoints: which secrets are live, and whether Smartpay is heard.
pub mod webhooks;
/// Whether the ledger still says what it said: reads everything, writes nothing.
pub mod audit;
/// HTTP for services.
pub mod api;
/// A pretend Smartpay. Last of all that speaks of tokens, so that no product code can use it.
pub mod sandbox;
/// A private PostgreSQL for `dev` and for the tests.
pub mod embedded;
