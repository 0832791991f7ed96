//! The record: events as they were written, in position order, each with its leaf in the tree.

mod cause;
mod entry;
mod leaf;
mod read;

pub use cause::Cause;
pub use cause::CauseKind;
pub use entry::Entry;
pub use entry::Happening;
pub use entry::Unreadable;
pub use leaf::Leaf;
pub use leaf::leaf_hash;
pub use read::EventRow;
pub use read::after;
pub use read::count_witnesses;
pub use read::of_token;
pub use read::streams;

/// Dense number of an event in its ledger, in commit order; the first is 1.
pub type Position = i64;
