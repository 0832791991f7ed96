//! Webhooks that never came: one run makes ledger and Smartpay equal, and says what it did.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokenledger::journal::CauseKind;
use tokenledger::reconcile::Done;
use tokenledger::reconcile::Likely;
use tokenledger::reconcile::Options;
use tokenledger::reconcile::State;

use crate::reconcile::AT_ONCE;
use crate::reconcile::Account;

const TOKENS: usize = 40;

/// Forty lives, of whose webhooks one in ten is never sent.
async fn lives(account: &Account) {
    account.faults(json!({"seed": 11, "webhooks": {"drop": 0.1}})).await;
    for number in 0..TOKENS {
        let (session, token) = account.session(number).await;
        if number % 8 == 7 {
            continue;
        }
        account.shopper(&session, if number % 8 == 6 { "reject" } else { "approve" }).await;
        let changes: &[&str] = match number % 8 {
            1 => &["disable"],
            2 => &["disable", "enable"],
            3 => &["disable", "enable", "disable"],
            4 if number < 20 => &["disable", "delete"],
            _ => &[],
        };
        for change in changes {
            account.changes(&token, change).await;
        }
    }
    account.settles().await;
}

#[tokio::test]
async fn one_run_makes_ledger_and_smartpay_equal_and_lists_what_it_recorded() {
    let account = Account::new().await;
    lives(&account).await;
    let (before, differing) = (account.world.position().await, account.differing().await);
    assert!(differing.len() > 3, "too few webhooks were lost for a test: {differing:?}");
    let run = account.compares(AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Done, None));
    assert_eq!(account.differing().await, Vec::<String>::new());
    let counts = run.counts;
    assert_eq!(counts.different, i64::try_from(differing.len()).unwrap(), "{counts:?}");
    assert_eq!((counts.recorded, counts.in_flight), (counts.different, 0));
    let events = account.world.events().await;
    let recorded: Vec<_> = events.iter().filter(|event| event.position > before).collect();
    assert_eq!(i64::try_from(recorded.len()).unwrap(), counts.recorded);
    for event in &recorded {
        assert_eq!((event.cause.kind, &event.cause.id), (CauseKind::Reconciliation, &run.id));
        assert_eq!(event.cause.actor.as_deref(), Some("a test"));
    }
    let found = account.world.found(&run).await;
    let mut refs: Vec<String> = found.iter().map(|one| one.reference.to_string()).collect();
    let mut expected: Vec<String> =
        differing.iter().map(|token| account.world.ref_of(token).to_string()).collect();
    refs.sort();
    expected.sort();
    assert_eq!(refs, expected);
    for one in &found {
        assert_eq!((one.done, one.likely), (Done::Recorded, Likely::MissedWebhook), "{one:?}");
    }

    let position = account.world.position().await;
    let again = account.compares(AT_ONCE).await;
    assert_eq!((again.state, again.counts.different), (State::Done, 0), "{:?}", again.counts);
    assert_eq!(account.world.position().await, position, "a run without differences recorded one");
    // Pages, and one by one only what the list cannot show.
    let truth = account.truth().await;
    let count = |said: &str| truth.iter().filter(|(_, status)| status == said).count();
    let listed = count("active") + count("disabled");
    let calls = listed.div_ceil(100) + count("requires_authorization");
    assert_eq!(again.counts.calls, i64::try_from(calls).unwrap());
    assert_eq!(again.counts.listed, i64::try_from(listed).unwrap());
    assert_eq!(account.world.count("run_seen").await, 0, "what was read is forgotten at the end");
}

#[tokio::test]
async fn a_dry_run_reports_the_same_and_writes_nothing_into_the_ledger() {
    let account = Account::new().await;
    lives(&account).await;
    let differing = account.differing().await;
    let head = "SELECT row(position, input, arrival, chain)::text FROM head";
    let before: String = account.world.one(head).await;
    let run = account.compares(Options { dry_run: true, ..AT_ONCE }).await;
    assert_eq!(run.state, State::Done);
    assert_eq!(run.counts.different, i64::try_from(differing.len()).unwrap());
    assert_eq!(run.counts.recorded, 0);
    assert_eq!(account.world.one::<String>(head).await, before);
    assert_eq!(account.differing().await, differing);
    let found = account.world.found(&run).await;
    assert!(found.iter().all(|one| one.done == Done::Reported), "{found:?}");
    let real = account.compares(AT_ONCE).await;
    assert_eq!(real.counts.recorded, run.counts.different);
    assert_eq!(account.differing().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_happened_lately_is_left_for_its_webhook_until_it_has_had_its_time() {
    let account = Account::new().await;
    let token = account.active_token(1).await;
    account.settles().await;
    let pass = |time| account.world.clock.set(account.world.clock.now() + time);
    pass(TimeDelta::hours(1));
    account.faults(json!({"webhooks": {"drop": 1}})).await;
    account.changes(&token, "disable").await;
    let run = account.compares(Options::default()).await;
    assert_eq!((run.counts.different, run.counts.in_flight, run.counts.recorded), (1, 1, 0));
    assert_eq!(account.world.found(&run).await[0].done, Done::InFlight);
    assert_eq!(account.world.status(&token).await, "active");
    pass(TimeDelta::minutes(4));
    assert_eq!(account.compares(Options::default()).await.counts.in_flight, 1);
    pass(TimeDelta::minutes(2));
    let run = account.compares(Options::default()).await;
    assert_eq!((run.counts.different, run.counts.in_flight, run.counts.recorded), (1, 0, 1));
    assert_eq!(account.world.status(&token).await, "disabled");
    // Told at once, if somebody wants it so.
    account.changes(&token, "enable").await;
    let soon = Options { settle: Duration::from_secs(1), ..AT_ONCE };
    assert_eq!(account.compares(soon).await.counts.in_flight, 1);
    assert_eq!(account.compares(AT_ONCE).await.counts.recorded, 1);
}

#[tokio::test]
async fn a_token_that_nobody_told_of_is_recorded_and_said_to_be_nobodys() {
    let account = Account::new().await;
    account.active_token(1).await;
    account.settles().await;
    account.faults(json!({"webhooks": {"drop": 1}})).await;
    let body = json!({"event": "token.created", "create": {"token": "paytok_test_Elsewhere",
        "session": "checkout_test_Elsewhere", "created_at": 1_700_000_000_000_i64}});
    account.calls(reqwest::Method::POST, "/sandbox/trigger", body).await;
    account.shopper("checkout_test_Elsewhere", "approve").await;
    account.world.execute("UPDATE sandbox.deliveries SET state = 'dropped'").await;
    let known: i64 = account.world.one("SELECT count(*) FROM tokens").await;
    let run = account.compares(AT_ONCE).await;
    let counts = run.counts;
    let unknown = 2 - known;
    assert_eq!((counts.only_at_smartpay, counts.unattributed), (unknown, 1), "{counts:?}");
    assert_eq!(account.world.status("paytok_test_Elsewhere").await, "active");
}
