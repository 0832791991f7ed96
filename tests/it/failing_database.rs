//! A database that fails in the middle of a group: nothing acknowledged is lost, nothing doubled.

use sqlx::Executor;
use tokenledger::database::SERVICE;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Refused;
use tokenledger::ledger::Verdict;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::proxy::Fault;
use crate::proxy::Proxy;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::told;

/// Everything that a delivery of a notice leaves behind, in numbers.
async fn traces(world: &World) -> [i64; 8] {
    let mut counts = [0; 8];
    let tables = ["inputs", "sealed_bodies", "vault", "events", "tokens", "copies", "verdicts"];
    for (count, table) in counts.iter_mut().zip(tables) {
        *count = world.count(table).await;
    }
    counts[7] = world.one("SELECT position + input FROM head").await;
    counts
}

fn applied(answer: Result<Receipt, Refused>, position: i64) {
    let receipt = answer.unwrap();
    assert_eq!((receipt.verdict, receipt.position), (Verdict::Applied, Some(position)));
    assert!(!receipt.copy);
}

#[tokio::test]
async fn a_line_that_dies_before_the_commit_arrives_leaves_nothing_and_the_next_try_passes() {
    let world = World::new().await;
    let steps = [
        "BEGIN",
        "FOR UPDATE",
        "UNION",
        "LEFT JOIN words",
        "FROM events",
        "INSERT INTO inputs",
        "INSERT INTO sealed_bodies",
        "INSERT INTO events",
        "INSERT INTO tokens",
        "UPDATE head",
        "COMMIT",
    ];
    for (number, step) in (1..).zip(steps) {
        let proxy = Proxy::to(&world.options(SERVICE));
        let ledger = world.ledger_on(proxy.options());
        let delivery = world.delivery(&approved(&token_id(number)));
        let before = traces(&world).await;
        proxy.will(Fault::BeforeRequest(step));
        let refused = ledger.submit(delivery.clone()).await;
        assert_eq!(refused, Err(Refused::Unavailable), "{step}");
        assert!(proxy.did(), "{step} was not met");
        assert_eq!(traces(&world).await, before, "{step} left something behind");
        applied(ledger.submit(delivery).await, i64::try_from(number).unwrap());
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_out_and_acknowledged() {
    let world = World::new().await;
    let proxy = Proxy::to(&world.options(SERVICE));
    let ledger = world.ledger_on(proxy.options());
    let delivery = world.delivery(&approved(&token_id(1)));
    proxy.will(Fault::BeforeAnswer("COMMIT"));
    applied(ledger.submit(delivery.clone()).await, 1);
    assert!(proxy.did());
    assert_eq!(*ledger.positions().borrow(), 1);

    proxy.will(Fault::BeforeAnswer("COMMIT"));
    let copy = ledger.submit(delivery).await.unwrap();
    assert!(proxy.did());
    assert_eq!((copy.position, copy.copy), (Some(1), true));
    assert_eq!(traces(&world).await, [1, 1, 1, 1, 1, 1, 0, 2]);
}

#[tokio::test]
async fn a_commit_that_stays_unanswered_is_refused_and_its_repetition_is_a_copy() {
    let world = World::new().await;
    let proxy = Proxy::to(&world.options(SERVICE));
    let ledger = world.ledger_on(proxy.options());
    let delivery = world.delivery(&approved(&token_id(1)));
    proxy.will(Fault::NoAnswer("COMMIT"));
    assert_eq!(ledger.submit(delivery.clone()).await, Err(Refused::Unavailable));
    let copy = ledger.submit(delivery).await.unwrap();
    assert_eq!((copy.verdict, copy.position, copy.copy), (Verdict::Applied, Some(1), true));
    assert_eq!(traces(&world).await, [1, 1, 1, 1, 1, 1, 0, 2]);
}

/// After a crash the server gives the numbers of transactions that left no trace to others.
#[tokio::test]
async fn a_commit_of_another_transaction_is_not_taken_for_ours() {
    let world = World::new().await;
    let other = "SELECT pg_current_xact_id()::text";
    for deliveries in 1..3 {
        let proxy = Proxy::to(&world.options(SERVICE));
        let ledger = world.ledger_on(proxy.options());
        let delivery = world.delivery(&approved(&token_id(1)));
        let before = traces(&world).await;
        let last = world.one::<String>(other).await;
        proxy.will(Fault::Forged { columns: 7, last });
        proxy.will(Fault::BeforeRequest("COMMIT"));
        let refused = ledger.submit(delivery.clone()).await;
        assert!(proxy.did());
        assert_eq!(refused, Err(Refused::Unavailable), "it was lost");
        assert_eq!(traces(&world).await, before);
        // The second time round it is a copy.
        let receipt = ledger.submit(delivery).await.unwrap();
        assert_eq!((receipt.position, receipt.copy), (Some(1), deliveries == 2));
    }
}

#[tokio::test]
async fn a_head_that_others_hold_too_long_refuses_the_group() {
    let world = World::new().await;
    let delivery = world.delivery(&approved(&token_id(1)));
    let mut holder = world.holds_the_head().await;
    assert_eq!(world.ledger.submit(delivery.clone()).await, Err(Refused::Unavailable));
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(traces(&world).await, [0; 8]);
    applied(world.ledger.submit(delivery).await, 1);
}

#[tokio::test]
async fn a_full_disk_refuses_the_group_and_the_same_deliveries_pass_later() {
    let world = World::new().await;
    let bodies = [approved(&token_id(1)), told(&token_id(2), Happened::Deleted, NOW_MS - 10)];
    world.fails_on("events", "true", "53100").await;
    for body in &bodies {
        let refused = world.ledger.submit(world.delivery(body)).await;
        assert_eq!(refused, Err(Refused::Unavailable));
    }
    assert_eq!(traces(&world).await, [0; 8]);
    world.heals("events").await;
    for (position, body) in (1..).zip(&bodies) {
        applied(world.ledger.submit(world.delivery(body)).await, position);
    }
}

#[tokio::test]
async fn a_backend_that_is_killed_while_it_waits_refuses_and_the_next_try_passes() {
    let world = World::new().await;
    let delivery = world.delivery(&approved(&token_id(1)));
    let mut holder = world.holds_the_head().await;
    let (ledger, waiting) = (world.patient_ledger(), delivery.clone());
    let answer = tokio::spawn(async move { ledger.submit(waiting).await });
    world.waiters(1).await;
    world
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .await;
    assert_eq!(answer.await.unwrap(), Err(Refused::Unavailable));
    holder.execute("ROLLBACK").await.unwrap();
    applied(world.ledger.submit(delivery).await, 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_idle_costs_no_refusal() {
    let world = World::new().await;
    world.delivers(&approved(&token_id(1))).await;
    world
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
                AND application_name = 'tokenledger'",
        )
        .await;
    let answer = world.ledger.submit(world.delivery(&approved(&token_id(2)))).await;
    applied(answer, 2);
}
