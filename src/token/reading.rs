//! Readings: what token objects and 404s say is so, compared with what the events say.

use crate::token::command::Absence;
use crate::token::command::Reading;
use crate::token::decide::Ask;
use crate::token::draft::Draft;
use crate::token::event::Basis;
use crate::token::fold::Fold;
use crate::token::state::Heard;
use crate::token::state::Word;
use crate::token::statement::Statement;
use crate::token::status::Said;
use crate::token::status::Status;

pub(crate) fn decide_reading(draft: &mut Draft<'_>, reading: Reading) -> Option<Ask> {
    let fold = draft.fold();
    if fold.status() == Status::Deleted {
        read_after_deletion(draft, &fold, reading);
        return None;
    }
    let absent = draft.word.filter(|word| word.heard == Heard::Absent);
    if absent.is_none() {
        return compare(draft, &fold, reading);
    }
    draft.word = None;
    let ask = compare(draft, &fold, reading);
    if !reading.fresh || draft.word.is_none() {
        // It was asked before the 404, or is stale: the 404 outlives it.
        draft.word = absent;
        draft.keep_word();
    }
    ask
}

pub(crate) fn decide_absence(draft: &mut Draft<'_>, absence: Absence) {
    let fold = draft.fold();
    let at = absence.at;
    if absence.own_delete {
        match fold.definite_deletion() {
            Some((_, known)) => draft.witness(known),
            None => draft.append_reading(Said::Deleted, at, 0),
        }
        return;
    }
    match fold.status() {
        Status::Deleted => witness_deciding(draft, &fold),
        // Nothing to delete yet: what takes the token out of this status will meet the word.
        Status::AwaitingAuthorization | Status::Canceled | Status::Unknown => {
            draft.word = Some(Word { heard: Heard::Absent, at });
        }
        Status::Active | Status::Disabled | Status::Rejected => draft.append_absence(at),
    }
}

/// A definite deletion absorbs; an absence yields to a fresh object that says otherwise.
fn read_after_deletion(draft: &mut Draft<'_>, fold: &Fold, reading: Reading) {
    let Reading { said, updated_at: at, fresh } = reading;
    if let Some((_, known)) = fold.definite_deletion() {
        if said == Said::Deleted {
            draft.witness(known);
        }
        return;
    }
    if said == Said::Deleted {
        draft.append_reading(said, at, 0);
        return;
    }
    let (Some((absence, _)), Some(change)) = (fold.standing_absence(), draft.explains(said)) else {
        return;
    };
    if fresh && Some(at) >= fold.newest() {
        let (basis, undated) = (Basis::Reading, false);
        let (round, refutes) = (draft.top_round(at) + 1, Some(absence));
        let refuting = Statement { change, at, basis, round, undated, refutes };
        draft.append(refuting.into_event());
        draft.word = Some(Word { heard: Heard::Said(said), at });
    }
}

fn compare(draft: &mut Draft<'_>, fold: &Fold, reading: Reading) -> Option<Ask> {
    let Reading { said, updated_at: at, fresh } = reading;
    let newest = fold.newest().max(draft.word.map(|word| word.at));
    if Some(at) < newest {
        return None;
    }
    let word = Word { heard: Heard::Said(said), at };
    if said.agrees_with(fold.status()) {
        witness_deciding(draft, fold);
        let other = draft.word.is_some_and(|kept| kept.at == at && kept.heard != word.heard);
        if fresh || said != Said::Active || !other {
            draft.word = Some(word);
        }
        return None;
    }
    if said == Said::RequiresAuthorization {
        return None;
    }
    let mut round = 0;
    if Some(at) == newest && said != Said::Deleted {
        round = draft.top_round(at);
        if fresh {
            round += 1;
        } else if said == Said::Active {
            return Some(Ask::StaleActive);
        }
    }
    draft.append_reading(said, at, round);
    draft.word = Some(word);
    None
}

fn witness_deciding(draft: &mut Draft<'_>, fold: &Fold) {
    if let Some((_, deciding)) = fold.deciding() {
        draft.witness(deciding);
    }
}
