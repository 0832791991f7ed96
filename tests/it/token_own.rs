//! What we say ourselves: cancellations yield to Smartpay, claims are kept and not repeated.

use cqrs_es::test::TestFramework;

use tokenledger::token::Basis;
use tokenledger::token::CancelReason;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Command;
use tokenledger::token::Consumer;
use tokenledger::token::Event;
use tokenledger::token::Happened;
use tokenledger::token::Reference;
use tokenledger::token::Said;
use tokenledger::token::SessionId;
use tokenledger::token::Status;
use tokenledger::token::Token;

use crate::token_inputs::after;
use crate::token_inputs::ms;
use crate::token_inputs::tell;
use crate::token_verbs::CREATED_AT;
use crate::token_verbs::approved;
use crate::token_verbs::canceled;
use crate::token_verbs::claim;
use crate::token_verbs::created;
use crate::token_verbs::disabled;
use crate::token_verbs::rendered_late;

const SESSION: &str = "checkout_test_s1";

#[test]
fn a_late_approval_of_a_canceled_token_is_legal_and_wins() {
    let at = ms(50);
    let (basis, reason) = (Basis::Observed, CancelReason::Shopper);
    let canceled = Event::Canceled { at, basis, round: 0, undated: false, refutes: None, reason };
    let mut given = after(&[created()]).events().to_vec();
    given.push(canceled);
    let (at, basis) = (ms(10), Basis::Notice);
    let activated = Event::Activated { at, basis, round: 0, undated: false, refutes: None };
    assert_eq!(Token::rebuild(given.clone()).status(), Status::Canceled);
    TestFramework::<Token>::with(())
        .given(given)
        .when(approved(10))
        .then_expect_events(vec![activated]);
}

#[test]
fn a_cancellation_yields_even_to_an_approval_without_a_date() {
    let approved = rendered_late(Happened::Approved, 25, Said::RequiresAuthorization, CREATED_AT);
    let token = after(&[created(), canceled(50), approved]);
    assert_eq!(token.status(), Status::AwaitingAuthorization);
}

#[test]
fn a_cancellation_is_repeated_by_a_witness_and_refused_by_silence() {
    let mut token = after(&[created(), canceled(50)]);
    assert_eq!(tell(&mut token, &canceled(60)).witnessed, [2]);
    let mut token = after(&[created(), approved(10)]);
    let decision = tell(&mut token, &canceled(60));
    assert!(decision.events.is_empty() && decision.witnessed.is_empty());
}

#[test]
fn the_claim_and_the_creation_may_come_in_either_order() {
    let claimed = claim(ClaimOrigin::SessionResponse, SESSION, "A");
    let first = after(&[claimed.clone(), created(), disabled(20)]);
    let last = after(&[created(), disabled(20), claimed]);
    for token in [first, last] {
        assert_eq!(token.consumer().map(Consumer::as_str), Some("A"));
        assert_eq!(token.session().map(SessionId::as_str), Some(SESSION));
        assert_eq!((token.status(), token.created_at()), (Status::Disabled, Some(ms(CREATED_AT))));
    }
}

#[test]
fn an_import_again_adds_nothing_and_another_consumer_does() {
    let mut token = after(&[claim(ClaimOrigin::Import, SESSION, "A")]);
    assert_eq!(tell(&mut token, &claim(ClaimOrigin::Import, SESSION, "A")).witnessed, [1]);
    assert_eq!(tell(&mut token, &claim(ClaimOrigin::Correction, SESSION, "B")).events.len(), 1);
    assert_eq!(tell(&mut token, &claim(ClaimOrigin::Correction, SESSION, "A")).events.len(), 1);
    assert_eq!(token.consumer().map(Consumer::as_str), Some("A"));
}

#[test]
fn a_claim_that_names_no_consumer_takes_none_away() {
    let mut token = after(&[claim(ClaimOrigin::SessionResponse, SESSION, "A")]);
    tell(
        &mut token,
        &Command::Claim(Claim {
            token_created_at: ms(CREATED_AT),
            session: None,
            consumer: None,
            reference: Some(Reference::parse("sub-993").unwrap()),
            origin: ClaimOrigin::Correction,
        }),
    );
    assert_eq!(token.consumer().map(Consumer::as_str), Some("A"));
    assert_eq!(token.reference().map(Reference::as_str), Some("sub-993"));
}
