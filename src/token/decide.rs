//! The rules: what one input adds to a token. Pure; the reasons are in the heading of this folder.

use crate::token::command::Command;
use crate::token::draft::Draft;
use crate::token::event::Event;
use crate::token::event::Sequence;
use crate::token::notice::decide_notice;
use crate::token::own::decide_cancel;
use crate::token::own::decide_claim;
use crate::token::reading::decide_absence;
use crate::token::reading::decide_reading;
use crate::token::state::Token;
use crate::token::state::Word;
use crate::token::statement::Statement;

/// What an input adds. Without events it may still move the word, or agree with what stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// To be appended in this order, numbered from the token's sequence + 1.
    pub events: Vec<Event>,
    /// The token's word from now on.
    pub word: Option<Word>,
    /// Events that stood before and that this input agrees with.
    pub witnessed: Vec<Sequence>,
    /// Why Smartpay should be asked for the present state.
    pub asks: Option<Ask>,
}

/// Why a reading is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// A statement is newer than a deletion or a rejection.
    Contradiction,
    /// Two statements of one time differ; the unusable one stands.
    EqualTimes,
    /// A body rendered later says `active`, which decides nothing.
    BodySaysActive,
    /// A body that should show a change shows none.
    BodySaysPending,
    /// A late reading says `active`, as old as what says otherwise.
    StaleActive,
}

/// Total: whether a transition is legal is never asked, because the order of arrival is no order.
pub fn decide(token: &Token, command: &Command) -> Decision {
    let mut draft = Draft::new(token);
    let wish = match command {
        Command::Notice(notice) => decide_notice(&mut draft, notice),
        Command::Reading(reading) => decide_reading(&mut draft, *reading),
        Command::Absence(absence) => {
            decide_absence(&mut draft, *absence);
            None
        }
        Command::Claim(claim) => {
            decide_claim(&mut draft, claim);
            None
        }
        Command::Cancel(cancel) => {
            decide_cancel(&mut draft, *cancel);
            None
        }
    };
    // A fresh reading is what would be asked for.
    let answered = matches!(command, Command::Reading(reading) if reading.fresh);
    let asks = if answered { None } else { conflict(&draft).or(wish) };
    Decision { events: draft.added, word: draft.word, witnessed: draft.witnessed, asks }
}

impl Decision {
    /// Brings the token it was made for up to date.
    pub fn apply_to(&self, token: &mut Token) {
        for event in &self.events {
            token.evolve(event.clone());
        }
        token.keep(self.word);
    }

    /// The input only repeats what is known.
    pub fn is_witness(&self) -> bool {
        self.events.is_empty() && !self.witnessed.is_empty()
    }
}

impl Ask {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::EqualTimes => "equal_times",
            Self::BodySaysActive => "body_says_active",
            Self::BodySaysPending => "body_says_pending",
            Self::StaleActive => "stale_active",
        }
    }
}

/// What the added events put in doubt.
fn conflict(draft: &Draft<'_>) -> Option<Ask> {
    if draft.added.is_empty() {
        return None;
    }
    let before = draft.token.anomalies();
    let fold = draft.fold();
    let after = draft.history().filter(|(_, event)| fold.contradicts(event)).count();
    if u32::try_from(after).is_ok_and(|after| after > before) {
        return Some(Ask::Contradiction);
    }
    let newest =
        draft.history().filter_map(|(_, event)| Statement::dated(event)).map(|s| s.at).max();
    let mut added = draft.added.iter().filter_map(Statement::dated);
    let tie = added.any(|added| {
        let mut others = draft.history().filter_map(|(_, event)| Statement::dated(event));
        let status = added.change.status();
        Some(added.at) == newest
            && others.any(|other| other.at == added.at && other.change.status() != status)
    });
    tie.then_some(Ask::EqualTimes)
}
