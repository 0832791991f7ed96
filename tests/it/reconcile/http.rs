//! Comparing, and reading one token, over the service's own HTTP; by schedule and on duty.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use tokenledger::reconcile::on_schedule;
use tokenledger::token::Happened;
use tokenledger::token::Said;
use tokio::sync::watch;

use crate::bodies::NOW_MS;
use crate::reconcile::fake::Fake;
use crate::reconcile::fake::SILENCE;
use crate::reconcile::fake::active;
use crate::reconcile::fake::is_list;
use crate::reconcile::fake::not_found;
use crate::reconcile::fake::object;
use crate::reconcile::fake::page;
use crate::request::Request;
use crate::wire::Answer;
use crate::world::API_KEY;
use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::fresh_key;
use crate::world::token_id;
use crate::world::told;

const AT: i64 = NOW_MS - 1_000;
const PATH: &str = "/v1/reconciliations";

async fn serves(world: &World, fake: &Fake) -> Served {
    let smartpay = Some(world.reconciler(&fake.url).reader.client);
    world.serves_with(crate::world::Serving { smartpay, ..world.serving() }).await
}

async fn posts(served: &Served, path: &str, body: Option<Value>) -> Answer {
    let request = Request::new("POST", path)
        .with("Authorization", &format!("Bearer {API_KEY}"))
        .with("Idempotency-Key", &fresh_key());
    let request = match body {
        Some(body) => request.with("Content-Type", "application/json").body(body.to_string()),
        None => request,
    };
    served.sends(&request).await
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < Duration::from_mins(1), "what is waited for does not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_run_is_begun_by_a_request_and_shown_as_an_object() {
    let world = World::new().await;
    for number in 0..3 {
        world.delivers(&approved(&token_id(number))).await;
    }
    let rows =
        [object(&token_id(0), Said::Disabled, AT + 9), active(&token_id(1)), active(&token_id(2))];
    let fake = Fake::of(move |_, _| page(&rows, None)).await;
    let served = serves(&world, &fake).await;
    let begun = posts(&served, PATH, Some(json!({"settle_seconds": 0}))).await;
    assert_eq!(begun.status, 202, "{begun:?}");
    let place = begun.header("location").unwrap().to_owned();
    assert_eq!(place, format!("{PATH}/{}", begun.json()["id"].as_str().unwrap()));
    until(async || served.reads(&place).await["state"] == "done").await;
    let run = served.reads(&place).await;
    assert_eq!((&run["different"], &run["recorded"]), (&json!(1), &json!(1)), "{run}");
    assert_eq!(run["differences"][0]["ref"], json!(world.ref_of(&token_id(0)).as_str()));
    assert_eq!(run["more_differences"], false);
    assert!(run["actor"].as_str().unwrap().starts_with("key "), "{run}");
    assert_eq!(world.status(&token_id(0)).await, "disabled");
    posts(&served, PATH, Some(json!({"dry_run": true}))).await;
    until(async || served.reads(PATH).await["data"][0]["state"] == "done").await;
    let first = served.reads(&format!("{PATH}?limit=1")).await;
    assert_eq!((&first["has_more"], &first["data"][0]["dry_run"]), (&json!(true), &json!(true)));
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = served.reads(&format!("{PATH}?limit=1&cursor={cursor}")).await;
    assert_eq!(second["data"][0]["id"], run["id"]);
    served.gets(&format!("{PATH}/rec_none")).await.refuses(404, "not_found");
}

#[tokio::test]
async fn there_is_one_at_a_time_and_wrong_options_begin_none() {
    let world = World::new().await;
    world.delivers(&approved(&token_id(0))).await;
    let fake = Fake::of(|_, _| SILENCE).await;
    let served = serves(&world, &fake).await;
    for (body, pointer) in [
        (json!({"dry_run": 1}), "/dry_run"),
        (json!({"settle_seconds": -1}), "/settle_seconds"),
        (json!({"settle_seconds": 604_801}), "/settle_seconds"),
        (json!({"accept": 0}), "/accept"),
        (json!({"accept": "10"}), "/accept"),
        (json!({"settle": 0}), "/settle"),
    ] {
        let problem = posts(&served, PATH, Some(body)).await.refuses(422, "validation_failed");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(world.count("runs").await, 0);
    assert_eq!(posts(&served, PATH, Some(json!({}))).await.status, 202);
    let other = posts(&served, PATH, Some(json!({}))).await;
    other.refuses(409, "reconciliation_running");
    let none = world.serves().await;
    posts(&none, PATH, Some(json!({}))).await.refuses(502, "smartpay_unavailable");
}

#[tokio::test]
async fn a_token_is_read_now_when_somebody_asks() {
    let world = World::new().await;
    for number in 0..3 {
        world.delivers(&approved(&token_id(number))).await;
    }
    let fake = Fake::of(|path, _| match path.rsplit('/').next().unwrap() {
        id if id == token_id(0) => (200, object(id, Said::Disabled, AT + 7)),
        id if id == token_id(1) => not_found(),
        id => (200, active(id)),
    });
    let served = serves(&world, &fake.await).await;
    let refresh = async |token: u64| {
        let path = format!("/v1/tokens/{}/refresh", world.ref_of(&token_id(token)));
        posts(&served, &path, None).await
    };
    let read = refresh(0).await;
    assert_eq!(read.status, 200, "{read:?}");
    assert_eq!(read.json()["status"], "disabled");
    assert!(read.header("etag").is_some() && read.header("ledger-position").is_some());
    // Another token is read before the 404 counts.
    assert_eq!(refresh(1).await.json()["status"], "deleted");
    refresh(99).await.refuses(404, "not_found");
    let cause: Value = served.reads("/v1/events?after=3&limit=1").await["data"][0]["cause"].clone();
    assert_eq!(cause["kind"], "api");
    assert!(cause["actor"].as_str().unwrap().starts_with("key "), "{cause}");
    let away = Fake::of(|_, _| (503, json!({}))).await;
    let served = serves(&world, &away).await;
    let path = format!("/v1/tokens/{}/refresh", world.ref_of(&token_id(2)));
    posts(&served, &path, None).await.refuses(502, "smartpay_unavailable");
}

#[tokio::test]
async fn whoever_is_on_duty_reads_what_is_wanted() {
    let world = World::new().await;
    for happened in [Happened::Enabled, Happened::Disabled] {
        world.delivers(&told(&token_id(0), happened, AT)).await;
    }
    let fake =
        Fake::of(|path, _| (200, object(path.rsplit('/').next().unwrap(), Said::Active, AT)));
    let served = serves(&world, &fake.await).await;
    until(async || world.count("readings_due").await == 0).await;
    assert_eq!(world.status(&token_id(0)).await, "active");
    drop(served);
}

#[tokio::test]
async fn it_runs_by_itself_while_the_duty_is_held() {
    let world = World::new().await;
    world.delivers(&approved(&token_id(0))).await;
    let fake = Fake::of(|path, _| {
        assert!(is_list(path), "{path}");
        page(&[active(&token_id(0))], None)
    });
    let reconciler = world.reconciler(&fake.await.url);
    let (duty, held) = watch::channel(true);
    let running = tokio::spawn(on_schedule(reconciler, held, Duration::ZERO));
    until(async || world.count("runs WHERE state = 'done' AND actor = 'schedule'").await == 1)
        .await;
    running.abort();
    drop(duty);
}
