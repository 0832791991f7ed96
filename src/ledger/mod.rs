//! The one door: every change enters through a writer that commits in groups.
//!
//! A submission (a delivery, a claim, an old delivery to decide anew) waits in a bounded queue. The
//! writer takes what waits, and in one transaction locks the head, loads what the group touches,
//! decides in memory in the order of arrival, and writes inputs, sealed bodies, events and
//! projections. Only after the commit is each caller told the verdict and the position. Several
//! processes may run one ledger: the head's row orders them.

/// What was done to the ledger itself.
pub mod acts;
mod answered;
pub(crate) mod arrival;
mod claimed;
mod content;
mod duty;
pub mod fuse;
pub mod import;
pub mod inbox;
pub mod intents;
mod loaded;
mod look;
pub mod overview;
mod plan;
mod queue;
pub mod readings_due;
mod recent;
pub mod refusals;
mod reprocessing;
pub mod retention;
mod rows;
/// New keys for the vault.
pub mod rotation;
mod spans;
mod standing;
mod submission;
mod transaction;
mod writer;

pub(crate) use loaded::KnownToken;
pub(crate) use look::look;
pub(crate) use plan::adds_absence;

pub use answered::Answered;
pub use answered::Asked;
pub use answered::Asker;
pub use answered::Gone;
pub use answered::How;
pub use answered::Says;
pub use answered::Settles;
pub use answered::Wanted;
pub use claimed::Authority;
pub use claimed::Claimed;
pub use claimed::SessionMade;
pub use duty::Duty;
pub use queue::Ledger;
pub use queue::QUEUE_MAX;
pub use reprocessing::BodyReader;
pub use reprocessing::ReprocessError;
pub use reprocessing::Reprocessing;
pub use standing::Standing;
pub use standing::standing;
pub use submission::Content;
pub use submission::Delivery;
pub use submission::Identified;
pub use submission::Receipt;
pub use submission::Refused;
pub use submission::Submission;
pub use submission::Verdict;
pub use writer::GROUP_MAX;
pub use writer::Settings;
