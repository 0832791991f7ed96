//! A believable past for a demo: planned from a seed, then driven through the real door.

mod life;
mod people;
mod plan;
mod run;

pub use crate::sandbox::demo::plan::DAYS_MAX;
pub use crate::sandbox::demo::plan::DemoClaim;
pub use crate::sandbox::demo::plan::Plan;
pub use crate::sandbox::demo::plan::Step;
pub use crate::sandbox::demo::plan::TOKENS_MAX;
pub use crate::sandbox::demo::plan::What;
pub use crate::sandbox::demo::run::run;
