//! One event as the record holds it.

use chrono::DateTime;
use chrono::Utc;
use thiserror::Error;

use crate::journal::Cause;
use crate::journal::Position;
use crate::token::Event;
use crate::token::Sequence;
use crate::vault::Ref;

/// An event with its place, its two times, its cause, and the very texts that were hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub position: Position,
    pub reference: Ref,
    pub sequence: Sequence,
    pub event: Event,
    pub cause: Cause,
    pub payload: String,
    pub metadata: String,
    /// The provider's time.
    pub occurred_at: DateTime<Utc>,
    /// When the ledger wrote it.
    pub recorded_at: DateTime<Utc>,
    pub leaf_hash: [u8; 32],
}

/// What projections fold: an event with its place and times, without the texts around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub position: Position,
    pub reference: Ref,
    pub event: Event,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub leaf_hash: [u8; 32],
}

impl From<&Entry> for Happening {
    fn from(entry: &Entry) -> Self {
        Self {
            position: entry.position,
            reference: entry.reference.clone(),
            event: entry.event.clone(),
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
            leaf_hash: entry.leaf_hash,
        }
    }
}

/// A row that does not say what an event must: the ledger doubts itself and stops.
#[derive(Debug, Error)]
#[error("event {position} of the ledger cannot be read: {what}")]
pub struct Unreadable {
    pub position: Position,
    pub what: String,
}
