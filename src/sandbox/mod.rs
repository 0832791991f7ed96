//! A pretend Smartpay: its side of a token's life, and the webhooks it sends.
//!
//! Last of all modules that speak of tokens, so that no product code can use it. What it knows is
//! what Smartpay knows: no consumer, no history.

/// What can be done to a token at Smartpay, and when.
pub mod action;
/// A token as Smartpay holds it.
pub mod token;
/// A webhook body, rendered as Smartpay does.
pub mod message;
/// Ids of every kind, from a seeded generator.
pub mod ids;
/// All tokens, in one file.
pub mod state;
/// Signing and sending.
pub mod sender;
/// Two months of a shop's life, made at once.
pub mod demo;

pub use crate::sandbox::action::Action;
pub use crate::sandbox::action::Illegal;
pub use crate::sandbox::message::Message;
pub use crate::sandbox::sender::Faults;
pub use crate::sandbox::sender::NotDelivered;
pub use crate::sandbox::sender::Sender;
pub use crate::sandbox::state::ActError;
pub use crate::sandbox::state::Sandbox;
pub use crate::sandbox::state::StateError;
pub use crate::sandbox::token::Token;
