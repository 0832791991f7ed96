//! The projection `tokens`: which tokens a consumer has, and whether each is usable.

mod all;
mod check;
mod read;
mod row;
mod write;

pub use all::all;
pub use check::Standing;
pub use check::check_consumers;
pub use check::check_tokens;
pub use read::Filter;
pub use read::Found;
pub use read::TokenRecord;
pub use read::find;
pub use read::of_consumer;
pub use row::TokenRow;
pub use write::upsert;
