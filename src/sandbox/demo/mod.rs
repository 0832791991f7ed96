//! A believable past for a demo: planned from a seed, then driven through the real door.

mod life;
mod people;
mod plan;
mod run;

pub use plan::DAYS_MAX;
pub use plan::DemoClaim;
pub use plan::Plan;
pub use plan::Step;
pub use plan::TOKENS_MAX;
pub use plan::What;
pub use run::run;
