//! What we know or conclude ourselves: claims and cancellations.

use crate::token::command::Cancel;
use crate::token::command::Claim;
use crate::token::command::ClaimOrigin;
use crate::token::draft::Draft;
use crate::token::event::Basis;
use crate::token::event::Event;
use crate::token::event::Sequence;
use crate::token::status::Status;

/// A session response is Smartpay's and says the same for ever; an import or a correction is a
/// person's, and the latest one counts.
pub(crate) fn decide_claim(draft: &mut Draft<'_>, claim: &Claim) {
    let known = match (claim.origin, &claim.session) {
        (ClaimOrigin::SessionResponse, Some(_)) => draft.find(|event| {
            matches!(event, Event::SessionCreated { session, .. } if *session == claim.session)
        }),
        (ClaimOrigin::SessionResponse, None)
        | (ClaimOrigin::Import | ClaimOrigin::Correction, _) => latest_says(draft, claim),
    };
    match known {
        Some(known) => draft.witness(known),
        None => draft.append(Event::SessionCreated {
            at: claim.token_created_at,
            basis: Basis::Claim,
            session: claim.session.clone(),
            consumer: claim.consumer.clone(),
            reference: claim.reference.clone(),
        }),
    }
}

/// Only while the token awaits: afterwards it is canceled, or the provider has spoken. An undated
/// approval leaves it awaiting, so a repetition is appended then; it counts for nothing.
pub(crate) fn decide_cancel(draft: &mut Draft<'_>, cancel: Cancel) {
    let fold = draft.fold();
    if fold.status() == Status::AwaitingAuthorization {
        draft.append(Event::Canceled {
            at: cancel.at,
            basis: Basis::Observed,
            round: 0,
            undated: false,
            refutes: None,
            reason: cancel.reason.reason(),
        });
    } else if let (Status::Canceled, Some((_, known))) = (fold.status(), fold.deciding()) {
        draft.witness(known);
    }
}

/// The latest claim, if it names this session and this consumer.
fn latest_says(draft: &Draft<'_>, claim: &Claim) -> Option<Sequence> {
    let claims = draft.history().filter_map(|(sequence, event)| match event {
        Event::SessionCreated { basis: Basis::Claim, session, consumer, .. } => {
            Some((sequence, session, consumer))
        }
        Event::SessionCreated { .. }
        | Event::Activated { .. }
        | Event::Canceled { .. }
        | Event::Disabled { .. }
        | Event::Enabled { .. }
        | Event::Deleted { .. } => None,
    });
    let (sequence, session, consumer) = claims.last()?;
    (*session == claim.session && *consumer == claim.consumer).then_some(sequence)
}
