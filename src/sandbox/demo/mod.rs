//! A believable past for a demo: planned from a seed, then lived through the real doors.

mod life;
mod people;
mod plan;
mod doors;
mod run;

pub use crate::sandbox::demo::doors::Doors;
pub use crate::sandbox::demo::doors::Place;
pub use crate::sandbox::demo::life::By;
pub use crate::sandbox::demo::life::Deed;
pub use crate::sandbox::demo::life::Fate;
pub use crate::sandbox::demo::life::Then;
pub use crate::sandbox::demo::plan::DAYS_MAX;
pub use crate::sandbox::demo::plan::Plan;
pub use crate::sandbox::demo::plan::Planned;
pub use crate::sandbox::demo::plan::Step;
pub use crate::sandbox::demo::plan::TOKENS_MAX;
pub use crate::sandbox::demo::plan::Wave;
pub use crate::sandbox::demo::plan::What;
pub use crate::sandbox::demo::run::Demo;
