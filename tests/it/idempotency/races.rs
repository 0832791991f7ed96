//! The same request twice at once, at two processes on one ledger.

use sqlx::Executor;

use crate::idempotency::is_replay;
use crate::idempotency::reprocess;
use crate::idempotency::same;
use crate::world::World;
use crate::world::fresh_key;

#[tokio::test]
async fn of_two_at_once_one_acts_and_the_other_is_told_so() {
    let world = World::new().await;
    let (one, other) = (world.serves().await, world.serves().await);
    world.ignores(2).await;
    let key = fresh_key();
    let request = reprocess("in_1", &key);
    let mut holder = world.holds_the_head().await;
    let acting = async {
        let answer = one.sends(&request).await;
        assert_eq!((answer.status, is_replay(&answer)), (200, false));
        answer
    };
    let meanwhile = async {
        world.waiters(1).await;
        for service in [&one, &other] {
            let answer = service.sends(&request).await;
            answer.refuses(409, "idempotency_key_in_flight");
            let answer = service.sends(&reprocess("in_2", &key)).await;
            answer.refuses(422, "idempotency_key_reused");
        }
        holder.execute("ROLLBACK").await.unwrap();
    };
    let (answer, ()) = tokio::join!(acting, meanwhile);
    let again = other.sends(&request).await;
    assert!(is_replay(&again) && same(&again, &answer), "{again:?}\n{answer:?}");
    assert_eq!(world.done().await, 1);
}

/// Who hung up gets the answer when it asks again.
#[tokio::test]
async fn a_write_is_ended_when_nobody_waits_for_it_any_more() {
    let world = World::new().await;
    let served = world.serves().await;
    world.ignores(1).await;
    let request = reprocess("in_1", &fresh_key());
    let mut holder = world.holds_the_head().await;
    let mut wire = served.connects().await;
    wire.send(&request.bytes()).await;
    world.waiters(1).await;
    drop(wire);
    served.sends(&request).await.refuses(409, "idempotency_key_in_flight");
    holder.execute("ROLLBACK").await.unwrap();
    world.until("EXISTS (SELECT FROM idempotency WHERE status = 200)").await;
    assert!(is_replay(&served.sends(&request).await));
    assert_eq!(world.done().await, 1);
}
