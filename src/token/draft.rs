//! A decision in the making: the events that stand, and those that are to be added.

use crate::token::event::Basis;
use crate::token::event::Event;
use crate::token::event::Round;
use crate::token::event::Sequence;
use crate::token::fold::Fold;
use crate::token::state::Heard;
use crate::token::state::Token;
use crate::token::state::Word;
use crate::token::state::numbered;
use crate::token::statement::Change;
use crate::token::statement::Statement;
use crate::token::status::Said;
use crate::token::status::Status;
use crate::token::time::ProviderTime;

pub(crate) struct Draft<'a> {
    pub(crate) token: &'a Token,
    pub(crate) added: Vec<Event>,
    pub(crate) word: Option<Word>,
    pub(crate) witnessed: Vec<Sequence>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(token: &'a Token) -> Self {
        Self { token, added: Vec::new(), word: token.word(), witnessed: Vec::new() }
    }

    pub(crate) fn history(&self) -> impl Iterator<Item = (Sequence, &Event)> {
        self.token.history().chain(numbered(&self.added, self.token.sequence() + 1))
    }

    pub(crate) fn fold(&self) -> Fold {
        Fold::of(self.history())
    }

    pub(crate) fn find(&self, wanted: impl Fn(&Event) -> bool) -> Option<Sequence> {
        self.history().find(|(_, event)| wanted(event)).map(|(sequence, _)| sequence)
    }

    pub(crate) fn append(&mut self, event: Event) {
        self.added.push(event);
    }

    pub(crate) fn append_absence(&mut self, at: ProviderTime) {
        let (basis, undated) = (Basis::Absence, false);
        let own = self.history().count() + 1;
        let absence = Sequence::try_from(own).expect("a stream fits into memory");
        self.append(Event::Deleted { at, basis, undated, absence: Some(absence) });
    }

    /// This input says what an event that stood before it says.
    pub(crate) fn witness(&mut self, sequence: Sequence) {
        if sequence <= self.token.sequence() && !self.witnessed.contains(&sequence) {
            self.witnessed.push(sequence);
        }
    }

    /// The highest round at a time; 0 when nothing dated stands there.
    pub(crate) fn top_round(&self, at: ProviderTime) -> Round {
        let there = self.history().filter_map(|(_, event)| Statement::dated(event));
        there.filter(|there| there.at == at).map(|there| there.round).max().unwrap_or(0)
    }

    /// What must have happened for Smartpay to say this; `None` for what needs no statement.
    pub(crate) fn explains(&self, said: Said) -> Option<Change> {
        match said {
            Said::Active => {
                let approved = self.find(|event| match event {
                    Event::Activated { .. } | Event::Enabled { .. } | Event::Disabled { .. } => {
                        true
                    }
                    Event::SessionCreated { .. }
                    | Event::Canceled { .. }
                    | Event::Deleted { .. } => false,
                });
                Some(if approved.is_some() { Change::Enabled } else { Change::Activated })
            }
            Said::Disabled => Some(Change::Disabled),
            Said::Rejected => Some(Change::Rejected),
            Said::RequiresAuthorization | Said::Deleted => None,
        }
    }

    /// A reading newer than what came after it keeps its word: appends what explains it.
    pub(crate) fn keep_word(&mut self) {
        let Some(word) = self.word else { return };
        let fold = self.fold();
        let status = fold.status();
        match word.heard {
            Heard::Absent => {
                if matches!(status, Status::Active | Status::Disabled | Status::Rejected) {
                    self.append_absence(word.at);
                    self.word = None;
                }
            }
            Heard::Said(said) => {
                if status == Status::Deleted || said.agrees_with(status) {
                    return;
                }
                let newer = fold.newest() < Some(word.at);
                let as_old = fold.newest() == Some(word.at);
                let guards = as_old && said != Said::Active && status == Status::Active;
                if newer || guards {
                    self.append_reading(said, word.at, self.top_round(word.at));
                }
            }
        }
    }

    /// Appends the event that explains what was read; nothing when that needs none.
    pub(crate) fn append_reading(&mut self, said: Said, at: ProviderTime, round: Round) {
        let basis = Basis::Reading;
        if said == Said::Deleted {
            self.append(Event::Deleted { at, basis, undated: false, absence: None });
        } else if let Some(change) = self.explains(said) {
            let (undated, refutes) = (false, None);
            let statement = Statement { change, at, basis, round, undated, refutes };
            self.append(statement.into_event());
        }
    }
}
