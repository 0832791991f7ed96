//! What one key does, one request after the other.

use chrono::TimeDelta;
use tokenledger::access::Scope;
use tokenledger::ledger::Verdict;

use crate::bodies::NOW_MS;
use crate::bodies::base;
use crate::idempotency::is_replay;
use crate::idempotency::reprocess;
use crate::idempotency::same;
use crate::request::Request;
use crate::token_inputs::ms;
use crate::world::World;
use crate::world::fresh_key;

/// Forgets the answer, as a process does that is killed before it could keep it.
const KILLED: &str = "UPDATE idempotency SET status = NULL, salt = NULL, sealed = NULL,
    leased_until = created_at + interval '30 seconds'";

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_does_nothing() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(1).await;
    let request = reprocess("in_1", &fresh_key());
    let first = served.sends(&request).await;
    assert_eq!((first.status, is_replay(&first)), (200, false));
    // Meanwhile the delivery moves on.
    assert_eq!(served.sends(&reprocess("in_1", &fresh_key())).await.status, 200);
    let elsewhere = world.serves().await;
    for service in [&served, &elsewhere] {
        let again = service.sends(&request).await;
        assert!(is_replay(&again) && same(&again, &first), "{again:?}\n{first:?}");
    }
    assert_eq!(world.done().await, 2);
}

#[tokio::test]
async fn another_request_under_the_key_is_refused() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(2).await;
    let key = fresh_key();
    assert_eq!(served.sends(&reprocess("in_1", &key)).await.status, 200);
    let plain = reprocess("in_1", &key);
    let with_query = Request { path: format!("{}?a=1", plain.path), ..plain };
    for other in [
        reprocess("in_2", &key),
        reprocess("in_1", &key).body("{}"),
        with_query,
        reprocess("in_9", &key),
    ] {
        served.sends(&other).await.refuses(422, "idempotency_key_reused");
    }
    assert!(is_replay(&served.sends(&reprocess("in_1", &key)).await));
    assert_eq!(world.done().await, 1);
}

#[tokio::test]
async fn a_key_is_its_clients_own() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(2).await;
    let clients =
        [world.key(&[Scope::DeliveriesWrite]).await, world.key(&[Scope::DeliveriesWrite]).await];
    let key = fresh_key();
    let bootstrap = served.sends(&reprocess("in_1", &key)).await;
    assert_eq!((bootstrap.status, is_replay(&bootstrap)), (200, false));
    for (client, id) in clients.iter().zip(["in_1", "in_2"]) {
        let request = client.on(reprocess(id, &key));
        let first = served.sends(&request).await;
        assert_eq!((first.status, is_replay(&first)), (200, false));
        assert!(is_replay(&served.sends(&request).await));
    }
    assert_eq!(world.done().await, 3);
}

#[tokio::test]
async fn what_the_action_ended_with_is_kept_and_what_was_refused_before_it_is_not() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(1).await;
    let key = fresh_key();
    // Refused before anything was done: the key is free for what was meant.
    let malformed = reprocess("in_1", &key).body("{}");
    served.sends(&malformed).await.refuses(413, "payload_too_large");
    let large = reprocess("in_1", &key).body("x".repeat(17 * 1024));
    served.sends(&large).await.refuses(413, "payload_too_large");
    assert_eq!(world.count("idempotency").await, 0);
    assert_eq!(served.sends(&reprocess("in_1", &key)).await.status, 200);

    let key = fresh_key();
    let unknown = served.sends(&reprocess("in_2", &key)).await;
    unknown.refuses(404, "not_found");
    world.ignores(2).await;
    // It is there now, but that is another request's answer.
    let again = served.sends(&reprocess("in_2", &key)).await;
    again.refuses(404, "not_found");
    assert!(is_replay(&again) && !is_replay(&unknown));
    assert_eq!(world.done().await, 1);
}

#[tokio::test]
async fn after_a_failure_the_same_request_may_go_on_and_no_other_may() {
    let world = World::new().await;
    let served = world.serves().await;
    world.fails_on("events", "true", "22000").await;
    assert_eq!(world.delivers(&base()).await.verdict, Verdict::Quarantined);
    let key = fresh_key();
    served.sends(&reprocess("in_1", &key)).await.refuses(503, "busy");
    let began = request_id(&world).await;
    served.sends(&reprocess("in_2", &key)).await.refuses(422, "idempotency_key_reused");
    world.heals("events").await;
    let answer = served.sends(&reprocess("in_1", &key)).await;
    assert_eq!((answer.status, is_replay(&answer)), (200, false));
    assert_eq!(request_id(&world).await, began, "what was begun would not be found");
    assert!(is_replay(&served.sends(&reprocess("in_1", &key)).await));
}

#[tokio::test]
async fn who_was_killed_is_followed_when_its_lease_is_over() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(1).await;
    let request = reprocess("in_1", &fresh_key());
    assert_eq!(served.sends(&request).await.status, 200);
    let began = request_id(&world).await;
    world.execute(KILLED).await;
    for late in [0, 29_999] {
        world.clock.set(ms(NOW_MS + late).to_datetime());
        served.sends(&request).await.refuses(409, "idempotency_key_in_flight");
    }
    world.clock.set(ms(NOW_MS + 30_000).to_datetime());
    let other = reprocess("in_2", std::str::from_utf8(request.value("Idempotency-Key")).unwrap());
    served.sends(&other).await.refuses(422, "idempotency_key_reused");
    let answer = served.sends(&request).await;
    assert_eq!((answer.status, is_replay(&answer)), (200, false));
    assert_eq!(request_id(&world).await, began, "what was begun would not be found");
    let again = served.sends(&request).await;
    assert!(is_replay(&again) && same(&again, &answer), "{again:?}\n{answer:?}");
    assert_eq!(world.done().await, 2);
}

#[tokio::test]
async fn it_is_kept_for_a_day_and_then_swept() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(2).await;
    let key = fresh_key();
    assert_eq!(served.sends(&reprocess("in_1", &key)).await.status, 200);
    let began = request_id(&world).await;
    let day = TimeDelta::hours(24);
    world.clock.set(ms(NOW_MS).to_datetime() + day - TimeDelta::milliseconds(1));
    assert!(is_replay(&served.sends(&reprocess("in_1", &key)).await));
    world.clock.set(ms(NOW_MS).to_datetime() + day);
    // For any request: nobody remembers the first.
    let answer = served.sends(&reprocess("in_2", &key)).await;
    assert_eq!((answer.status, is_replay(&answer)), (200, false));
    assert_ne!(request_id(&world).await, began, "a new write is another");
    assert_eq!(world.done().await, 2);

    world
        .execute(
            "INSERT INTO idempotency
        SELECT sha256(n::text::bytea), 'old', sha256(''), n::text, created_at - interval '1 day',
            leased_until, status, salt, sealed
        FROM idempotency, generate_series(1, 2500) AS n",
        )
        .await;
    let _sweeping = world.serves().await;
    world.until("(SELECT count(*) FROM idempotency) = 1").await;
    assert!(is_replay(&served.sends(&reprocess("in_2", &key)).await));
}

#[tokio::test]
async fn neither_the_key_nor_the_answer_can_be_read_in_the_table() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(1).await;
    let key = "a-key-with-a-secret-424242";
    let answer = served.sends(&reprocess("in_1", key)).await;
    assert_eq!(answer.status, 200);
    let row: String = world.one("SELECT row_to_json(idempotency)::text FROM idempotency").await;
    let sealed: Vec<u8> = world.one("SELECT sealed FROM idempotency").await;
    assert!(!row.contains("424242") && !row.contains("a-key"), "{row}");
    let holds = |part: &[u8]| sealed.windows(part.len()).any(|window| window == part);
    assert!(!holds(b"in_1") && !holds(b"delivery") && !holds(b"json"));
    // What was moved to another row does not open there.
    assert_eq!(served.sends(&reprocess("in_1", &fresh_key())).await.status, 200);
    world
        .execute(
            "UPDATE idempotency SET sealed = (SELECT sealed FROM idempotency LIMIT 1),
        salt = (SELECT salt FROM idempotency LIMIT 1)",
        )
        .await;
    let moved = served.sends(&reprocess("in_1", key)).await;
    assert!(moved.status == 500 || is_replay(&moved), "{moved:?}");
}

async fn request_id(world: &World) -> String {
    world.one("SELECT request_id FROM idempotency").await
}
