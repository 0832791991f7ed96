//! The vendor's wire: what Smartpay sends, read into types that cannot be wrong, and what is asked
//! of it.
//!
//! Deliberately absent outside of `client`: a clock (the time of receipt is an argument) and I/O.

/// Test or live.
pub mod mode;
/// Token and event ids.
pub mod ids;
/// Signing secrets and the keys they stand for.
pub mod keys;
/// The MAC over a delivery.
pub mod signature;
/// JSON without ambiguities.
pub mod json;
/// The token object, as webhooks and answers carry it.
pub mod object;
/// Why a delivery is quarantined.
pub mod reason;
/// A webhook body.
pub mod notice;
/// A token object in an answer.
pub mod reading;
/// Calls to the API.
pub mod client;

pub use crate::smartpay::ids::EndpointId;
pub use crate::smartpay::ids::EventId;
pub use crate::smartpay::ids::TokenId;
pub use crate::smartpay::keys::SigningSecret;
pub use crate::smartpay::mode::Mode;
pub use crate::smartpay::object::Expected;
pub use crate::smartpay::reason::Reason;
