//! The rules of a token, pure: what inputs add to its history, and what a history amounts to.
//!
//! Smartpay keeps no history, names no shopper, and may tell us things late, twice, out of order,
//! or through a body rendered after the fact. These rules make one history of that. They were
//! searched by brute force; leaving out any one of them brings a counterexample back, so none is
//! decoration. `decide` turns an input into events, `Token` folds events to a `Status`.
//!
//! # Three kinds of input, and our own conclusions
//!
//! - A **notice** (webhook) says that something *happened*. It has an identity, so it is recorded
//!   once, whatever else is known: the order of arrival is no order, and legality is never judged.
//! - A **reading** (a token object in a response; a 404) says what *is*. It has no identity: it is
//!   compared with what the events say, and adds an event only where it knows better.
//! - A **claim** says whose a token is. It is ours, and never lost.
//! - A **cancellation** is what we conclude on our own clock; it yields to whatever Smartpay says.
//!
//! # Time, rank and round
//!
//! Provider time is the token object's `updatedAt`; for a `SessionCreated` always its `createdAt`.
//! The status is that of the newest statement by (time, round, rank), with the rank
//! `Activated` < `Enabled` < `Disabled` < `Canceled{rejected}`: statements of one millisecond end
//! unusable, and ask for a reading. The **round** is what lets a reading settle such a tie: a
//! notice takes the highest round that stands at its time, and only a *fresh* reading, one whose
//! request was sent after everything recorded for the token, opens the next.
//!
//! "The newest provider time" is that of dated events of the provider. Our own clock never counts:
//! no `Canceled{shopper|expired}`, no `Deleted` by absence; nor does an `undated` event.
//!
//! # Notices
//!
//! Identity is (type, provider time, undated). Seen before: the input is a *witness*. Not seen:
//! appended, always. `token.created` appends `SessionCreated` only if there is none yet.
//!
//! When the status in the body is not what the type implies, the body was rendered later. Then the
//! type's event is dated by the webhook's own `createdAt` and marked `undated`: it tells the story
//! but decides no status, except that `Deleted` always does. What the body says is a notice too,
//! of basis `body`, by the same identity: `disabled`, `rejected` or `deleted` at its `updatedAt`.
//! A body cannot make usable: if it says `active`, or pending, it only asks for a reading.
//!
//! # Readings and words
//!
//! The newest reading, agreeing or not, is kept as the token's `Word` (status, time) and loaded
//! with the stream, because a later notice that is older must not overrule what was read since.
//!
//! - Older than the newest provider time or than the word: stale, nothing.
//! - `requires_authorization` agrees with awaiting and canceled, and never adds an event.
//! - Agreeing: no event, the word moves. (Late and `active`, it does not replace another word of
//!   the same time.)
//! - Newer and disagreeing: the event that explains it. `active` is `Enabled` if the token was ever
//!   activated, enabled or disabled, else `Activated`.
//! - Equally old and disagreeing: if fresh, the same one round up. If late, an unusable status at
//!   the highest round there; `active` only asks again.
//! - When a notice makes the status differ from a newer word (or from an equally old one that is
//!   not `active`, while the status is), the word's explaining event follows in the same decision.
//!
//! # Deletion, absences, refutation
//!
//! A `Deleted` from a notice, a body or a reading that says so is *definite*: it absorbs for ever.
//! A reading adds one only if none is definite, a notice by its identity.
//!
//! A 404 counts only under the conditions of `NotFound`: a key of the wrong mode says 404 to
//! everything. Then it is a `Deleted` of basis `absence`, which carries its own sequence, and which
//! stands until a fresh reading, not stale, says that the token exists in a status past pending.
//! That reading appends its explaining event one round up, with `refutes` naming the absence. Late
//! readings and bodies refute nothing. At most one absence stands. A read-back of our own DELETE
//! is definite at once.
//!
//! While a token still awaits, a 404 is kept as the word (`Heard::Absent`): whatever but a fresh
//! reading then takes the token out of awaiting is followed by a `Deleted` by absence. A fresh
//! object clears it. More absences in a day than `absences_allowed` stop and ask a person.
//!
//! # Claims
//!
//! A session response appends `SessionCreated` unless one with that session stands; an import or
//! a correction unless the latest claim names the same session and consumer. The consumer is that
//! of the `SessionCreated` of highest sequence that names one; the creation is the earliest.
//!
//! # Cancellations
//!
//! `Canceled{shopper|expired}` is appended only while the token awaits, and counts only while
//! nothing of the provider stands but the creation: a later approval is legal and wins.
//!
//! # Why any order gives the same
//!
//! The fold is a lattice: maxima, minima and sets, so live folding and rebuilding cannot differ.
//! Deleted if a definite deletion or an unrefuted absence stands; else the newest statement; else
//! canceled; else awaiting. Statements newer than a definite deletion, or than a rejection, are
//! legal to record and shown as anomalies; they ask for a reading.
//!
//! Known residue: three statements of one token within one millisecond with a reading between
//! (disabled, read as active, disabled again) can stay usable until the next reading.

mod time;
mod names;
mod status;
mod event;
mod statement;
mod command;
mod absence;
mod fold;
mod state;
mod draft;
mod notice;
mod reading;
mod own;
mod decide;
mod aggregate;
mod upcast;

pub use absence::Asked;
pub use absence::KeyProof;
pub use absence::NotFound;
pub use absence::absences_allowed;
pub use aggregate::TokenView;
pub use command::Absence;
pub use command::Cancel;
pub use command::Claim;
pub use command::ClaimOrigin;
pub use command::Command;
pub use command::Conclusion;
pub use command::Happened;
pub use command::Notice;
pub use command::Reading;
pub use decide::Ask;
pub use decide::Decision;
pub use decide::decide;
pub use event::Basis;
pub use event::CancelReason;
pub use event::EVENT_VERSION;
pub use event::Event;
pub use event::EventKind;
pub use event::Round;
pub use event::Sequence;
pub use names::Consumer;
pub use names::NameError;
pub use names::Reference;
pub use names::SessionId;
pub use state::Heard;
pub use state::Token;
pub use state::Word;
pub use status::NotInList;
pub use status::Said;
pub use status::Status;
pub use status::UnusableReason;
pub use status::Usability;
pub use time::ProviderTime;
pub use upcast::StoredEvent;
pub use upcast::Unreadable;
pub use upcast::decode as decode_stored;
pub use upcast::upcasters;
