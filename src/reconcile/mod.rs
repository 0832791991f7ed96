//! Comparing with Smartpay: what webhooks missed is found, reported, and recorded as readings.
//!
//! Smartpay's list shows active and disabled tokens only. So a run pages the list, and reads one by
//! one what the ledger holds as pending, active or disabled and the list did not show. Every answer
//! goes through the door as a reading, whose rules decide; a run only foretells what they will add,
//! so that it can report it, or leave it for a webhook that is still under way.
//!
//! Two things could do harm. A key of another account shows tokens that are not this ledger's, and
//! says 404 to those that are: nothing unknown is recorded and no 404 counts before the key has read
//! a token of this ledger. And Smartpay itself could be wrong: absences are gathered first, and none
//! is recorded when they are more than are believed in a day (the fuse, which the door keeps too).
//!
//! What a run has read is a table and not memory, so that a million tokens can be compared, and a run
//! that was killed goes on where it was. One run at a time per ledger.

/// What a run is told.
mod options;
/// A run as an object.
mod run;
/// How a run may end.
mod ending;
/// The table of runs.
mod store;
/// What a new one finds of old ones.
mod upkeep;
/// What a run has read.
mod seen;
/// What differed.
mod difference;
mod differences;
/// One run at a time.
mod lock;
/// Calls, with patience.
mod calls;
/// What an answer would change.
mod compare;
/// Beginning, or going on.
mod begin;
/// A run at work.
mod work;
/// What is done with answers.
mod settle;
/// Page by page.
mod listing;
/// One by one.
mod reading;
/// Those that are gone.
mod absences;
/// By themselves.
mod schedule;

pub use begin::Begun;
pub use begin::CannotBegin;
pub use difference::Difference;
pub use difference::Done;
pub use difference::Likely;
pub use differences::of_run as differences_of;
pub use ending::Ending;
pub use options::Options;
pub use options::Pace;
pub use options::SETTLE_DEFAULT;
pub use run::Counts;
pub use run::Run;
pub use run::State;
pub use schedule::on_schedule;
pub use schedule::tell_metrics;
pub use store::find;
pub use store::last_done;
pub use store::newest;
pub use work::Reconciler;
pub use work::Watching;
