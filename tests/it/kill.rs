//! `kill -9` of the service, of PostgreSQL, of both, at random points under load: what was answered
//! 200 is there once, and nothing is half done.
//!
//! `TOKENLEDGER_TEST_KILLS` sets how often (default 6), `TOKENLEDGER_TEST_SEED` replays a run.
#![expect(clippy::disallowed_methods, reason = "tests look at tables in their own words")]

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::PgConnection;

use crate::home::Home;
use crate::home::comes_true;
use crate::home::signal;
use crate::running::Running;
use crate::running::free_port;
use crate::running::run;
use crate::seed::seed;
use crate::shops::Shops;

/// Between the deliveries of one shop: as many as it can.
const PAUSE: Duration = Duration::from_millis(1);
/// Deliveries acknowledged between two kills, at most.
const BETWEEN_KILLS_MAX: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_point_it_loses_nothing_that_was_acknowledged() {
    let seed = seed();
    let kills = number("TOKENLEDGER_TEST_KILLS").unwrap_or(6);
    let mut rng = StdRng::seed_from_u64(seed);
    let home = Home::new();
    let port = free_port();
    let mut running = Running::start(&home, port, &["--empty"]);
    let (shops, mut acknowledged) = Shops::start(&running.sender(), seed, PAUSE);
    for _ in 0..kills {
        let more = rng.random_range(1..=BETWEEN_KILLS_MAX);
        let goal = *acknowledged.borrow() + more;
        acknowledged.wait_for(|count| *count >= goal).await.unwrap();
        let (service, postgres) =
            [(true, false), (false, true), (true, true)][rng.random_range(0..3)];
        if postgres {
            signal("-KILL", postmaster(&home));
        }
        if service {
            running.kill();
            running = Running::start(&home, port, &["--empty"]);
        }
    }
    let goal = *acknowledged.borrow() + BETWEEN_KILLS_MAX;
    acknowledged.wait_for(|count| *count >= goal).await.unwrap();
    let sent = shops.stop().await.taken;
    let mut ledger = running.owner().await;
    nothing_is_lost_or_doubled(&mut ledger, &sent).await;
    nothing_is_half_done(&mut ledger).await;
    let verified = run(&["--data", home.dir.path().to_str().unwrap(), "verify"], &[]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
    assert!(running.stop().success());
}

/// Each acknowledged delivery is there once, and applied.
pub(crate) async fn nothing_is_lost_or_doubled(ledger: &mut PgConnection, sent: &[String]) {
    let kept: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT event_id, count(*), min(verdict) FROM inputs GROUP BY event_id")
            .fetch_all(&mut *ledger)
            .await
            .unwrap();
    for (event_id, count, verdict) in &kept {
        assert_eq!((*count, verdict.as_str()), (1, "applied"), "{event_id}");
    }
    let kept: HashSet<String> = kept.into_iter().map(|(event_id, ..)| event_id).collect();
    assert!(sent.iter().all(|event_id| kept.contains(event_id)), "an acknowledged one is lost");
    let events: i64 = one(ledger, "SELECT count(*) FROM events").await;
    assert_eq!(usize::try_from(events).unwrap(), kept.len(), "each delivery is one event");
}

/// Positions are dense, and every table agrees with the others.
pub(crate) async fn nothing_is_half_done(ledger: &mut PgConnection) {
    let wrong = [
        "SELECT position - (SELECT count(*) FROM events) FROM head",
        "SELECT position - (SELECT max(position) FROM events) FROM head",
        "SELECT input - (SELECT count(*) FROM inputs) FROM head",
        "SELECT count(*) FROM inputs WHERE NOT EXISTS (
            SELECT FROM sealed_bodies WHERE sealed_bodies.input = inputs.number)",
        "SELECT count(*) FROM events WHERE NOT EXISTS (
            SELECT FROM inputs WHERE inputs.number = (events.metadata ->> 'input')::bigint)",
        "SELECT count(*) FROM inputs WHERE NOT EXISTS (
            SELECT FROM events WHERE events.position = inputs.position)",
        "SELECT count(*) FROM (
            SELECT aggregate_id AS ref, max(sequence) AS sequence, max(position) AS position
            FROM events GROUP BY aggregate_id) AS fold
        FULL JOIN tokens USING (ref, sequence, position) WHERE tokens.status IS NULL OR fold.ref IS NULL",
    ];
    for sql in wrong {
        assert_eq!(one(ledger, sql).await, 0, "{sql}");
    }
}

async fn one(ledger: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(ledger).await.unwrap()
}

/// The server's process id, once it has one.
fn postmaster(home: &Home) -> u32 {
    let file = home.location().join("postmaster.pid");
    let mut pid = None;
    comes_true(|| {
        let text = fs::read_to_string(&file).unwrap_or_default();
        pid = text.lines().next().and_then(|line| line.parse().ok());
        pid.is_some()
    });
    pid.unwrap()
}

/// A number from the environment.
pub(crate) fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}
