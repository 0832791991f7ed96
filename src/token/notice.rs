//! Notices: what webhooks say has happened, and what their bodies say besides.

use crate::token::command::Happened;
use crate::token::command::Notice;
use crate::token::decide::Ask;
use crate::token::draft::Draft;
use crate::token::event::Basis;
use crate::token::event::Event;
use crate::token::event::EventKind;
use crate::token::statement::Change;
use crate::token::statement::Statement;
use crate::token::status::Said;
use crate::token::time::ProviderTime;

pub(crate) fn decide_notice(draft: &mut Draft<'_>, notice: &Notice) -> Option<Ask> {
    // A body rendered later dates its own status, not what happened.
    let fits = notice.happened.implies() == notice.said;
    let (at, undated) = if fits { (notice.updated_at, false) } else { (notice.created_at, true) };
    let basis = Basis::Notice;
    let told = |change| Statement { change, at, basis, round: 0, undated, refutes: None };
    match notice.happened {
        Happened::Created => append_creation(draft, notice),
        Happened::Approved => append_statement(draft, told(Change::Activated)),
        Happened::Enabled => append_statement(draft, told(Change::Enabled)),
        Happened::Disabled => append_statement(draft, told(Change::Disabled)),
        Happened::Rejected => append_statement(draft, told(Change::Rejected)),
        Happened::Deleted => {
            append_deletion(draft, Event::Deleted { at, basis, undated, absence: None });
        }
    }
    let ask = if fits { None } else { decide_body(draft, notice.said, notice.updated_at) };
    draft.keep_word();
    ask
}

/// A body's own status is a notice too. It can end a use, never begin one.
fn decide_body(draft: &mut Draft<'_>, said: Said, at: ProviderTime) -> Option<Ask> {
    let (basis, undated) = (Basis::Body, false);
    let told = |change| Statement { change, at, basis, round: 0, undated, refutes: None };
    match said {
        Said::Disabled => append_statement(draft, told(Change::Disabled)),
        Said::Rejected => append_statement(draft, told(Change::Rejected)),
        Said::Deleted => {
            append_deletion(draft, Event::Deleted { at, basis, undated, absence: None });
        }
        Said::Active => return Some(Ask::BodySaysActive),
        Said::RequiresAuthorization => return Some(Ask::BodySaysPending),
    }
    None
}

/// Only the first creation is news; whose the token is comes from claims.
fn append_creation(draft: &mut Draft<'_>, notice: &Notice) {
    match draft.find(|event| event.kind() == EventKind::SessionCreated) {
        Some(known) => draft.witness(known),
        None => draft.append(Event::SessionCreated {
            at: notice.token_created_at,
            basis: Basis::Notice,
            session: None,
            consumer: None,
            reference: notice.reference.clone(),
        }),
    }
}

/// The identity of a notice: type, provider time, and whether that time dates it.
fn append_statement(draft: &mut Draft<'_>, told: Statement) {
    let known = draft.find(|event| {
        Statement::of(event).is_some_and(|known| {
            (known.change, known.at, known.undated) == (told.change, told.at, told.undated)
        })
    });
    if let Some(known) = known {
        draft.witness(known);
    } else {
        let round = draft.top_round(told.at);
        draft.append(Statement { round, ..told }.into_event());
    }
}

fn append_deletion(draft: &mut Draft<'_>, told: Event) {
    match draft.find(|event| event.is_definite_deletion() && event.at() == told.at()) {
        Some(known) => draft.witness(known),
        None => draft.append(told),
    }
}
