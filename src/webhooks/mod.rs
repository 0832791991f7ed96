//! Webhook endpoints: which there are, which secrets are live for each, whether they are heard.
//!
//! Some come from the configuration, with their secrets. The others are made at Smartpay from here:
//! their secrets lie sealed in the vault, with a validity. Both together are live in every process.

/// Names, secrets, subscriptions.
mod endpoints;
/// The table of those made from here.
pub mod store;
/// When the last verified delivery came, and for how long none did.
mod pulse;
/// All of them in a running service, as they change.
mod live;
/// Why an endpoint was not made, changed or looked at.
mod error;
/// Those that Smartpay lists.
mod there;
/// Making one, and never two.
mod create;
/// `register` and `rotate`.
mod desk;
/// The end of a rotation.
mod finish;
/// What can be amiss, and what to do.
mod finding;
/// Ours and Smartpay's, compared.
pub mod check;

pub use crate::webhooks::desk::Desk;
pub use crate::webhooks::desk::Made;
pub use crate::webhooks::desk::OVERLAP;
pub use crate::webhooks::desk::Outcome;
pub use crate::webhooks::desk::Run;
pub use crate::webhooks::desk::Wanted;
pub use crate::webhooks::endpoints::Endpoint;
pub use crate::webhooks::endpoints::Endpoints;
pub use crate::webhooks::error::Error;
pub use crate::webhooks::finding::Finding;
pub use crate::webhooks::finish::Finished;
pub use crate::webhooks::finish::Hurry;
pub use crate::webhooks::live::Keeper;
pub use crate::webhooks::live::Live;
pub use crate::webhooks::live::TAKEN_UP_WITHIN;
pub use crate::webhooks::pulse::Pulse;
