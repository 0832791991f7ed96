//! What goes wrong without the rules: one history for each.

use std::convert::Infallible;

use cqrs_es::test::TestFramework;
use tokenledger::token::Asked;
use tokenledger::token::Basis;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Command;
use tokenledger::token::Consumer;
use tokenledger::token::Event;
use tokenledger::token::Happened;
use tokenledger::token::KeyProof;
use tokenledger::token::NotFound;
use tokenledger::token::Said;
use tokenledger::token::Status;
use tokenledger::token::Token;

use crate::token_inputs::after;
use crate::token_inputs::happenings;
use crate::token_inputs::ms;
use crate::token_inputs::rebuilt;
use crate::token_inputs::tell;
use crate::token_verbs::CREATED_AT;
use crate::token_verbs::absence;
use crate::token_verbs::approved;
use crate::token_verbs::canceled;
use crate::token_verbs::claim;
use crate::token_verbs::created;
use crate::token_verbs::disabled;
use crate::token_verbs::enabled;
use crate::token_verbs::fresh;
use crate::token_verbs::late;
use crate::token_verbs::notice;
use crate::token_verbs::rendered_late;

/// What the framework of cqrs-es says that a command adds.
fn added(given: Vec<Event>, when: Command) -> Vec<Event> {
    let result: Result<Vec<Event>, Infallible> =
        TestFramework::<Token>::with(()).given(given).when(when).inspect_result();
    result.unwrap()
}

#[test]
fn case_1_a_reading_keeps_its_word_against_an_older_notice() {
    let told = [created(), approved(10), disabled(20), late(Said::Disabled, 40), enabled(30)];
    assert_eq!(after(&told).status(), Status::Disabled);
}

#[test]
fn case_2_an_approval_rendered_as_disabled_does_not_activate() {
    let mut token = after(&[created()]);
    tell(&mut token, &rendered_late(Happened::Approved, 25, Said::Disabled, 20));
    assert_eq!(token.status(), Status::Disabled);
    assert_eq!(token.events().len(), 3, "the approval, and what its body says");
}

#[test]
fn case_3_reconciling_disable_and_enable_of_one_time_again_and_again_adds_nothing() {
    let mut token = after(&[created(), approved(10), disabled(20), enabled(20)]);
    assert_eq!(token.status(), Status::Disabled, "a tie ends unusable");
    tell(&mut token, &fresh(Said::Active, 20));
    assert_eq!(token.status(), Status::Active, "a fresh reading settles the tie");
    for _ in 0..5 {
        let decision = tell(&mut token, &fresh(Said::Active, 20));
        assert!(decision.is_witness() && decision.events.is_empty());
    }
    assert_eq!(token.status(), Status::Active);
}

#[test]
fn case_4_the_order_of_sending_decides_nothing() {
    let approved = rendered_late(Happened::Approved, 25, Said::Active, 10);
    let disabled = rendered_late(Happened::Disabled, 11, Said::Disabled, 10);
    for told in [[&approved, &disabled], [&disabled, &approved]] {
        let twice = told.into_iter().flat_map(|command| [command, command]);
        let token = after(twice);
        assert_eq!((token.status(), token.events().len()), (Status::Disabled, 2));
    }
}

#[test]
fn case_5_a_creation_rendered_as_active_gives_the_same_events_before_and_after() {
    let rendered = rendered_late(Happened::Created, CREATED_AT, Said::Active, 30);
    let others = [approved(10), disabled(20), enabled(30)];
    let first = after([&rendered].into_iter().chain(&others));
    let last = after(others.iter().chain([&rendered]));
    assert_eq!(happenings(&first), happenings(&last));
    assert_eq!([first.status(), last.status()], [Status::Active; 2]);
}

#[test]
fn case_6_a_wrong_404_then_a_200_then_a_real_deletion_is_deleted() {
    let mut token = after(&[created(), approved(10), absence(100)]);
    assert_eq!(token.status(), Status::Deleted);
    let refuting = tell(&mut token, &fresh(Said::Active, 10));
    assert!(matches!(refuting.events.as_slice(), [Event::Enabled { refutes: Some(3), .. }]));
    assert_eq!(token.status(), Status::Active);
    tell(&mut token, &notice(Happened::Deleted, 50));
    tell(&mut token, &fresh(Said::Active, 60));
    assert_eq!(token.status(), Status::Deleted);
}

#[test]
fn case_7_a_200_that_was_asked_before_the_404_leaves_it_deleted() {
    let told = [created(), approved(10), absence(100), late(Said::Active, 10)];
    assert_eq!(after(&told).status(), Status::Deleted);
}

#[test]
fn case_8_a_404_while_awaiting_outlives_a_late_approval() {
    let mut token = after(&[created(), absence(100)]);
    assert_eq!((token.status(), token.events().len()), (Status::AwaitingAuthorization, 1));
    tell(&mut token, &approved(10));
    assert!(!token.usability().usable());
    let cleared = after(&[created(), absence(100), fresh(Said::Active, 10), approved(10)]);
    assert!(cleared.usability().usable(), "a fresh object clears it");
}

#[test]
fn case_9_rebuilding_in_any_order_gives_the_live_status() {
    let told = [created(), approved(10), absence(90), fresh(Said::Active, 10), disabled(20)];
    let mut told = told.to_vec();
    told.extend([enabled(20), late(Said::Disabled, 40), absence(99), fresh(Said::Active, 50)]);
    let live = after(&told);
    assert_eq!(rebuilt(&live).status(), live.status());
    for turn in 0..live.events().len() {
        let mut events = live.events().to_vec();
        events.rotate_left(turn);
        assert_eq!(Token::rebuild(events.clone()).status(), live.status());
        events.reverse();
        assert_eq!(Token::rebuild(events).status(), live.status());
    }
}

/// Without `updatedAt` no `Reading` can be made; what our own clock says orders nothing.
#[test]
fn case_10_our_clock_a_second_ahead_or_behind_has_no_effect() {
    for ours in [9_000, 11_000] {
        let mut token = after(&[created(), canceled(ours)]);
        assert_eq!(token.newest_provider_time(), Some(ms(CREATED_AT)));
        tell(&mut token, &approved(10_000));
        tell(&mut token, &absence(ours));
        assert_eq!(token.newest_provider_time(), Some(ms(10_000)));
        tell(&mut token, &fresh(Said::Active, 10_000));
        assert_eq!(token.status(), Status::Active);
    }
}

#[test]
fn case_11_a_correction_outlives_the_claim_it_corrects_and_its_repetition() {
    let session = "checkout_test_s1";
    let response = claim(ClaimOrigin::SessionResponse, session, "A");
    let mut token = after(&[response.clone(), claim(ClaimOrigin::Correction, session, "B")]);
    assert!(tell(&mut token, &response).is_witness());
    assert_eq!(token.consumer().map(Consumer::as_str), Some("B"));
}

#[test]
fn case_12_what_smartpay_says_outlives_a_cancellation_on_a_clock_that_is_ahead() {
    let mut token = after(&[created(), canceled(99_000)]);
    assert_eq!(token.status(), Status::Canceled);
    tell(&mut token, &late(Said::Active, 10));
    assert_eq!(token.status(), Status::Active);
}

#[test]
fn case_13_our_own_delete_read_back_as_404_is_deleted_for_good() {
    let (asked, key) = (Asked::ReadBack, KeyProof::Unproven);
    let found = NotFound { asked, error_code: Some("token.not-found"), key, at: ms(100) };
    let mut token = after(&[created(), approved(10)]);
    let read_back = Command::Absence(found.absence().unwrap());
    let given = token.events().to_vec();
    let deleted =
        Event::Deleted { at: ms(100), basis: Basis::Reading, undated: false, absence: None };
    assert_eq!(added(given, read_back.clone()), [deleted]);
    tell(&mut token, &read_back);
    tell(&mut token, &fresh(Said::Active, 200));
    assert_eq!(token.status(), Status::Deleted, "nothing refutes it");
}

#[test]
fn case_14_a_key_of_the_wrong_mode_deletes_nothing() {
    let (asked, key) = (Asked::Get, KeyProof::Unproven);
    let found = NotFound { asked, error_code: Some("token.not-found"), key, at: ms(100) };
    assert_eq!(found.absence(), None, "it never becomes an input");
    assert!(NotFound { key: KeyProof::ReadAnotherToken, ..found }.absence().is_some());
}
