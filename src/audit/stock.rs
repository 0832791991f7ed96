//! A second reader: the repository of postgres-es reads the same table, and must see the same.

use std::collections::HashMap;

use anyhow::Context;
use cqrs_es::EventEnvelope;
use cqrs_es::persist::PersistedEventRepository;
use postgres_es::PostgresEventRepository;
use sqlx::Executor;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::report::counted;
use crate::journal::Entry;
use crate::journal::EventRow;
use crate::token::Token;
use crate::token::upcasters;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Stock);
    let pool = pool_on(snapshot).await?;
    let repository = PostgresEventRepository::new(pool.clone());
    let mut stream =
        repository.stream_all_events::<Token>().await.context("reading by the stock repository")?;
    let upcasters = upcasters();
    let limit = usize::try_from(snapshot.step)?;
    let mut count = 0;
    let mut step: Vec<EventEnvelope<Token>> = Vec::new();
    while let Some(event) = stream.next::<Token>(&upcasters).await {
        count += 1;
        match event {
            Ok(event) => step.push(event),
            Err(error) => {
                let place = Place::Object("events".to_owned());
                report.find(place, "an event that the stock repository reads", error.to_string());
            }
        }
        if step.len() == limit {
            compare(&mut snapshot.connection, &step, &mut report).await?;
            step.clear();
        }
    }
    compare(&mut snapshot.connection, &step, &mut report).await?;
    pool.close().await;
    let head = snapshot.head.position;
    if count != head {
        report.find(
            Place::Object("events".to_owned()),
            format!("{head} events read by the stock repository"),
            format!("{count} events"),
        );
    }
    Ok(report.looked_at(format!("{} events read a second way", counted(count))))
}

/// The repository wants a pool: this one has a single connection, on our snapshot.
async fn pool_on(snapshot: &mut Snapshot) -> anyhow::Result<PgPool> {
    let exported = sqlx::query_scalar!(r#"SELECT pg_export_snapshot() AS "exported!""#)
        .fetch_one(&mut snapshot.connection)
        .await?;
    let begin = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '{exported}'"
    );
    let options = PgPoolOptions::new().max_connections(1).after_connect(move |connection, _| {
        let begin = begin.clone();
        Box::pin(async move {
            connection.execute(begin.as_str()).await?;
            Ok(())
        })
    });
    Ok(options.connect_with(snapshot.options.clone()).await?)
}

async fn compare(
    connection: &mut PgConnection,
    step: &[EventEnvelope<Token>],
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut ours = HashMap::new();
    for row in same(connection, step).await? {
        ours.insert((row.aggregate_id.clone(), row.sequence), row);
    }
    for event in step {
        let key = (event.aggregate_id.clone(), i64::try_from(event.sequence)?);
        match ours.remove(&key) {
            Some(row) if equal(&row, event) => {}
            Some(row) => report.find(
                Place::Position(row.position),
                "the same event by both readers",
                "the readers differ",
            ),
            None => report.find(
                Place::Token(event.aggregate_id.clone()),
                format!("its event {} by both readers", event.sequence),
                "only the stock repository reads it",
            ),
        }
    }
    Ok(())
}

fn equal(row: &EventRow, event: &EventEnvelope<Token>) -> bool {
    let metadata: Option<HashMap<String, String>> = serde_json::from_str(&row.metadata).ok();
    let entry = Entry::try_from(row.clone());
    entry.is_ok_and(|entry| entry.event == event.payload)
        && metadata.as_ref() == Some(&event.metadata)
}

async fn same(
    connection: &mut PgConnection,
    step: &[EventEnvelope<Token>],
) -> anyhow::Result<Vec<EventRow>> {
    let refs: Vec<String> = step.iter().map(|event| event.aggregate_id.clone()).collect();
    let sequences: Vec<i64> =
        step.iter().map(|event| i64::try_from(event.sequence)).collect::<Result<_, _>>()?;
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT
            events.position,
            events.aggregate_id,
            events.sequence,
            events.event_type,
            events.event_version,
            events.payload::text AS "payload!",
            events.metadata::text AS "metadata!",
            events.occurred_at,
            events.recorded_at,
            events.leaf_hash
        FROM unnest($1::text[], $2::bigint[]) AS wanted (ref, sequence)
        JOIN events ON events.aggregate_type = 'token'
            AND events.aggregate_id = wanted.ref AND events.sequence = wanted.sequence"#,
        &refs,
        &sequences,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}
