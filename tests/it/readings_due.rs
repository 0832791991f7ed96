//! Wanted readings, served by whoever is on duty.

use std::sync::Arc;
use std::sync::Mutex;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use tokenledger::readings::Round;
use tokenledger::readings::Serving;
use tokenledger::readings::serve_round;
use tokenledger::token::Happened;
use tokenledger::token::Said;

use crate::bodies::NOW_MS;
use crate::reconcile::fake::Fake;
use crate::reconcile::fake::active;
use crate::reconcile::fake::not_found;
use crate::reconcile::fake::object;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::told;

const AT: i64 = NOW_MS - 1_000;

/// Two notices of one time, which only a reading can settle.
async fn tied(world: &World, token: &str) {
    for happened in [Happened::Enabled, Happened::Disabled] {
        world.delivers(&told(token, happened, AT)).await;
    }
}

#[tokio::test]
async fn what_is_wanted_is_read_and_closed_oldest_first() {
    let world = World::new().await;
    for number in 0..6 {
        tied(&world, &token_id(number)).await;
        world.clock.set(world.clock.now() + TimeDelta::seconds(1));
    }
    let fake = Fake::of(|path, _| (200, active_at(path, AT))).await;
    let reader = world.reconciler(&fake.url).reader;
    let mut serving = Serving::default();
    assert_eq!(serve_round(&reader, &mut serving).await.unwrap(), Round::Served(6));
    assert_eq!(world.count("readings_due").await, 0);
    for number in 0..6 {
        assert_eq!(world.status(&token_id(number)).await, "active");
    }
    let asked = fake.asked.lock().unwrap().clone();
    let mut first: Vec<String> = asked.into_iter().take(4).collect();
    first.sort();
    let oldest: Vec<String> = (0..4).map(|n| format!("/v1/tokens/{}", token_id(n))).collect();
    assert_eq!(first, oldest);
    assert_eq!(serve_round(&reader, &mut serving).await.unwrap(), Round::Served(0));
    let cause: String =
        world.one("SELECT metadata->>'reason' FROM events ORDER BY position DESC LIMIT 1").await;
    assert_eq!(cause, "equal_times");
}

fn active_at(path: &str, at: i64) -> Value {
    object(path.rsplit('/').next().unwrap_or_default(), Said::Active, at)
}

#[tokio::test]
async fn what_cannot_be_had_is_put_off_longer_and_longer() {
    let world = World::new().await;
    tied(&world, &token_id(0)).await;
    let broken: Arc<Mutex<bool>> = Arc::new(Mutex::new(true));
    let script = Arc::clone(&broken);
    let fake = Fake::of(move |path, _| {
        if *script.lock().unwrap() { (500, json!({})) } else { (200, active_at(path, AT)) }
    });
    let fake = fake.await;
    let reader = world.reconciler(&fake.url).reader;
    let mut serving = Serving::default();
    for seconds in [5, 10, 20, 40] {
        assert_eq!(serve_round(&reader, &mut serving).await.unwrap(), Round::Away);
        let asked = fake.count();
        assert_eq!(serve_round(&reader, &mut serving).await.unwrap(), Round::Served(0));
        assert_eq!(fake.count(), asked, "it is asked again at once");
        world.clock.set(world.clock.now() + TimeDelta::seconds(seconds));
    }
    *broken.lock().unwrap() = false;
    assert_eq!(serve_round(&reader, &mut serving).await.unwrap(), Round::Served(1));
    assert_eq!(world.count("readings_due").await, 0);
}

#[tokio::test]
async fn a_404_counts_once_the_key_has_read_another_token() {
    let world = World::new().await;
    tied(&world, &token_id(0)).await;
    world.delivers(&approved(&token_id(1))).await;
    let found = token_id(1);
    let fake = Fake::of(
        move |path, _| {
            if path.ends_with(&found) { (200, active(&found)) } else { not_found() }
        },
    );
    let reader = world.reconciler(&fake.await.url).reader;
    let mut serving = Serving::default();
    serve_round(&reader, &mut serving).await.unwrap();
    assert_eq!(world.status(&token_id(0)).await, "disabled");
    assert_eq!(world.count("readings_due").await, 1);
    world.clock.set(world.clock.now() + TimeDelta::seconds(5));
    serve_round(&reader, &mut serving).await.unwrap();
    assert_eq!(world.status(&token_id(0)).await, "deleted");
}

#[tokio::test]
async fn a_key_that_finds_nothing_deletes_nothing_however_often() {
    let world = World::new().await;
    for number in 0..3 {
        tied(&world, &token_id(number)).await;
    }
    let fake = Fake::of(|_, _| not_found()).await;
    let reader = world.reconciler(&fake.url).reader;
    let mut serving = Serving::default();
    for _ in 0..6 {
        serve_round(&reader, &mut serving).await.unwrap();
        world.clock.set(world.clock.now() + TimeDelta::hours(1));
    }
    assert_eq!(world.count("tokens WHERE status = 'deleted'").await, 0);
    assert_eq!(world.count("readings_due").await, 3);
    assert!(world.count("inputs WHERE reason = 'unproven_absence'").await > 3);
}
