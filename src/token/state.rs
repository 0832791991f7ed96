//! A token: its events, the word of its newest reading, and what follows from both.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::token::event::Basis;
use crate::token::event::Event;
use crate::token::event::Sequence;
use crate::token::fold::Fold;
use crate::token::names::Consumer;
use crate::token::names::Reference;
use crate::token::names::SessionId;
use crate::token::status::NotInList;
use crate::token::status::Said;
use crate::token::status::Status;
use crate::token::status::Usability;
use crate::token::time::ProviderTime;

/// The aggregate. Streams are short, so every question folds the events again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    events: Vec<Event>,
    word: Option<Word>,
}

/// The newest reading, agreeing or not: it outlives notices older than itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub heard: Heard,
    pub at: ProviderTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    Said(Said),
    /// A 404 met while the token awaited its authorization; `at` is then our clock.
    Absent,
}

impl Token {
    /// The token that these events make, in the order of their sequences.
    pub fn rebuild(events: impl IntoIterator<Item = Event>) -> Self {
        let mut token = Self::default();
        for event in events {
            token.evolve(event);
        }
        token
    }

    /// Takes in what has happened. Never fails, never decides.
    pub fn evolve(&mut self, event: Event) {
        self.events.push(event);
    }

    #[must_use]
    pub fn with_word(mut self, word: Option<Word>) -> Self {
        self.word = word;
        self
    }

    /// What the last decision left as the word.
    pub fn keep(&mut self, word: Option<Word>) {
        self.word = word;
    }

    pub const fn word(&self) -> Option<Word> {
        self.word
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The events with their sequences.
    pub fn history(&self) -> impl Iterator<Item = (Sequence, &Event)> {
        numbered(&self.events, 1)
    }

    /// The sequence of the last event; 0 when there is none.
    pub fn sequence(&self) -> Sequence {
        Sequence::try_from(self.events.len()).expect("a stream fits into memory")
    }

    pub fn status(&self) -> Status {
        self.fold().status()
    }

    /// By the events alone. An open disable or delete of ours overrides it where it is asked.
    pub fn usability(&self) -> Usability {
        self.status().usability()
    }

    /// The time at which the present status began: that of the event that decides it.
    pub fn since(&self) -> Option<ProviderTime> {
        self.fold().deciding().map(|(at, _)| at)
    }

    /// The earliest creation, by provider time.
    pub fn created_at(&self) -> Option<ProviderTime> {
        self.fold().creation().map(|(at, _)| at)
    }

    /// That of the creation of highest sequence that names one. So are session and reference.
    pub fn consumer(&self) -> Option<&Consumer> {
        self.events.iter().rev().find_map(|event| match event {
            Event::SessionCreated { consumer, .. } => consumer.as_ref(),
            Event::Activated { .. }
            | Event::Canceled { .. }
            | Event::Disabled { .. }
            | Event::Enabled { .. }
            | Event::Deleted { .. } => None,
        })
    }

    pub fn session(&self) -> Option<&SessionId> {
        self.events.iter().rev().find_map(|event| match event {
            Event::SessionCreated { session, .. } => session.as_ref(),
            Event::Activated { .. }
            | Event::Canceled { .. }
            | Event::Disabled { .. }
            | Event::Enabled { .. }
            | Event::Deleted { .. } => None,
        })
    }

    pub fn reference(&self) -> Option<&Reference> {
        self.events.iter().rev().find_map(|event| match event {
            Event::SessionCreated { reference, .. } => reference.as_ref(),
            Event::Activated { .. }
            | Event::Canceled { .. }
            | Event::Disabled { .. }
            | Event::Enabled { .. }
            | Event::Deleted { .. } => None,
        })
    }

    /// The newest time that a webhook gave.
    pub fn last_notice_at(&self) -> Option<ProviderTime> {
        let notices = self.events.iter().filter(|event| match event.basis() {
            Basis::Notice | Basis::Body => true,
            Basis::Reading | Basis::Absence | Basis::Observed | Basis::Claim => false,
        });
        notices.map(Event::at).max()
    }

    /// The newest time of a dated event of the provider.
    pub fn newest_provider_time(&self) -> Option<ProviderTime> {
        self.fold().newest()
    }

    /// How many statements come after a deletion or a rejection that should have been the last.
    pub fn anomalies(&self) -> u32 {
        let fold = self.fold();
        let count = self.events.iter().filter(|event| fold.contradicts(event)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(crate) fn fold(&self) -> Fold {
        Fold::of(self.history())
    }
}

impl Heard {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Said(said) => said.as_str(),
            Self::Absent => "absent",
        }
    }
}

impl FromStr for Heard {
    type Err = NotInList;

    fn from_str(text: &str) -> Result<Self, NotInList> {
        if text == "absent" { Ok(Self::Absent) } else { text.parse().map(Self::Said) }
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(crate) fn numbered(
    events: &[Event],
    first: Sequence,
) -> impl Iterator<Item = (Sequence, &Event)> {
    (first..).zip(events)
}
