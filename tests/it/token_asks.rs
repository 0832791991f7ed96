//! What the inputs alone cannot settle: it is shown, and Smartpay is to be asked.

use tokenledger::token::Ask;
use tokenledger::token::Command;
use tokenledger::token::Happened;
use tokenledger::token::Said;
use tokenledger::token::Status;
use tokenledger::token::Token;

use crate::token_inputs::after;
use crate::token_inputs::tell;
use crate::token_verbs::CREATED_AT;
use crate::token_verbs::approved;
use crate::token_verbs::disabled;
use crate::token_verbs::enabled;
use crate::token_verbs::fresh;
use crate::token_verbs::late;
use crate::token_verbs::notice;
use crate::token_verbs::rendered_late;

#[test]
fn contradictions_are_shown_and_ask_for_a_reading() {
    let rejected = notice(Happened::Rejected, 10);
    for told in [[&rejected, &approved(20)], [&approved(20), &rejected]] {
        let mut token = Token::default();
        tell(&mut token, told[0]);
        assert_eq!(tell(&mut token, told[1]).asks, Some(Ask::Contradiction));
        assert_eq!((token.status(), token.anomalies()), (Status::Active, 1));
    }
    let mut token = after(&[notice(Happened::Deleted, 10)]);
    assert_eq!(tell(&mut token, &enabled(20)).asks, Some(Ask::Contradiction));
    assert_eq!((token.status(), token.anomalies()), (Status::Deleted, 1));
}

#[test]
fn what_cannot_be_told_from_the_inputs_alone_asks_for_a_reading() {
    let mut token = after(&[approved(10)]);
    assert_eq!(tell(&mut token, &disabled(10)).asks, Some(Ask::EqualTimes));
    assert_eq!(tell(&mut token, &late(Said::Active, 10)).asks, Some(Ask::StaleActive));
    assert_eq!(tell(&mut token, &fresh(Said::Active, 10)).asks, None, "it is the answer");
    let body = rendered_late(Happened::Created, CREATED_AT, Said::Active, 30);
    assert_eq!(tell(&mut token, &body).asks, Some(Ask::BodySaysActive));
}

#[test]
fn only_a_tie_that_decides_asks_for_a_reading() {
    let asks = |told: &[Command], last: Command| tell(&mut after(told), &last).asks;
    assert_eq!(asks(&[], approved(10)), None);
    assert_eq!(asks(&[approved(10)], enabled(10)), None, "both say active");
    assert_eq!(asks(&[approved(10)], disabled(20)), None, "the newer one decides");
    assert_eq!(asks(&[approved(10), disabled(20)], disabled(10)), None, "neither decides");
    assert_eq!(asks(&[approved(10), enabled(20)], disabled(20)), Some(Ask::EqualTimes));
}

#[test]
fn every_reason_to_ask_has_its_word() {
    let words = [
        (Ask::Contradiction, "contradiction"),
        (Ask::EqualTimes, "equal_times"),
        (Ask::BodySaysActive, "body_says_active"),
        (Ask::BodySaysPending, "body_says_pending"),
        (Ask::StaleActive, "stale_active"),
    ];
    for (ask, word) in words {
        assert_eq!(ask.as_str(), word);
    }
}
