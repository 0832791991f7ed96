//! Access keys: who may ask the service, and for what.
//!
//! A key is shown once, when it is made; the ledger keeps its digest. Keys have 256 random bits, so
//! that a plain SHA-256 of them gives nothing away.

/// The closed list of what a key may be good for.
mod scope;
/// The text of a key: made once, recognised later.
mod key;
/// The table `access_keys`.
pub mod store;
/// The keys of a running service, never older than a limit.
mod keyring;

pub use key::AccessKey;
pub use key::KeyError;
pub use key::NewKey;
pub use keyring::Keyring;
pub use keyring::REVOKED_WITHIN;
pub use scope::NotAScope;
pub use scope::Scope;
pub use scope::Scopes;
