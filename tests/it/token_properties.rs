//! What holds for every set of inputs, searched at random. A failure prints its smallest inputs
//! and is kept in `tests/proptest-regressions/`, from where the next run begins.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fmt::Debug;

use cqrs_es::EventEnvelope;
use cqrs_es::View;
use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;

use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Command;
use tokenledger::token::Consumer;
use tokenledger::token::SessionId;
use tokenledger::token::Status;
use tokenledger::token::Token;
use tokenledger::token::TokenView;

use crate::token_inputs::Input;
use crate::token_inputs::after;
use crate::token_inputs::happenings;
use crate::token_inputs::ms;
use crate::token_inputs::rebuilt;
use crate::token_inputs::tell;
use crate::token_random::a_true_history;
use crate::token_random::any_input;
use crate::token_random::any_notice;
use crate::token_random::freshened;
use crate::token_random::permutations;

const NOTICES_MAX: usize = 6;

/// What a reader can see of a token, but for its events.
fn state(token: &Token) -> impl PartialEq + Debug + use<> {
    (
        (token.status(), token.usability(), token.anomalies()),
        (token.since(), token.created_at(), token.last_notice_at()),
    )
}

fn claims() -> impl Strategy<Value = Command> {
    let origins = [ClaimOrigin::SessionResponse, ClaimOrigin::Import, ClaimOrigin::Correction];
    let sessions = ["checkout_test_s1", "checkout_test_s2"].map(|s| SessionId::parse(s).unwrap());
    let consumers = ["A", "B", "C"].map(|name| Consumer::parse(name).unwrap());
    let session = prop::option::of(prop::sample::select(sessions.to_vec()));
    let consumer = prop::option::of(prop::sample::select(consumers.to_vec()));
    let origin = prop::sample::select(origins.to_vec());
    (origin, session, consumer).prop_map(|(origin, session, consumer)| {
        let (token_created_at, reference) = (ms(1), None);
        Command::Claim(Claim { token_created_at, session, consumer, reference, origin })
    })
}

fn any_command() -> impl Strategy<Value = Command> {
    prop_oneof![4 => any_input().prop_map(|input| input.command()), 1 => claims()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Same notices, same events (type and provider time) and same state: in every order, each
    /// delivered at once again, and the whole lot again from the end.
    #[test]
    fn every_order_and_duplication_of_notices_gives_the_same_events_and_state(
        notices in vec(any_notice(), 0..=NOTICES_MAX),
    ) {
        let commands: Vec<Command> = notices.iter().map(Input::command).collect();
        let first = after(&commands);
        for order in permutations(commands.len()) {
            let once: Vec<&Command> = order.iter().map(|&place| &commands[place]).collect();
            let twice = once.iter().flat_map(|&command| [command, command]);
            let token = after(twice.chain(once.iter().rev().copied()));
            prop_assert_eq!(happenings(&token), happenings(&first));
            prop_assert_eq!(token.events().len(), first.events().len());
            prop_assert_eq!(state(&token), state(&first));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    /// Notices and late readings that were all true when Smartpay rendered them give one status in
    /// every order and duplication, ties within a millisecond included. Without ties it is what
    /// the newest of them says, and readings may be fresh where that can be. Which events carry it
    /// may differ: an agreeing reading adds none. (Readings that no world could make true together
    /// promise nothing, and with a tie a fresh reading means its place in the order.)
    #[test]
    fn true_notices_and_readings_give_one_status_in_every_order(history in a_true_history()) {
        let mut statuses = BTreeSet::new();
        for order in &history.orders {
            let told = history.told(order);
            statuses.insert(after(&told).status().as_str());
            if !history.tied {
                statuses.insert(after(&freshened(told)).status().as_str());
            }
        }
        prop_assert_eq!(statuses.len(), 1);
        if let (false, Some(newest)) = (history.tied, history.newest) {
            prop_assert!(statuses.contains(newest.as_str()));
        }
    }

    /// Whatever stands, a reading that says the same adds nothing. One exception, by rule: a
    /// reading of `deleted` is appended beside an absence, because it cannot be refuted.
    #[test]
    fn a_reading_that_agrees_with_the_fold_adds_no_event(
        commands in vec(any_command(), 0..12),
    ) {
        let mut token = Token::default();
        for command in &commands {
            let before = token.clone();
            let decision = tell(&mut token, command);
            if let Command::Reading(reading) = command
                && before.status() != Status::Deleted
                && reading.said.as_str() == before.status().as_str()
            {
                prop_assert_eq!(&decision.events, &[]);
            }
        }
    }

    /// Whose a token is follows from its claims in their order, wherever the rest falls between.
    #[test]
    fn claims_are_never_lost_whatever_comes_before_or_after(
        (claims, others, places) in (vec(claims(), 1..5), vec(any_input(), 0..8), any::<u64>()),
    ) {
        let alone = after(&claims);
        let (mut claims, mut others) = (claims.iter(), others.iter());
        let mut mixed = Token::default();
        for turn in 0..64 {
            if places >> turn & 1 == 0 {
                claims.next().map(|claim| tell(&mut mixed, claim));
            } else {
                others.next().map(|other| tell(&mut mixed, &other.command()));
            }
        }
        for claim in claims {
            tell(&mut mixed, claim);
        }
        prop_assert_eq!(mixed.consumer(), alone.consumer());
        prop_assert_eq!(mixed.session(), alone.session());
    }

    #[test]
    fn folding_live_equals_rebuilding_from_the_stored_events(
        commands in vec(any_command(), 0..16),
    ) {
        let live = after(&commands);
        let again = rebuilt(&live);
        prop_assert_eq!(again.events(), live.events());
        prop_assert_eq!(state(&again), state(&live));
        let mut view = TokenView::default();
        for (sequence, event) in live.history() {
            view.update(&EventEnvelope {
                aggregate_id: String::new(),
                sequence: usize::try_from(sequence).unwrap(),
                payload: event.clone(),
                metadata: HashMap::new(),
            });
        }
        prop_assert_eq!(view.token(), &again);
        let stored = serde_json::to_string(&live).unwrap();
        prop_assert_eq!(serde_json::from_str::<Token>(&stored).unwrap(), live);
    }
}
