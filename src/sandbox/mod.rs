//! A pretend Smartpay over real HTTP: its API, its hosted page, the webhooks it sends.
//!
//! Last of all modules that speak of tokens, so that no product code can use it. What it knows is
//! what Smartpay knows: no consumer but in what a session was given. What the vendor leaves open is
//! decided here, each time with a comment.

/// What can be done to a token at Smartpay, and when.
pub mod action;
/// A token as Smartpay holds it.
pub mod token;
/// A webhook body, rendered as Smartpay does.
pub mod message;
/// Ids of every kind, from a seeded generator.
pub mod ids;
/// Signing and sending.
pub mod sender;
/// Chances and the decisions that follow from a seed.
mod chance;
/// The tables.
mod schema;
mod faults;
/// How far its clock has been moved.
mod ahead;
mod tokens;
mod truth;
mod sessions;
mod endpoints;
mod idempotency;
mod deliveries;
/// What sends them.
mod outbox;
/// What happens.
mod acts;
mod trigger;
/// Smartpay's side of HTTP.
mod wire;
mod server;
/// Half a year of a shop's life, made at once.
pub mod demo;

pub use crate::sandbox::action::Action;
pub use crate::sandbox::action::Illegal;
pub use crate::sandbox::message::Message;
pub use crate::sandbox::schema::OpenError;
pub use crate::sandbox::sender::NotDelivered;
pub use crate::sandbox::sender::Sender;
pub use crate::sandbox::sender::Spoil;
pub use crate::sandbox::server::Registration;
pub use crate::sandbox::server::Sandbox;
pub use crate::sandbox::token::Token;
pub use crate::sandbox::trigger::Named;
pub use crate::sandbox::trigger::Trigger;
pub use crate::sandbox::trigger::Triggered;
