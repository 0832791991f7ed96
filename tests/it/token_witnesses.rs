//! What an input that adds nothing leaves behind: the event it agrees with, and the word.

use cqrs_es::Aggregate;

use tokenledger::token::Basis;
use tokenledger::token::Command;
use tokenledger::token::Event;
use tokenledger::token::Happened;
use tokenledger::token::Heard;
use tokenledger::token::Said;
use tokenledger::token::Sequence;
use tokenledger::token::Token;
use tokenledger::token::Word;
use tokenledger::token::decide;

use crate::token_inputs::after;
use crate::token_inputs::ms;
use crate::token_inputs::tell;
use crate::token_verbs::approved;
use crate::token_verbs::canceled;
use crate::token_verbs::created;
use crate::token_verbs::disabled;
use crate::token_verbs::fresh;
use crate::token_verbs::late;
use crate::token_verbs::notice;

fn word(said: Said, at: i64) -> Word {
    Word { heard: Heard::Said(said), at: ms(at) }
}

fn word_after(token: &Token, command: &Command) -> Option<Word> {
    tell(&mut token.clone(), command).word
}

#[test]
fn a_reading_witnesses_the_event_that_it_agrees_with_and_no_other() {
    let witnessed = |token: &Token, command| tell(&mut token.clone(), &command).witnessed;
    let none: [Sequence; 0] = [];
    let token = after(&[created(), approved(10), disabled(20)]);
    assert_eq!(witnessed(&token, fresh(Said::Disabled, 30)), [3]);
    assert_eq!(witnessed(&token, fresh(Said::Active, 30)), none);
    assert_eq!(witnessed(&token, approved(10)), [2]);
    assert_eq!(witnessed(&token, created()), [1]);
    let canceled_token = after(&[created(), canceled(5)]);
    assert_eq!(witnessed(&canceled_token, canceled(6)), [2]);
    let deleted = after(&[created(), approved(10), notice(Happened::Deleted, 20)]);
    assert_eq!(witnessed(&deleted, fresh(Said::Deleted, 30)), [3]);
    assert_eq!(witnessed(&deleted, notice(Happened::Deleted, 20)), [3]);
    assert_eq!(witnessed(&deleted, fresh(Said::Active, 30)), none);
}

#[test]
fn only_what_agrees_and_adds_nothing_is_a_witness() {
    let token = after(&[created(), approved(10), disabled(20)]);
    let is_witness = |command| decide(&token, &command).is_witness();
    assert!(is_witness(approved(10)) && is_witness(fresh(Said::Disabled, 30)));
    assert!(!is_witness(approved(30)), "it adds an event");
    assert!(!is_witness(late(Said::Active, 5)), "it is stale");
}

#[test]
fn to_apply_is_to_evolve() {
    let told = after(&[created(), approved(10)]);
    let mut token = Token::default();
    for event in told.events() {
        Aggregate::apply(&mut token, event.clone());
    }
    assert_eq!((token.events(), token.status()), (told.events(), told.status()));
}

#[test]
fn of_two_equal_statements_the_first_decides() {
    let (basis, undated, refutes) = (Basis::Notice, false, None);
    let off = || Event::Disabled { at: ms(20), basis, round: 0, undated, refutes };
    let mut token = Token::rebuild([off(), off()]);
    assert_eq!(tell(&mut token, &fresh(Said::Disabled, 30)).witnessed, [1]);
}

/// `active` may be how it was before what was read at the same time, unless it was asked since.
#[test]
fn a_late_active_replaces_no_other_word_of_its_time() {
    let pending = fresh(Said::RequiresAuthorization, 10);
    let token = after(&[created(), pending, approved(10)]);
    assert_eq!(token.word(), Some(word(Said::RequiresAuthorization, 10)));
    assert_eq!(word_after(&token, &late(Said::Active, 10)), token.word());
    assert_eq!(word_after(&token, &late(Said::Active, 11)), Some(word(Said::Active, 11)));
    assert_eq!(word_after(&token, &fresh(Said::Active, 10)), Some(word(Said::Active, 10)));
    let read = after(&[created(), approved(10), fresh(Said::Active, 20)]);
    assert_eq!(word_after(&read, &late(Said::Active, 20)), Some(word(Said::Active, 20)));
    let off = after(&[created(), approved(10), fresh(Said::Disabled, 20)]);
    assert_eq!(word_after(&off, &late(Said::Disabled, 25)), Some(word(Said::Disabled, 25)));
}
