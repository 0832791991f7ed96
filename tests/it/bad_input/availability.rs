//! When the surroundings fail: database, load, panics, shutdown, clock.

use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::routing::get;
use chrono::TimeDelta;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::bodies::NOW_MS;
use crate::request::Request;
use crate::token_inputs::ms;
use crate::wire::Wire;
use crate::world::DEV;
use crate::world::Serving;
use crate::world::World;
use crate::world::approved;
use crate::world::serves_routes;
use crate::world::token_id;

const DEADLINE: Duration = Duration::from_secs(20);
/// How long the service is seen to wait for an open request.
const PATIENCE: Duration = Duration::from_millis(300);

/// The server takes no more connections of the service and ends those that there are.
const GOES: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', current_database());
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'tokenledger_service';
    END $$";
const COMES_BACK: &str = "DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT -1', current_database());
    END $$";

#[tokio::test]
async fn while_the_database_is_away_nothing_is_taken_and_afterwards_all_is() {
    let world = World::new().await;
    let served = world.serves().await;
    let (known, new) = (approved(&token_id(1)), approved(&token_id(2)));
    assert_eq!(served.sends(&world.signed(&known)).await.status, 200);
    assert_eq!(served.gets("/readyz").await.status, 200);
    world.execute(GOES).await;
    for body in [&new, &known] {
        let refusal = served.sends(&world.signed(body)).await;
        refusal.refuses(503, "busy");
        assert!(refusal.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    }
    served.gets("/readyz").await.refuses(503, "busy");
    served.gets("/v1/events").await.refuses(503, "busy");
    assert_eq!(served.gets("/livez").await.status, 200);
    world.execute(COMES_BACK).await;
    let answer = served.sends(&world.signed(&new)).await;
    assert_eq!((answer.status, &answer.json()["verdict"]), (200, &"applied".into()));
    let started = Instant::now();
    while served.gets("/v1/events").await.status != 200 {
        assert!(started.elapsed() < DEADLINE, "reads do not come back");
    }
    assert_eq!((world.count("inputs").await, world.count("copies").await), (2, 0));
    assert_eq!(world.count("events").await, 2);
}

/// A stranger who floods the door holds none of the connections that deliveries need.
#[tokio::test]
async fn a_bad_signature_is_refused_without_the_database() {
    let world = World::new().await;
    let served = world.serves().await;
    let right = world.signed(&approved(&token_id(1)));
    let wrong = right.clone().set("Smartpay-Signature", &"0".repeat(64));
    world.execute(GOES).await;
    served.sends(&right).await.refuses(503, "busy");
    for _ in 0..50 {
        served.sends(&wrong).await.refuses(401, "webhook_refused");
    }
    world.execute(COMES_BACK).await;
    assert_eq!(served.sends(&right).await.status, 200);
    assert_eq!(world.count("inputs").await, 1);
}

/// A quarter of the connections, four requests behind one another on each: a thousand sockets
/// and their other ends would not fit into the usual 1,024 open files of one process.
#[tokio::test]
async fn a_thousand_deliveries_at_once_are_taken_or_told_to_come_again() {
    let world = World::new().await;
    let served = world.serves().await;
    let mut sending = JoinSet::new();
    for connection in 0..250 {
        let tokens = (0..4).map(|place| token_id(connection * 4 + place + 1));
        let requests: Vec<Request> = tokens.map(|token| world.signed(&approved(&token))).collect();
        let address = served.address;
        sending.spawn(async move { in_a_row(address, &requests).await });
    }
    let again: Vec<Request> = sending.join_all().await.into_iter().flatten().collect();
    for request in again {
        assert_eq!(served.sends(&request).await.status, 200);
    }
    assert_eq!((world.count("inputs").await, world.count("events").await), (1_000, 1_000));
    assert_eq!(world.events().await.len(), 1_000);
}

/// On one connection; what was told to come again.
async fn in_a_row(address: SocketAddr, requests: &[Request]) -> Vec<Request> {
    let mut wire = Wire::connect(address).await;
    wire.send(&requests.iter().flat_map(Request::bytes).collect::<Vec<u8>>()).await;
    let mut again = Vec::new();
    for request in requests {
        let answer = wire.answer(false).await;
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        if answer.status == 503 {
            answer.refuses(503, "busy");
            again.push(request.clone());
        }
    }
    again
}

#[tokio::test]
async fn a_panic_is_one_refusal_and_the_service_lives() {
    async fn breaks() -> &'static str {
        panic!("paytok_test_in_a_message")
    }
    let routes = Router::new().route("/breaks", get(breaks)).route("/works", get(|| async { "" }));
    let mut wire = Wire::connect(serves_routes(routes).await).await;
    for (path, status) in [("/breaks", 500), ("/works", 200), ("/breaks", 500)] {
        wire.send(&Request::new("GET", path).bytes()).await;
        let answer = wire.answer(false).await;
        assert_eq!(answer.status, status);
        if status == 500 {
            answer.refuses(500, "internal");
            assert!(!answer.text().contains("paytok"), "the message of a panic got out");
        }
    }
}

#[tokio::test]
async fn readiness_ends_before_the_listener_does() {
    let world = World::new().await;
    let grace = Duration::from_millis(700);
    let served = world.serves_with(Serving { grace, ..world.serving() }).await;
    let (address, mut kept) = (served.address, served.connects().await);
    assert_eq!(served.gets("/readyz").await.status, 200);
    let asking = async |path: &str| {
        let mut wire = Wire::connect(address).await;
        wire.send(&Request::new("GET", path).set("Connection", "close").bytes()).await;
        wire.answer(false).await
    };
    let stopped = served.stops();
    let started = Instant::now();
    while asking("/readyz").await.status != 503 {
        assert!(started.elapsed() < grace, "it stays ready");
    }
    asking("/readyz").await.refuses(503, "busy");
    assert_eq!(asking("/livez").await.status, 200);
    kept.send(&world.signed(&approved(&token_id(1))).bytes()).await;
    assert_eq!(kept.answer(false).await.status, 200);
    stopped.await.unwrap();
    assert!(started.elapsed() >= grace, "the listener closed too early");
    assert!(TcpStream::connect(address).await.is_err(), "the listener is open");
    assert!(kept.is_closed().await, "an idle connection was left open");
}

#[tokio::test]
async fn a_request_that_is_open_when_the_service_stops_is_answered() {
    let world = World::new().await;
    let served = world.serves().await;
    let address = served.address;
    let request = world.signed(&approved(&token_id(1))).with("Expect", "100-continue");
    let bytes = request.bytes();
    let (head, body) = bytes.split_at(bytes.len() - request.body.len());
    let mut wire = served.connects().await;
    wire.send(head).await;
    // The service has begun with it: it asks for the body.
    assert_eq!(wire.answer(false).await.status, 100);
    let mut stopped = served.stops();
    let started = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(started.elapsed() < DEADLINE, "the listener stays open");
    }
    let ended = timeout(PATIENCE, &mut stopped).await;
    assert!(ended.is_err(), "it did not wait for the open request");
    wire.send(body).await;
    let answer = wire.answer(false).await;
    assert_eq!((answer.status, &answer.json()["verdict"]), (200, &"applied".into()));
    assert!(wire.is_closed().await);
    stopped.await.unwrap();
    assert_eq!(world.count("events").await, 1);
}

#[tokio::test]
async fn a_clock_ten_minutes_wrong_refuses_and_says_so_in_the_counters() {
    let world = World::new().await;
    let served = world.serves().await;
    assert_eq!(served.sends(&world.signed(&approved(&token_id(1)))).await.status, 200);
    let late = world.signed(&approved(&token_id(2)));
    let known = world.signed(&approved(&token_id(1)));
    for wrong in [TimeDelta::minutes(10), TimeDelta::minutes(-10)] {
        world.clock.set(ms(NOW_MS).to_datetime() + wrong);
        served.sends(&late).await.refuses(400, "webhook_header_invalid");
    }
    served.sends(&known).await.refuses(400, "webhook_header_invalid");
    assert_eq!((world.count("inputs").await, world.count("copies").await), (1, 0));
    // What is known is read again; of what is not there is nothing to read.
    let due: String =
        world.one("SELECT string_agg(ref || ' ' || cause, ',') FROM readings_due").await;
    assert_eq!(due, format!("{} stale_timestamp", world.ref_of(&token_id(1))));
    let metrics = served.gets("/metrics").await.text();
    assert!(metrics.contains("tokenledger_refused_total{cause=\"stale_timestamp\"}"), "{metrics}");
    let text = served.sends(&Request::new("GET", DEV)).await;
    text.refuses(405, "method_not_allowed");
}
