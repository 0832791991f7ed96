//! The projection `tokens`: which tokens a consumer has, and whether each is usable.

mod read;
mod row;
mod write;

pub use read::Filter;
pub use read::Found;
pub use read::TokenRecord;
pub use read::find;
pub use read::of_consumer;
pub use row::TokenRow;
pub use write::upsert;
