//! Where the shopper comes back: a hint, confirmed by asking Smartpay before anything is concluded.

mod confirm;
mod state;

pub use confirm::Returns;
pub use confirm::look_at_due;
pub use state::State;
pub use state::Way;
