//! The demo's plan: the same from a seed, in order, legal, and worth looking at.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use proptest::prelude::ProptestConfig;
use proptest::prelude::prop_assert;
use proptest::prelude::prop_assert_eq;
use proptest::prelude::proptest;

use tokenledger::sandbox::Action;
use tokenledger::sandbox::Message;
use tokenledger::sandbox::Token as AtSmartpay;
use tokenledger::sandbox::demo::Plan;
use tokenledger::sandbox::demo::What;
use tokenledger::smartpay::EventId;
use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::notice;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Command;
use tokenledger::token::ProviderTime;
use tokenledger::token::Said;
use tokenledger::token::Status;
use tokenledger::token::Token;
use tokenledger::token::decide;

pub(crate) fn until() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_764_000_000_123_456).unwrap()
}

pub(crate) fn default_plan() -> Plan {
    Plan::make(1, 50, 60, until())
}

/// What the ledger's own reader makes of a body that arrives then.
fn read(message: &Message, at: DateTime<Utc>) -> notice::Message {
    let received_at = ProviderTime::from_millis(at.timestamp_millis());
    let expected = Expected { mode: Mode::Test, received_at, window_ms: 0 };
    notice::read(message.body(), &expected).unwrap()
}

/// The ledger's tokens after the whole plan.
fn fold(plan: &Plan) -> HashMap<TokenId, Token> {
    let mut tokens: HashMap<TokenId, Token> = HashMap::new();
    for step in plan.steps() {
        let (id, command) = match &step.what {
            What::Claim(claim) => {
                let command = Command::Claim(Claim {
                    token_created_at: claim.token_created_at,
                    session: Some(claim.session.clone()),
                    consumer: Some(claim.consumer.clone()),
                    reference: claim.reference.clone(),
                    origin: ClaimOrigin::Import,
                });
                (claim.token_id.clone(), command)
            }
            What::Webhook(message) => match read(message, step.at) {
                notice::Message::Token { token, notice, .. } => (token, Command::Notice(notice)),
                notice::Message::Used { .. } | notice::Message::Ignored { .. } => continue,
            },
        };
        let token = tokens.entry(id).or_default();
        let decision = decide(token, &command);
        assert_eq!(decision.asks, None);
        decision.apply_to(token);
    }
    tokens
}

fn webhooks(plan: &Plan) -> impl Iterator<Item = (DateTime<Utc>, &Message)> {
    plan.steps().iter().filter_map(|step| match &step.what {
        What::Webhook(message) => Some((step.at, message)),
        What::Claim(_) => None,
    })
}

fn same(said: Said) -> Status {
    match said {
        Said::RequiresAuthorization => Status::AwaitingAuthorization,
        Said::Active => Status::Active,
        Said::Rejected => Status::Rejected,
        Said::Disabled => Status::Disabled,
        Said::Deleted => Status::Deleted,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn times_strictly_increase_between_beginning_and_end(
        seed: u64, tokens in 0_u32..200, days in 0_u32..120,
    ) {
        let plan = Plan::make(seed, tokens, days, until());
        prop_assert_eq!(plan.tokens().len(), usize::try_from(tokens).unwrap());
        prop_assert_eq!(plan.starts_at() + TimeDelta::days(i64::from(days.max(1))), whole_ms(until()));
        let mut last = plan.starts_at();
        for step in plan.steps() {
            prop_assert!(step.at > last && step.at < until());
            prop_assert_eq!(step.at, whole_ms(step.at));
            last = step.at;
        }
    }

    #[test]
    fn the_ledger_ends_where_smartpay_is(seed: u64, tokens in 0_u32..80, days in 0_u32..120) {
        let plan = Plan::make(seed, tokens, days, until());
        let folded = fold(&plan);
        prop_assert_eq!(folded.len(), plan.tokens().len());
        for token in plan.tokens() {
            let ours = &folded[token.id()];
            prop_assert_eq!(ours.status(), same(token.status()));
            prop_assert_eq!(ours.reference(), token.reference());
            prop_assert_eq!(ours.anomalies(), 0);
        }
    }

    #[test]
    fn every_body_is_read_as_what_it_tells_of(seed: u64) {
        let plan = Plan::make(seed, 30, 60, until());
        for (at, message) in webhooks(&plan) {
            let read = read(message, at);
            prop_assert_eq!(read.kind(), message.action().as_str());
            prop_assert_eq!(read.event_id(), message.event_id());
            prop_assert_eq!(read.token(), Some(message.token()));
            match &read {
                notice::Message::Token { notice, .. } => {
                    prop_assert_eq!(notice.happened.implies(), notice.said);
                    prop_assert_eq!(notice.created_at, notice.updated_at);
                }
                notice::Message::Used { unusual, .. } => prop_assert_eq!(unusual, &None),
                notice::Message::Ignored { .. } => prop_assert!(false, "ignored"),
            }
        }
    }
}

fn whole_ms(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap()
}

#[test]
fn a_seed_makes_the_same_plan_again_and_another_makes_another() {
    assert_eq!(default_plan(), default_plan());
    assert_ne!(default_plan(), Plan::make(2, 50, 60, until()));
}

#[test]
fn whatever_the_seed_the_default_has_everything_to_show() {
    for seed in 0..20 {
        let plan = Plan::make(seed, 50, 60, until());
        let deliveries = webhooks(&plan).count();
        assert!((250..=400).contains(&deliveries), "seed {seed}: {deliveries} deliveries");
        let mut ends: BTreeMap<Said, usize> = BTreeMap::new();
        plan.tokens().iter().for_each(|token| *ends.entry(token.status()).or_default() += 1);
        assert_eq!(ends.len(), Said::ALL.len(), "seed {seed}: {ends:?}");
        assert!(ends[&Said::Active] > 20, "seed {seed}: {ends:?}");
        let told: HashSet<Action> = webhooks(&plan).map(|(_, message)| message.action()).collect();
        assert_eq!(told.len(), Action::ALL.len(), "seed {seed}: {told:?}");
        let mut copies: HashMap<&EventId, usize> = HashMap::new();
        webhooks(&plan).for_each(|(_, m)| *copies.entry(m.event_id()).or_default() += 1);
        let twice = copies.values().filter(|count| **count == 2).count();
        assert!((1..40).contains(&twice), "seed {seed}: {twice} come twice");
    }
}

#[test]
fn consumers_have_one_to_three_tokens_and_one_token_is_nobodys() {
    let plan = default_plan();
    let mut owned: HashMap<String, Vec<TokenId>> = HashMap::new();
    for step in plan.steps() {
        let What::Claim(claim) = &step.what else { continue };
        owned.entry(claim.consumer.to_string()).or_default().push(claim.token_id.clone());
        let waited = step.at - claim.token_created_at.to_datetime();
        assert!(waited > TimeDelta::zero() && waited < TimeDelta::seconds(4));
    }
    assert_eq!(owned.values().map(Vec::len).sum::<usize>(), 49);
    let sizes: HashSet<usize> = owned.values().map(Vec::len).collect();
    assert_eq!(sizes, HashSet::from([1, 2, 3]));
}

#[test]
fn the_storys_consumer_has_a_usable_a_disabled_and_a_deleted_token() {
    for (seed, days) in [(1, 60), (2, 60), (3, 1), (4, 700)] {
        let plan = Plan::make(seed, 50, days, until());
        let folded = fold(&plan);
        let theirs: Vec<&AtSmartpay> = plan
            .tokens()
            .iter()
            .filter(|token| folded[token.id()].consumer().is_some_and(|c| c.as_str() == "C-20418"))
            .collect();
        let ends: Vec<Said> = theirs.iter().map(|token| token.status()).collect();
        assert_eq!(ends, [Said::Disabled, Said::Deleted, Said::Active]);
        assert_eq!(theirs[0], &plan.tokens()[0]);
    }
}

#[test]
fn one_webhook_comes_hours_late_and_after_what_followed_it() {
    let plan = default_plan();
    let story = plan.tokens()[0].id();
    let told: Vec<_> = webhooks(&plan)
        .filter(|(_, m)| m.token() == story && m.action() != Action::Use)
        .map(|(_, message)| message.action())
        .collect();
    let order: Vec<Action> = told.iter().copied().fold(vec![], |mut order, action| {
        if order.last() != Some(&action) {
            order.push(action);
        }
        order
    });
    let (create, approve) = (Action::Create, Action::Approve);
    let expected = [create, approve, Action::Enable, Action::Disable];
    assert!(order.starts_with(&expected), "{order:?}");
    let late = webhooks(&plan)
        .filter(|(at, message)| {
            let notice::Message::Token { notice, .. } = read(message, *at) else { return false };
            *at - notice.updated_at.to_datetime() > TimeDelta::hours(3)
        })
        .count();
    assert!((1..=2).contains(&late), "{late}");
}
