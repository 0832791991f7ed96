//! A run as an object: what it was told, where it stands, what it has counted.

use chrono::DateTime;
use chrono::Utc;

use crate::journal::Position;
use crate::reconcile::ending::Ending;
use crate::reconcile::options::Options;
use crate::smartpay::client::PageToken;

const ID_PREFIX: &str = "rec_";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// At work, or its process was killed.
    Running,
    Done,
    /// Goes on when it is run again.
    Stopped,
    /// Will not.
    Failed,
}

/// Tokens, if nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub pages: i64,
    /// Shown by the list.
    pub listed: i64,
    /// Requests that were sent.
    pub calls: i64,
    pub matched: i64,
    pub different: i64,
    /// Of those that differ, the ones whose reading is in the record now.
    pub recorded: i64,
    /// Of those that differ, the ones that the ledger did not know.
    pub only_at_smartpay: i64,
    /// Of those that differ, the ones that Smartpay does not know (any more).
    pub absent: i64,
    /// Of those that differ, the ones that were left for webhooks.
    pub in_flight: i64,
    /// Listed ones of which nobody has said whose they are.
    pub unattributed: i64,
    /// Answers and rows that say nothing clear; what they are about is asked for again.
    pub unreadable: i64,
}

#[derive(Clone, Debug)]
pub struct Run {
    /// In the order of their beginning; 0 until it is kept.
    pub number: i64,
    pub id: String,
    pub state: State,
    pub ending: Option<Ending>,
    pub actor: String,
    pub options: Options,
    pub started_at: DateTime<Utc>,
    /// When it last got on.
    pub moved_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Of the ledger, at the start. So are the next two.
    pub position: Position,
    pub tokens: i64,
    pub deleted: i64,
    /// How many absences within 24 hours are believed, and how many there were before this run's.
    pub absences_allowed: i64,
    pub absences_before: i64,
    /// The list is through.
    pub listed_all: bool,
    /// Where the list goes on.
    pub(super) page: Option<PageToken>,
    /// Over the pages: the SHA-256 of the digest so far and of the page's own SHA-256.
    pub digest: [u8; 32],
    pub counts: Counts,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Running, Self::Done, Self::Stopped, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

impl Run {
    pub(super) fn new(actor: &str, options: Options, now: DateTime<Utc>) -> Self {
        Self {
            number: 0,
            id: format!("{ID_PREFIX}{}", hex::encode(rand::random::<[u8; 12]>())),
            state: State::Running,
            ending: None,
            actor: actor.to_owned(),
            options,
            started_at: now,
            moved_at: now,
            ended_at: None,
            position: 0,
            tokens: 0,
            deleted: 0,
            absences_allowed: 0,
            absences_before: 0,
            listed_all: false,
            page: None,
            digest: [0; 32],
            counts: Counts::default(),
        }
    }

    /// Whether a text could name a run.
    pub fn is_id(text: &str) -> bool {
        let body = text.strip_prefix(ID_PREFIX);
        body.is_some_and(|body| body.len() == 24 && body.bytes().all(|b| b.is_ascii_hexdigit()))
    }

    pub(super) fn end(&mut self, ending: Option<Ending>, now: DateTime<Utc>) {
        self.state = match ending {
            None => State::Done,
            Some(ending) if ending.goes_on() => State::Stopped,
            Some(_) => State::Failed,
        };
        self.ending = ending;
        self.ended_at = Some(now);
    }
}
