//! The demo's plan: the same from a seed, in order, legal, and worth looking at.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use chrono::DateTime;
use chrono::DurationRound;
use chrono::TimeDelta;
use chrono::Utc;
use proptest::prelude::ProptestConfig;
use proptest::prelude::prop_assert;
use proptest::prelude::prop_assert_eq;
use proptest::prelude::proptest;

use tokenledger::sandbox::Action;
use tokenledger::sandbox::demo::By;
use tokenledger::sandbox::demo::Deed;
use tokenledger::sandbox::demo::Fate;
use tokenledger::sandbox::demo::Plan;
use tokenledger::sandbox::demo::Step;
use tokenledger::sandbox::demo::What;
use tokenledger::token::Said;

pub(crate) fn until() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_764_000_000_123_456).unwrap()
}

fn small_plan() -> Plan {
    Plan::make(1, 50, 60, until())
}

pub(crate) fn steps(plan: &Plan) -> impl Iterator<Item = (DateTime<Utc>, &Step)> {
    plan.waves().iter().flat_map(|wave| {
        let steps: &[Step] = match &wave.what {
            What::Steps(steps) => steps,
            What::Wait | What::Expiry | What::Reconciliation | What::Strangers => &[],
        };
        steps.iter().map(|step| (wave.at, step))
    })
}

/// The status of each token at Smartpay when all is done; every step must be legal.
pub(crate) fn ends(plan: &Plan) -> Vec<Said> {
    let mut ends: Vec<Option<Said>> = vec![None; plan.tokens().len()];
    for (_, step) in steps(plan) {
        let status = ends.get_mut(step.token).unwrap();
        match step.deed.action() {
            Some(action) => *status = Some(action.applied_to(*status).unwrap()),
            None => assert_eq!(*status, Some(Said::RequiresAuthorization)),
        }
    }
    ends.into_iter().map(Option::unwrap).collect()
}

fn whole_ms(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn each_wave_is_over_before_the_next_and_all_before_the_end(
        seed: u64, tokens in 0_u32..200, days in 0_u32..120,
    ) {
        let plan = Plan::make(seed, tokens, days, until());
        prop_assert_eq!(plan.tokens().len(), usize::try_from(tokens).unwrap());
        prop_assert_eq!(plan.starts_at() + TimeDelta::days(i64::from(days.max(1))), plan.until());
        prop_assert_eq!(plan.until(), whole_ms(until()));
        let mut over = plan.starts_at();
        for wave in plan.waves() {
            prop_assert!(wave.at > over && wave.at == whole_ms(wave.at));
            prop_assert!(wave.lag > TimeDelta::milliseconds(500));
            over = wave.at + wave.lag;
        }
        prop_assert!(over < plan.until());
    }

    #[test]
    fn a_wave_is_of_one_hour_and_of_different_tokens(
        seed: u64, tokens in 1_u32..200, days in 1_u32..120,
    ) {
        let plan = Plan::make(seed, tokens, days, until());
        prop_assert_eq!(ends(&plan).len(), plan.tokens().len());
        for wave in plan.waves() {
            let What::Steps(steps) = &wave.what else { continue };
            let different: HashSet<usize> = steps.iter().map(|step| step.token).collect();
            prop_assert_eq!(different.len(), steps.len());
            let alone = steps.iter().any(|step| step.fate != Fate::Soon);
            prop_assert!(!alone || steps.len() == 1);
        }
    }
}

#[test]
fn a_seed_makes_the_same_plan_again_and_another_makes_another() {
    assert_eq!(small_plan(), small_plan());
    assert_ne!(small_plan(), Plan::make(2, 50, 60, until()));
}

#[test]
fn whatever_the_seed_there_is_everything_to_show() {
    for seed in 0..20 {
        let plan = Plan::make(seed, 50, 60, until());
        let mut counted: BTreeMap<Said, usize> = BTreeMap::new();
        for said in ends(&plan) {
            *counted.entry(said).or_default() += 1;
        }
        assert_eq!(counted.len(), Said::ALL.len(), "seed {seed}: {counted:?}");
        assert!(counted[&Said::Active] > 20, "seed {seed}: {counted:?}");
        let done: HashSet<Action> =
            steps(&plan).filter_map(|(_, step)| step.deed.action()).collect();
        assert_eq!(done.len(), Action::ALL.len(), "seed {seed}: {done:?}");
        let whose = |by| steps(&plan).any(|(_, step)| step.deed == Deed::Disable(by));
        assert!(whose(By::Us) && whose(By::Dashboard), "seed {seed}");
        let strangers = plan.waves().iter().filter(|wave| wave.what == What::Strangers);
        assert_eq!(strangers.count(), 1, "seed {seed}");
    }
}

#[test]
fn the_default_has_few_waves_for_its_steps() {
    let plan = Plan::make(20_418, 500, 180, until());
    let steps = steps(&plan).count();
    assert!((2_000..3_000).contains(&steps), "{steps} steps");
    assert!(plan.waves().len() < 1_500, "{} waves", plan.waves().len());
    let hours: HashSet<DateTime<Utc>> = plan
        .waves()
        .iter()
        .map(|wave| wave.at.duration_trunc(TimeDelta::hours(1)).unwrap())
        .collect();
    assert!(hours.len() > 500, "spread over {} hours", hours.len());
}

#[test]
fn consumers_have_one_to_three_tokens_and_one_token_is_nobodys() {
    let plan = small_plan();
    let mut owned: HashMap<String, usize> = HashMap::new();
    for token in plan.tokens() {
        let Some(consumer) = &token.owner else { continue };
        *owned.entry(consumer.to_string()).or_default() += 1;
    }
    assert_eq!(owned.values().sum::<usize>(), 49);
    assert_eq!(owned.values().copied().collect::<HashSet<_>>(), HashSet::from([1, 2, 3]));
    for (_, step) in steps(&plan) {
        let Deed::Ask(by) = step.deed else { continue };
        let ours = plan.tokens()[step.token].owner.is_some();
        assert_eq!(by, if ours { By::Us } else { By::Dashboard });
    }
}

#[test]
fn the_storys_consumer_has_a_usable_a_disabled_and_a_deleted_token() {
    for (seed, days) in [(1, 60), (2, 60), (3, 1), (4, 700)] {
        let plan = Plan::make(seed, 50, days, until());
        let ends = ends(&plan);
        let theirs = plan.tokens().iter().enumerate().filter(|(_, token)| {
            token.owner.as_ref().is_some_and(|consumer| consumer.as_str() == "C-20418")
        });
        let (places, ends): (Vec<usize>, Vec<Said>) =
            theirs.map(|(place, _)| (place, ends[place])).unzip();
        assert_eq!(ends, [Said::Disabled, Said::Deleted, Said::Active]);
        assert_eq!(places[0], 0);
        let deeds = |token| steps(&plan).filter(move |(_, step)| step.token == token);
        let turned_back = deeds(places[2]).any(|(_, step)| step.deed == Deed::TurnBack);
        assert!(turned_back, "seed {seed}");
    }
}

#[test]
fn one_webhook_comes_hours_late_and_after_what_followed_it() {
    let plan = small_plan();
    let late: Vec<_> = steps(&plan).filter(|(_, step)| step.fate == Fate::Late).collect();
    let [(at, step)] = late[..] else { panic!("{late:?}") };
    assert_eq!((step.token, step.deed), (0, Deed::Disable(By::Dashboard)));
    let arrives = plan.waves().iter().find(|wave| wave.what == What::Wait).unwrap().at;
    assert!(arrives - at > TimeDelta::hours(3), "{}", arrives - at);
    let next = steps(&plan).find(|(later, step)| *later > at && step.token == 0).unwrap();
    assert!(next.0 < arrives && next.1.deed == Deed::Enable(By::Dashboard), "{next:?}");
}

#[test]
fn one_webhook_is_lost_and_looked_for_the_night_after_while_no_other_is_late() {
    for (seed, days) in [(1, 60), (2, 180), (3, 1), (4, 8), (5, 700)] {
        let plan = Plan::make(seed, 50, days, until());
        let lost: Vec<_> = steps(&plan).filter(|(_, step)| step.fate == Fate::Lost).collect();
        let [(at, step)] = lost[..] else { panic!("{lost:?}") };
        assert_eq!(step.deed, Deed::Disable(By::Dashboard));
        let found = plan.waves().iter().find(|wave| wave.what == What::Reconciliation).unwrap();
        let after = found.at - at;
        assert!(after > TimeDelta::minutes(10) && after < TimeDelta::hours(25), "{after}");
        let next = steps(&plan).find(|(later, s)| *later > at && s.token == step.token).unwrap();
        assert!(next.1.deed == Deed::Delete(By::Us) && next.0 > found.at, "{next:?}");
        let (late, _) = steps(&plan).find(|(_, step)| step.fate == Fate::Late).unwrap();
        let arrives = plan.waves().iter().find(|wave| wave.what == What::Wait).unwrap().at;
        assert!(found.at < late || found.at > arrives, "seed {seed}");
    }
}
