//! Positions are dense and in the order of commits: who reads behind the last one misses nothing.
#![expect(clippy::disallowed_methods, reason = "a reader as naive as any, on tables of its own")]

use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::database::SERVICE;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Submission;
use tokio::task::JoinSet;

use crate::naive_reader::Reader;
use crate::seed::seed;
use crate::world::World;
use crate::world::approved;
use crate::world::event_sql;
use crate::world::token_id;

const LEDGERS: u64 = 16;
const DELIVERIES: u64 = 12;
const PAUSE_MS_MAX: u64 = 8;
const KILL_PAUSE_MS_MAX: u64 = 60;
const TRIES_MAX: u32 = 100;
const DEADLINE: Duration = Duration::from_mins(1);

/// Not to wait for anything: to come at another moment.
async fn pauses(random: &mut StdRng, ms_max: u64) {
    tokio::time::sleep(Duration::from_millis(random.random_range(0..ms_max))).await;
}

/// Delivers each until it is taken, as Smartpay would.
async fn delivers_all(
    ledger: Ledger,
    deliveries: Vec<Submission>,
    mut random: StdRng,
) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for delivery in deliveries {
        let mut tries = 0;
        let receipt = loop {
            pauses(&mut random, PAUSE_MS_MAX).await;
            match ledger.submit(delivery.clone()).await {
                Ok(receipt) => break receipt,
                Err(refused) => assert!(tries < TRIES_MAX, "{refused}"),
            }
            tries += 1;
        };
        receipts.push(receipt);
    }
    receipts
}

/// Takes the next position, writes an event there, and rolls back: for ever.
async fn abandons(world: &World, number: u64, mut random: StdRng, count: &AtomicU32) {
    let reference = world.ref_of(&token_id(1_000_000 + number));
    let event = event_sql(&reference, "position + 1");
    loop {
        let Ok(mut line) = PgConnection::connect_with(&world.options(SERVICE)).await else {
            continue;
        };
        let begin = "BEGIN; SELECT FROM head FOR UPDATE";
        let write = format!("{event}; UPDATE head SET position = position + 1");
        if line.execute(begin).await.is_ok() && line.execute(write.as_str()).await.is_ok() {
            pauses(&mut random, PAUSE_MS_MAX).await;
            drop(line.execute("ROLLBACK").await);
            count.fetch_add(1, Ordering::Relaxed);
        }
        pauses(&mut random, PAUSE_MS_MAX).await;
    }
}

/// Kills one backend of the service after the other, whatever it is doing: for ever.
async fn kills(world: &World, mut random: StdRng, count: &AtomicU32) {
    let victims = "SELECT pid FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'tokenledger_service' ORDER BY pid";
    let mut killer = world.sql_as("postgres").await;
    loop {
        pauses(&mut random, KILL_PAUSE_MS_MAX).await;
        let pids: Vec<i32> = sqlx::query_scalar(victims).fetch_all(&mut killer).await.unwrap();
        if !pids.is_empty() {
            let victim = pids.get(random.random_range(0..pids.len())).unwrap();
            let kill = format!("SELECT pg_terminate_backend({victim})");
            killer.execute(kill.as_str()).await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn sixteen_ledgers_give_a_naive_reader_every_event_once_and_in_order() {
    let mut random = StdRng::seed_from_u64(seed());
    let world = World::new().await;
    let mut reader = Reader::of_events(&world).await;
    let (killed, abandoned) = (AtomicU32::new(0), AtomicU32::new(0));
    let killing = random.fork();
    let mut writers = JoinSet::new();
    for number in 0..LEDGERS {
        let tokens = (0..DELIVERIES).map(|token| token_id(number * DELIVERIES + token));
        let deliveries = tokens.map(|token| world.delivery(&approved(&token))).collect();
        writers.spawn(delivers_all(world.second_ledger(), deliveries, random.fork()));
    }
    let abandoning = async {
        let [one, two, three] = [random.fork(), random.fork(), random.fork()];
        tokio::join!(
            abandons(&world, 1, one, &abandoned),
            abandons(&world, 2, two, &abandoned),
            abandons(&world, 3, three, &abandoned)
        )
    };
    let started = Instant::now();
    let writing = async {
        let mut receipts = Vec::new();
        while let Some(some) = writers.join_next().await {
            receipts.extend(some.unwrap());
        }
        receipts
    };
    let reading = async {
        while reader.seen.len() < usize::try_from(LEDGERS * DELIVERIES).unwrap() {
            assert!(started.elapsed() < DEADLINE, "the reader waits");
            reader.reads().await;
        }
    };
    let receipts = tokio::select! {
        (receipts, ()) = async { tokio::join!(writing, reading) } => receipts,
        _ = abandoning => unreachable!("they abandon for ever"),
        () = kills(&world, killing, &killed) => unreachable!("it kills for ever"),
    };
    reader.reads().await;

    assert!(killed.into_inner() > 0 && abandoned.into_inner() > 0, "nobody was disturbed");
    let dense: Vec<i64> = (1..=i64::try_from(LEDGERS * DELIVERIES).unwrap()).collect();
    assert_eq!(reader.positions(), dense);
    let held: HashMap<i64, String> = reader.seen.into_iter().collect();
    for receipt in &receipts {
        let inputs = format!("SELECT ref FROM inputs WHERE number = {}", receipt.input);
        let position = receipt.position.unwrap();
        assert_eq!(held.get(&position), Some(&world.one::<String>(&inputs).await));
    }
    assert_eq!(world.events().await.len(), dense.len());
    assert_eq!(world.projection().await.len(), dense.len());
}

/// The first takes its number and waits, the second comes, the reader looks, the first commits.
#[tokio::test]
async fn the_ledger_makes_the_second_wait_for_the_first() {
    let world = World::new().await;
    let mut reader = Reader::of_events(&world).await;
    let mut first = world.sql_as(SERVICE).await;
    first.execute("BEGIN; SELECT FROM head FOR UPDATE").await.unwrap();
    first.execute(event_sql(&world.ref_of(&token_id(1)), "position + 1").as_str()).await.unwrap();
    first.execute("UPDATE head SET position = position + 1").await.unwrap();
    let (ledger, delivery) = (world.patient_ledger(), world.delivery(&approved(&token_id(2))));
    let second = tokio::spawn(async move { ledger.submit(delivery).await.unwrap() });
    world.waiters(1).await;
    reader.reads().await;
    assert!(reader.seen.is_empty());
    first.execute("COMMIT").await.unwrap();
    assert_eq!(second.await.unwrap().position, Some(2));
    reader.reads().await;
    assert_eq!(reader.positions(), [1, 2]);
}

/// The same in the same order on a sequence, as a control of the test itself.
#[tokio::test]
async fn on_a_plain_sequence_the_same_reader_misses_the_first() {
    let world = World::new().await;
    world.execute("CREATE TABLE plain (position bigserial, name text)").await;
    let mut reader = Reader::of(&world, "postgres", "plain", "name").await;
    let mut first = world.sql_as("postgres").await;
    first.execute("BEGIN; INSERT INTO plain (name) VALUES ('first')").await.unwrap();
    world.execute("INSERT INTO plain (name) VALUES ('second')").await;
    reader.reads().await;
    assert_eq!(reader.positions(), [2]);
    first.execute("COMMIT").await.unwrap();
    reader.reads().await;
    assert_eq!(reader.positions(), [2], "the first was not missed");
    assert_eq!(world.sql_as("postgres").await.fetch_all("TABLE plain").await.unwrap().len(), 2);
}
