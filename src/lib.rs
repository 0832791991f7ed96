//! A ledger of Smartpay payment tokens: verified webhooks in, events kept, answers out.
//!
//! Read from top to bottom: the order below is the order of dependency. A module uses only modules
//! above it.
