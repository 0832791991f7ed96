//! The words of a token, and what of its state no status shows.

use std::fmt::Debug;
use std::fmt::Display;

use cqrs_es::DomainEvent;
use serde::Serialize;

use tokenledger::token::Basis;
use tokenledger::token::CancelReason;
use tokenledger::token::Consumer;
use tokenledger::token::EVENT_VERSION;
use tokenledger::token::Event;
use tokenledger::token::Happened;
use tokenledger::token::Heard;
use tokenledger::token::Reference;
use tokenledger::token::Said;
use tokenledger::token::SessionId;
use tokenledger::token::Status;
use tokenledger::token::Token;
use tokenledger::token::UnusableReason;
use tokenledger::token::Usability;
use tokenledger::token::Word;

use crate::token_inputs::after;
use crate::token_inputs::ms;
use crate::token_verbs::CREATED_AT;
use crate::token_verbs::absence;
use crate::token_verbs::approved;
use crate::token_verbs::canceled;
use crate::token_verbs::created;
use crate::token_verbs::disabled;
use crate::token_verbs::fresh;
use crate::token_verbs::notice;

/// One word wherever it is written: by itself, in JSON, as text.
fn is_one_word<T: Serialize + Display + Debug>(value: &T, word: &str) {
    assert_eq!(value.to_string(), word, "{value:?}");
    assert_eq!(serde_json::to_value(value).unwrap(), word, "{value:?}");
}

#[test]
fn every_value_has_one_word() {
    for (basis, word) in [
        (Basis::Notice, "notice"),
        (Basis::Body, "body"),
        (Basis::Reading, "reading"),
        (Basis::Absence, "absence"),
        (Basis::Observed, "observed"),
        (Basis::Claim, "claim"),
    ] {
        is_one_word(&basis, word);
        assert_eq!(basis.as_str(), word);
    }
    for (reason, word) in [
        (CancelReason::Shopper, "shopper"),
        (CancelReason::Rejected, "rejected"),
        (CancelReason::Expired, "expired"),
    ] {
        is_one_word(&reason, word);
        assert_eq!(reason.as_str(), word);
    }
    for (reason, word) in [
        (UnusableReason::AwaitingAuthorization, "awaiting_authorization"),
        (UnusableReason::Disabled, "disabled"),
        (UnusableReason::Rejected, "rejected"),
        (UnusableReason::Canceled, "canceled"),
        (UnusableReason::Deleted, "deleted"),
        (UnusableReason::ChangeInFlight, "change_in_flight"),
        (UnusableReason::Unknown, "unknown"),
    ] {
        is_one_word(&reason, word);
        assert_eq!(Usability::Unusable(reason).reason(), Some(reason));
    }
    assert_eq!(Usability::Usable.reason(), None);
}

#[test]
fn a_status_reads_back_from_its_word_and_from_no_other() {
    for status in Status::ALL {
        is_one_word(&status, status.as_str());
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    for said in Said::ALL {
        is_one_word(&said, said.as_str());
        assert_eq!(said.as_str().parse(), Ok(said));
        let heard = Heard::Said(said);
        assert_eq!((heard.as_str(), heard.to_string()), (said.as_str(), said.to_string()));
        assert_eq!(said.as_str().parse(), Ok(heard));
    }
    assert_eq!((Heard::Absent.as_str(), "absent".parse()), ("absent", Ok(Heard::Absent)));
    assert_eq!(Heard::Absent.to_string(), "absent");
    assert!("Active".parse::<Status>().is_err() && "absent".parse::<Said>().is_err());
}

#[test]
fn names_are_shown_as_they_were_given() {
    is_one_word(&SessionId::parse("checkout_test_9a.B").unwrap(), "checkout_test_9a.B");
    is_one_word(&Consumer::parse("客 1").unwrap(), "客 1");
    is_one_word(&Reference::parse("sub-993").unwrap(), "sub-993");
}

#[test]
fn a_status_began_with_the_event_that_decides_it() {
    let mut inputs = Vec::new();
    let mut since = |input, at: i64, status| {
        inputs.push(input);
        let token = after(&inputs);
        assert_eq!((token.status(), token.since()), (status, Some(ms(at))));
    };
    since(created(), CREATED_AT, Status::AwaitingAuthorization);
    since(canceled(5), 5, Status::Canceled);
    since(approved(10), 10, Status::Active);
    since(disabled(20), 20, Status::Disabled);
    since(notice(Happened::Rejected, 15), 20, Status::Disabled);
    since(absence(30), 30, Status::Deleted);
    since(notice(Happened::Deleted, 25), 25, Status::Deleted);
    assert_eq!(Token::default().since(), None);
}

#[test]
fn only_webhooks_are_notices_and_the_newest_counts() {
    let told = [created(), disabled(30), approved(20), fresh(Said::Active, 40)];
    assert_eq!(after(&told).last_notice_at(), Some(ms(30)));
    assert_eq!(after(&[fresh(Said::Active, 40)]).last_notice_at(), None);
}

#[test]
fn the_earliest_creation_counts() {
    let (basis, session, consumer, reference) = (Basis::Claim, None, None, None);
    let [first, second, third] = [5, 3, 4].map(|at| Event::SessionCreated {
        at: ms(at),
        basis,
        session: session.clone(),
        consumer: consumer.clone(),
        reference: reference.clone(),
    });
    assert_eq!(first.event_version(), EVENT_VERSION);
    assert_eq!(Token::rebuild([first, second, third]).created_at(), Some(ms(3)));
}

#[test]
fn what_is_as_old_as_the_last_statement_does_not_come_after_it() {
    let anomalies = |first, at| after(&[notice(first, 20), disabled(at)]).anomalies();
    assert_eq!([19, 20, 21].map(|at| anomalies(Happened::Deleted, at)), [0, 0, 1]);
    assert_eq!([19, 20, 21].map(|at| anomalies(Happened::Rejected, at)), [0, 0, 1]);
}

#[test]
fn a_word_is_kept_beside_the_events() {
    let token = after(&[created(), approved(10)]);
    let word = Some(Word { heard: Heard::Said(Said::Disabled), at: ms(20) });
    let with_word = token.clone().with_word(word);
    assert_eq!((with_word.events(), with_word.word()), (token.events(), word));
}
