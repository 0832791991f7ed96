//! Traces: where a request spent its time, sent to a collector as OTLP over HTTP. Off unless
//! configured, and then nothing is made at all.
//!
//! A span holds routes, statuses, numbers and durations: never an id, a ref, a consumer or a body.
//! The messages are those of the protocol; making, keeping and sending spans is our own, because
//! the usual kit takes its settings from a stranger's environment.

mod caller;
mod collector;
mod request;
mod span;

pub use collector::Sending;
pub use collector::Traces;
pub use request::RequestSpan;
pub use span::Span;
