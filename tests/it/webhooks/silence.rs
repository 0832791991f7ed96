//! Silence: told once, ended by whatever is verified, counted without a database.

use std::time::Duration;

use chrono::TimeDelta;
use tokenledger::smartpay::SigningSecret;
use tokenledger::webhooks::Endpoints;

use crate::logged::Logged;
use crate::request::Request;
use crate::webhooks::until;
use crate::world::SECRET;
use crate::world::Served;
use crate::world::Serving;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

/// Whether the metric says so. One recorder is shared by all tests of the process, so that what
/// another one wrote is passed over.
async fn becomes(served: &Served, seconds: i64) {
    let line = format!("tokenledger_last_webhook_seconds {seconds}");
    until(async || {
        let answer = served.sends(&Request::new("GET", "/metrics")).await;
        answer.text().lines().any(|said| said == line)
    })
    .await;
}

#[tokio::test]
async fn the_metric_hears_copies_and_counts_on_without_the_database() {
    let world = World::new().await;
    let served = world.serves().await;
    let body = approved(&token_id(1));
    assert_eq!(served.sends(&world.signed(&body)).await.status, 200);
    let passes = |seconds| world.clock.set(world.clock.now() + TimeDelta::seconds(seconds));
    passes(7_654_321);
    becomes(&served, 7_654_321).await;
    assert_eq!(served.sends(&world.signed(&body)).await.status, 200);
    assert_eq!(world.count("copies").await, 1);
    passes(1_234_567);
    becomes(&served, 1_234_567).await;

    let again = world.serves().await;
    becomes(&again, 1_234_567).await;
    let database: String = world.one("SELECT current_database()::text").await;
    let away = format!(
        "ALTER DATABASE {database} CONNECTION LIMIT 0;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = '{database}' AND usename = 'tokenledger_service'"
    );
    world.execute(&away).await;
    passes(1_000_000);
    becomes(&served, 2_234_567).await;
    // What is verified was heard, also when it cannot be recorded.
    assert_eq!(served.sends(&world.signed(&approved(&token_id(2)))).await.status, 503);
    passes(3_333_333);
    becomes(&served, 3_333_333).await;
}

#[tokio::test]
async fn what_another_process_hears_counts_here_too() {
    let world = World::new().await;
    let (one, other) = (world.serves().await, world.serves().await);
    assert_eq!(one.sends(&world.signed(&approved(&token_id(1)))).await.status, 200);
    world.clock.set(world.clock.now() + TimeDelta::seconds(5_432_109));
    becomes(&other, 5_432_109).await;
}

#[tokio::test]
async fn a_silence_is_told_once_and_ends_with_a_copy() {
    let (log, _guard) = Logged::begin();
    let world = World::new().await;
    let mut endpoints = Endpoints::default();
    endpoints.add("dev", SigningSecret::parse(SECRET).unwrap(), None);
    let webhook_silence = Some(Duration::from_hours(1));
    let serving = Serving { endpoints, webhook_silence, ..world.serving() };
    let served = world.serves_with(serving).await;
    let body = approved(&token_id(1));
    assert_eq!(served.sends(&world.signed(&body)).await.status, 200);
    let count = |words: &str| log.text().matches(words).count();
    for episode in 1..=2 {
        assert_eq!(count("webhooks went silent"), episode - 1);
        world.clock.set(world.clock.now() + TimeDelta::hours(2));
        Logged::insist();
        until(async || count("webhooks went silent") == episode).await;
        assert!(log.text().contains("\"silent_seconds\":7200"), "{}", log.text());
        assert_eq!(served.sends(&world.signed(&body)).await.status, 200);
        until(async || count("webhooks come again") == episode).await;
    }
}
