//! Whether the ledger still says what it said: reads everything, writes nothing.
//!
//! Everything is read in one snapshot, in steps of bounded size. A check goes on after what it
//! finds, so that one report names all there is; the first finding of a check is the earliest.

/// The snapshot that all checks read, and running them.
mod snapshot;
/// The names of the checks.
mod check;
/// What a check has to say.
mod report;
/// Events as they are stored, damaged ones too.
mod events;
/// Opening what lies sealed.
mod bodies;
/// The rows of arrivals, as they are stored.
mod arrival_rows;
/// The projection `tokens` beside the fold of the events.
mod fold;
/// Comparing the two.
mod compare;
/// The table of rights.
mod rights;
/// Trying to change history.
mod attempts;

mod times;
mod positions;
mod sequences;
mod leaves;
mod arrivals;
mod inputs;
mod evidence;
mod signatures;
mod vault;
mod projections;
mod stock;
mod grants;
mod acts;

pub use attempts::Attempt;
pub use attempts::Stopped;
pub use attempts::try_to_change_history;
pub use check::Check;
pub use compare::Comparison;
pub use compare::Differing;
pub use compare::compare_tokens;
pub use report::FINDINGS_MAX;
pub use report::Finding;
pub use report::Place;
pub use report::Report;
pub use rights::RIGHTS;
pub use rights::Right;
pub use rights::Trigger;
pub use snapshot::Head;
pub use snapshot::Snapshot;
