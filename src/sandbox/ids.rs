//! Ids as Smartpay makes them, from a generator that is given: the same seed, the same ids.

use rand::Rng;
use rand::RngExt;
use rand::distr::Alphanumeric;

use crate::smartpay::EventId;
use crate::smartpay::TokenId;
use crate::token::SessionId;

/// Every id in the vendor's samples has this many: a UUID's worth of base62.
const BODY_CHARS: usize = 22;
/// Both published secrets have this many.
const SECRET_CHARS: usize = 40;

pub fn token_id(rng: &mut impl Rng) -> TokenId {
    TokenId::parse(&format!("paytok_test_{}", body(rng))).expect("made in the form of token ids")
}

pub fn event_id(rng: &mut impl Rng) -> EventId {
    EventId::parse(&format!("evt_test_{}", body(rng))).expect("made in the form of event ids")
}

pub fn session_id(rng: &mut impl Rng) -> SessionId {
    let text = format!("checkout_test_{}", body(rng));
    SessionId::parse(&text).expect("made in the form of session ids")
}

pub(crate) fn endpoint_id(rng: &mut impl Rng) -> String {
    format!("webhookendpoint_test_{}", body(rng))
}

/// What follows a session's id in the address of its page.
pub(crate) fn page(rng: &mut impl Rng) -> String {
    format!("{}.{}", body(rng), body(rng))
}

/// Begins with no `A`: there the vendor's own libraries disagree, and what its server does is not
/// known.
pub(crate) fn signing_secret(rng: &mut impl Rng) -> String {
    format!("s{}", characters(SECRET_CHARS - 1, rng))
}

fn body(rng: &mut impl Rng) -> String {
    characters(BODY_CHARS, rng)
}

fn characters(count: usize, rng: &mut impl Rng) -> String {
    (0..count).map(|_| char::from(rng.sample(Alphanumeric))).collect()
}
