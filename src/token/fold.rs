//! What follows from events, in whatever order they are met: a lattice.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::token::event::Basis;
use crate::token::event::Event;
use crate::token::event::Round;
use crate::token::event::Sequence;
use crate::token::statement::Change;
use crate::token::statement::Statement;
use crate::token::status::Status;
use crate::token::time::ProviderTime;

#[derive(Debug, Default)]
pub(crate) struct Fold {
    any: bool,
    /// Anything of the provider but the creation: our conclusions yield to it.
    provider: bool,
    /// The dated statement that decides: newest, then highest round, then rank.
    newest_statement: Option<(Key, Sequence)>,
    creation: Option<(ProviderTime, Sequence)>,
    conclusion: Option<(ProviderTime, Sequence)>,
    definite: Option<(ProviderTime, Sequence)>,
    absences: BTreeMap<Sequence, ProviderTime>,
    refuted: BTreeSet<Sequence>,
    newest: Option<ProviderTime>,
    earliest_rejection: Option<ProviderTime>,
}

type Key = (ProviderTime, Round, Change);

impl Fold {
    pub(crate) fn of<'a>(events: impl Iterator<Item = (Sequence, &'a Event)>) -> Self {
        let mut fold = Self::default();
        for (sequence, event) in events {
            fold.meet(sequence, event);
        }
        fold
    }

    pub(crate) fn status(&self) -> Status {
        if self.definite.is_some() || self.standing_absence().is_some() {
            Status::Deleted
        } else if let Some(((_, _, change), _)) = self.newest_statement {
            change.status()
        } else if self.conclusion.is_some() && !self.provider {
            Status::Canceled
        } else if self.any {
            Status::AwaitingAuthorization
        } else {
            Status::Unknown
        }
    }

    /// The event that the status rests on, and its time.
    pub(crate) fn deciding(&self) -> Option<(ProviderTime, Sequence)> {
        match self.status() {
            Status::Deleted => {
                self.definite.or_else(|| self.standing_absence().map(|(seq, at)| (at, seq)))
            }
            Status::Active | Status::Disabled | Status::Rejected => {
                self.newest_statement.map(|((at, _, _), sequence)| (at, sequence))
            }
            Status::Canceled => self.conclusion,
            Status::AwaitingAuthorization => self.creation,
            Status::Unknown => None,
        }
    }

    /// The newest time of a dated event of the provider. Our own clock (a conclusion, an absence)
    /// never counts.
    pub(crate) const fn newest(&self) -> Option<ProviderTime> {
        self.newest
    }

    /// The earliest creation, by provider time.
    pub(crate) const fn creation(&self) -> Option<(ProviderTime, Sequence)> {
        self.creation
    }

    /// The earliest deletion that nothing can refute.
    pub(crate) const fn definite_deletion(&self) -> Option<(ProviderTime, Sequence)> {
        self.definite
    }

    /// The absence that no event refutes: at most one stands.
    pub(crate) fn standing_absence(&self) -> Option<(Sequence, ProviderTime)> {
        let mut standing =
            self.absences.iter().rev().filter(|(seq, _)| !self.refuted.contains(seq));
        standing.next().map(|(sequence, at)| (*sequence, *at))
    }

    /// Whether a statement comes after one that should have been the last: a sign that something
    /// was said wrongly, by whomever.
    pub(crate) fn contradicts(&self, event: &Event) -> bool {
        let Some(statement) = Statement::dated(event) else { return false };
        let after_deletion = self.definite.is_some_and(|(deleted, _)| deleted < statement.at);
        let after_rejection = statement.change != Change::Rejected
            && self.earliest_rejection.is_some_and(|rejected| rejected < statement.at);
        after_deletion || after_rejection
    }

    fn meet(&mut self, sequence: Sequence, event: &Event) {
        self.any = true;
        match event {
            Event::SessionCreated { at, .. } => {
                earliest(&mut self.creation, (*at, sequence));
                self.newest = self.newest.max(Some(*at));
            }
            Event::Deleted { at, basis, undated, absence } => {
                self.provider = true;
                if *basis == Basis::Absence {
                    self.absences.insert(absence.unwrap_or(sequence), *at);
                } else {
                    earliest(&mut self.definite, (*at, sequence));
                    self.newest = self.newest.max(Some(*at).filter(|_| !undated));
                }
            }
            Event::Activated { .. }
            | Event::Canceled { .. }
            | Event::Disabled { .. }
            | Event::Enabled { .. } => match Statement::of(event) {
                Some(statement) => self.meet_statement(sequence, &statement),
                None => earliest(&mut self.conclusion, (event.at(), sequence)),
            },
        }
    }

    fn meet_statement(&mut self, sequence: Sequence, statement: &Statement) {
        self.provider = true;
        self.refuted.extend(statement.refutes);
        if statement.undated {
            return;
        }
        self.newest = self.newest.max(Some(statement.at));
        if statement.change == Change::Rejected {
            let rejections = [self.earliest_rejection, Some(statement.at)];
            self.earliest_rejection = rejections.into_iter().flatten().min();
        }
        let key = (statement.at, statement.round, statement.change);
        if self.newest_statement.is_none_or(|(newest, _)| key > newest) {
            self.newest_statement = Some((key, sequence));
        }
    }
}

fn earliest(kept: &mut Option<(ProviderTime, Sequence)>, met: (ProviderTime, Sequence)) {
    if kept.is_none_or(|kept| met < kept) {
        *kept = Some(met);
    }
}
