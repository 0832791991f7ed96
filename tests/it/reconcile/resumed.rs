//! Runs that end in the middle, and go on.

use std::time::Duration;
use std::time::Instant;

use serde_json::json;
use sqlx::Executor;
use tokenledger::reconcile::Begun;
use tokenledger::reconcile::CannotBegin;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::Options;
use tokenledger::reconcile::State;
use tokenledger::reconcile::Watching;
use tokenledger::token::Said;
use tokio::sync::watch;

use crate::bodies::NOW_MS;
use crate::reconcile::AT_ONCE;
use crate::reconcile::fake::Answer;
use crate::reconcile::fake::Fake;
use crate::reconcile::fake::SILENCE;
use crate::reconcile::fake::active;
use crate::reconcile::fake::asked_page;
use crate::reconcile::fake::is_list;
use crate::reconcile::fake::object;
use crate::reconcile::fake::page;
use crate::reconcile::watching;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

/// Tokens 0 to 5 are listed on three pages; 6 and 7 are not listed, and there.
async fn world() -> World {
    let world = World::new().await;
    for number in 0..8 {
        world.delivers(&approved(&token_id(number))).await;
    }
    world
}

/// Silent when it is asked for this page or token first.
async fn silent_at(once: &'static str) -> Fake {
    Fake::of(move |path, _| answer(path, path.contains(once))).await
}

fn answer(path: &str, silent: bool) -> Answer {
    if silent {
        return SILENCE;
    }
    let row = |number: u64| match number {
        0 => object(&token_id(0), Said::Disabled, NOW_MS - 10),
        number => active(&token_id(number)),
    };
    if is_list(path) {
        return match asked_page(path) {
            "" => page(&[row(0), row(1)], Some("two")),
            "two" => page(&[row(2), row(3)], Some("three")),
            _ => page(&[row(4), row(5)], None),
        };
    }
    (200, active(path.rsplit('/').next().unwrap()))
}

/// As soon as whoever held the lock has let it go.
async fn begins(world: &World, url: &str, options: Options) -> Begun {
    let started = Instant::now();
    loop {
        match world.reconciler(url).begin(options, "a test").await {
            Ok(begun) => return begun,
            Err(CannotBegin::AtWork(_)) => {
                assert!(started.elapsed() < Duration::from_secs(30), "the lock is never free");
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Kills a run as soon as Smartpay is silent.
async fn killed(world: &World, at: &'static str) -> String {
    let fake = silent_at(at).await;
    let reconciler = world.reconciler(&fake.url);
    let begun = reconciler.begin(AT_ONCE, "a test").await.unwrap();
    let (id, watching) = (begun.run.id.clone(), watching(&begun.run));
    let task = tokio::spawn(async move { reconciler.work(begun, watching).await });
    let started = Instant::now();
    while !fake.asked.lock().unwrap().iter().any(|path| path.contains(at)) {
        assert!(started.elapsed() < Duration::from_secs(30), "it never asks for {at}");
        tokio::task::yield_now().await;
    }
    task.abort();
    drop(task.await);
    id
}

#[tokio::test]
async fn a_killed_run_goes_on_where_it_was() {
    let world = world().await;
    let killed = killed(&world, "pageToken=three").await;
    let fake = silent_at("nothing").await;
    let begun = begins(&world, &fake.url, AT_ONCE).await;
    assert_eq!((&begun.run.id, begun.goes_on), (&killed, true));
    let watching = watching(&begun.run);
    let run = world.reconciler(&fake.url).work(begun, watching).await.unwrap();
    assert_eq!((run.state, run.counts.pages, run.counts.listed), (State::Done, 3, 6));
    assert_eq!((run.counts.recorded, run.counts.different, run.counts.matched), (1, 1, 7));
    let asked = fake.asked.lock().unwrap().clone();
    assert!(asked[0].contains("pageToken=three"), "{asked:?}");
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(world.status(&token_id(0)).await, "disabled");
    // Its differences were told once, though two processes worked on it.
    assert_eq!(world.found(&run).await.len(), 1);
}

#[tokio::test]
async fn what_was_recorded_and_not_yet_counted_is_counted_by_the_next() {
    let world = world().await;
    let fake = silent_at("nothing").await;
    let reconciler = world.reconciler(&fake.url);
    let begun = reconciler.begin(AT_ONCE, "a test").await.unwrap();
    let (first, follower) = (begun.run.id.clone(), watching(&begun.run));
    // The door takes what is recorded; where the run stands cannot be kept.
    let mut holder = world.sql_as("postgres").await;
    holder.execute("SET idle_in_transaction_session_timeout = 0").await.unwrap();
    holder.execute("BEGIN; SELECT FROM runs FOR UPDATE").await.unwrap();
    reconciler.work(begun, follower).await.unwrap_err();
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(world.status(&token_id(0)).await, "disabled");
    let begun = begins(&world, &fake.url, AT_ONCE).await;
    assert_eq!((&begun.run.id, begun.run.counts.pages), (&first, 0));
    let follower = watching(&begun.run);
    let run = reconciler.work(begun, follower).await.unwrap();
    assert_eq!((run.counts.different, run.counts.recorded, run.counts.matched), (1, 1, 7));
    assert_eq!(world.found(&run).await.len(), 1);
}

#[tokio::test]
async fn one_that_was_killed_while_it_read_one_by_one_reads_the_rest() {
    let world = world().await;
    let at: &'static str = Box::leak(token_id(7).into_boxed_str());
    let killed = killed(&world, at).await;
    let fake = silent_at("nothing").await;
    let begun = begins(&world, &fake.url, AT_ONCE).await;
    assert_eq!((&begun.run.id, begun.run.listed_all), (&killed, true));
    let watching = watching(&begun.run);
    let run = world.reconciler(&fake.url).work(begun, watching).await.unwrap();
    assert_eq!((run.state, run.counts.matched, run.counts.different), (State::Done, 7, 1));
    assert!(fake.asked.lock().unwrap().iter().all(|path| !is_list(path)));
}

#[tokio::test]
async fn a_page_whose_name_is_too_old_begins_the_list_anew() {
    let world = world().await;
    killed(&world, "pageToken=three").await;
    let fake = Fake::of(|path, number| {
        if number == 1 {
            return (400, json!({"statusCode": 400, "errorCode": "request.invalid"}));
        }
        answer(path, false)
    });
    let fake = fake.await;
    let begun = begins(&world, &fake.url, AT_ONCE).await;
    let watching = watching(&begun.run);
    let run = world.reconciler(&fake.url).work(begun, watching).await.unwrap();
    assert_eq!((run.state, run.counts.listed), (State::Done, 6), "{:?}", run.ending);
    assert_eq!((run.counts.matched, run.counts.different), (7, 1));
}

#[tokio::test]
async fn one_that_is_stopped_says_so_and_other_options_begin_anew() {
    let world = world().await;
    let fake = silent_at("pageToken=two").await;
    let reconciler = world.reconciler(&fake.url);
    let begun = reconciler.begin(AT_ONCE, "a test").await.unwrap();
    let first = begun.run.id.clone();
    let (stop, stopped) = watch::channel(false);
    let (moved, mut follower) = watch::channel(begun.run.clone());
    let work = reconciler.work(begun, Watching { stopped, moved });
    let stopping = async {
        follower.wait_for(|run| run.counts.pages == 1).await.unwrap();
        stop.send_replace(true);
    };
    let (run, ()) = tokio::join!(work, stopping);
    let run = run.unwrap();
    assert_eq!((run.state, run.ending), (State::Stopped, Some(Ending::Interrupted)));
    let other = Options { dry_run: true, ..AT_ONCE };
    let begun = begins(&world, &fake.url, other).await;
    assert!(begun.run.id != first && !begun.goes_on);
    assert!(matches!(reconciler.begin(AT_ONCE, "b").await, Err(CannotBegin::AtWork(Some(_)))));
}
