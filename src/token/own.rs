//! What we know or conclude ourselves: claims and cancellations.

use crate::token::command::Cancel;
use crate::token::command::Claim;
use crate::token::command::ClaimOrigin;
use crate::token::draft::Draft;
use crate::token::event::Basis;
use crate::token::event::Event;
use crate::token::event::Sequence;
use crate::token::names::Consumer;
use crate::token::names::SessionId;
use crate::token::status::Status;

/// A session response is Smartpay's and says the same for ever; an import or a correction is a
/// person's, and the latest one counts.
pub(crate) fn decide_claim(draft: &mut Draft<'_>, claim: &Claim) {
    let latest = latest(draft);
    // Who corrects the consumer alone says nothing against the session.
    let session = match (claim.origin, &latest) {
        (ClaimOrigin::Correction, Some(latest)) => {
            claim.session.clone().or_else(|| latest.session.clone())
        }
        (ClaimOrigin::SessionResponse | ClaimOrigin::Import | ClaimOrigin::Correction, _) => {
            claim.session.clone()
        }
    };
    let known = match (claim.origin, &session) {
        (ClaimOrigin::SessionResponse, Some(_)) => draft.find(|event| {
            matches!(event, Event::SessionCreated { session, .. } if *session == claim.session)
        }),
        (ClaimOrigin::SessionResponse, None)
        | (ClaimOrigin::Import | ClaimOrigin::Correction, _) => latest
            .filter(|latest| latest.session == session && latest.consumer == claim.consumer)
            .map(|latest| latest.sequence),
    };
    match known {
        Some(known) => draft.witness(known),
        None => draft.append(Event::SessionCreated {
            at: claim.token_created_at,
            basis: Basis::Claim,
            session,
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

struct Latest {
    sequence: Sequence,
    session: Option<SessionId>,
    consumer: Option<Consumer>,
}

/// What the latest claim names.
fn latest(draft: &Draft<'_>) -> Option<Latest> {
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
    Some(Latest { sequence, session: session.clone(), consumer: consumer.clone() })
}
