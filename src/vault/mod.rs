//! The vault: what names a token outside of it, and how what must be kept secret is sealed.
//!
//! Three kinds of key. The master key comes from outside and only wraps the others. The ref key turns
//! token ids into refs and is never rotated: refs stand in history. Data keys seal, the newest one
//! from when every process has it; each row has a key of its own, derived from one of them with a
//! salt that can be destroyed.

/// Randomness of the operating system.
mod random;
/// The one cipher.
mod cipher;
/// The key from outside.
pub mod master;
/// The keys it wraps, and the vault they open.
pub mod keys;
/// The name of a token everywhere else.
pub mod reference;
/// Sealing and unsealing of single fields.
pub mod seal;
/// The vault's tables.
pub mod store;

pub use crate::vault::keys::Vault;
pub use crate::vault::keys::VaultError;
pub use crate::vault::keys::WrappedKey;
pub use crate::vault::master::MasterKey;
pub use crate::vault::reference::Ref;
pub use crate::vault::seal::NO_TOKEN;
pub use crate::vault::seal::Place;
pub use crate::vault::seal::Salt;
pub use crate::vault::seal::UnsealError;
