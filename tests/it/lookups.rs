//! The writer looks up what it needs: its plans are made while the ledger is empty, and however
//! large it has become since, no table and no index is read from end to end.
#![expect(clippy::disallowed_methods, reason = "what PostgreSQL counted, in its own words")]

use std::time::Duration;

use sqlx::FromRow;
use sqlx::PgConnection;
use tokenledger::database::SERVICE;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Settings;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::world::World;
use crate::world::ask;
use crate::world::token_id;
use crate::world::told;

/// One after the other, with an imported line beside each fourth, in groups of one: below what makes the writer plan anew.
const DELIVERIES: u64 = 1_200;
const TOKENS: u64 = 400;
/// Of any index for one delivery: the events of one token, and one's place among them.
const READS_MAX: i64 = 8;

/// What was read of a table or an index.
#[derive(Debug, FromRow)]
struct Reads {
    name: String,
    tuples: i64,
}

#[tokio::test]
async fn what_a_delivery_reads_does_not_grow_with_the_ledger() {
    let world = World::new().await;
    let settings =
        || Settings::new(world.options(SERVICE), world.vault.clone(), world.clock.clone());
    let (one, first_writer) = Ledger::start(settings());
    let (two, second_writer) = Ledger::start(settings());
    for number in 0..DELIVERIES {
        let happened = if number % 3 == 0 { Happened::Disabled } else { Happened::Enabled };
        let at = NOW_MS - 100_000 + i64::try_from(number).unwrap();
        let delivery = world.delivery(&told(&token_id(number % TOKENS), happened, at));
        // In turn, so that neither remembers what the other wrote.
        let ledger = if number % 2 == 0 { &one } else { &two };
        ledger.submit(delivery).await.unwrap();
        if number % 4 == 0 {
            let line = format!("token_id,consumer\n{},C-{number}\n", token_id(number % TOKENS));
            world.imports_through(ledger, line.as_bytes()).await;
        }
    }
    drop((one, two));
    first_writer.await.unwrap();
    second_writer.await.unwrap();
    let mut line = world.sql_as("postgres").await;
    // What a connection read is counted when it has ended.
    let gone = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND usename = 'tokenledger_service'";
    while ask::<i64>(&mut line, gone).await > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut much = reads(&mut line).await;
    much.retain(|reads| reads.tuples > READS_MAX * i64::try_from(DELIVERIES).unwrap());
    assert!(much.is_empty(), "too much for {DELIVERIES} deliveries: {much:?}");
}

/// The head has one row, and is scanned.
async fn reads(line: &mut PgConnection) -> Vec<Reads> {
    let reads: Vec<Reads> = sqlx::query_as(
        "SELECT relname::text AS name, seq_tup_read AS tuples FROM pg_stat_user_tables
        WHERE schemaname = 'ledger' AND relname <> 'head'
        UNION ALL
        SELECT indexrelname::text, idx_tup_read FROM pg_stat_user_indexes
        WHERE schemaname = 'ledger'",
    )
    .fetch_all(line)
    .await
    .unwrap();
    let events = reads.iter().find(|reads| reads.name == "events_pkey").unwrap();
    assert!(events.tuples > 0, "nothing was counted: {reads:?}");
    reads
}
