//! Serving HTTP/1.1: connections with deadlines and limits, bodies too.

pub(crate) mod body;
pub(crate) mod server;

pub use crate::http::server::serve;
