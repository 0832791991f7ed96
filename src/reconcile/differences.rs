//! The table `run_differences`: the first of each run, by token.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use std::collections::HashSet;

use anyhow::Context;
use sqlx::postgres::PgConnection;

use crate::reconcile::difference::Difference;
use crate::reconcile::difference::Done;
use crate::reconcile::difference::Likely;
use crate::token::Status;
use crate::vault::Ref;

/// More of one run are counted, not kept.
pub(super) const KEPT_MAX: i64 = 10_000;

/// Keeps them as they are foretold. One that a killed run left stays as it was.
pub(super) async fn keep(
    connection: &mut PgConnection,
    run: &str,
    found: &[Difference],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO run_differences (
            run, ref, ledger, ledger_since, smartpay, smartpay_at, done, likely
        )
        SELECT $1, ref, ledger, ledger_since, smartpay, smartpay_at, done, likely
        FROM unnest(
            $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::text[],
            $8::text[]
        ) AS new (ref, ledger, ledger_since, smartpay, smartpay_at, done, likely)
        ON CONFLICT (run, ref) DO NOTHING",
        run,
        found.iter().map(|one| one.reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        found.iter().map(|one| one.ledger.map(Status::as_str)).collect::<Vec<_>>()
            as Vec<Option<&str>>,
        found.iter().map(|one| one.ledger_since).collect::<Vec<_>>() as _,
        found.iter().map(|one| one.smartpay.as_str()).collect::<Vec<_>>() as Vec<&str>,
        found.iter().map(|one| one.smartpay_at).collect::<Vec<_>>() as _,
        found.iter().map(|one| one.done.as_str()).collect::<Vec<_>>() as Vec<&str>,
        found.iter().map(|one| one.likely.as_str()).collect::<Vec<_>>() as Vec<&str>,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What became of them after all; says of how many.
pub(super) async fn mark(
    connection: &mut PgConnection,
    run: &str,
    refs: &[String],
    done: Done,
) -> Result<u64, sqlx::Error> {
    let marked = sqlx::query!(
        "UPDATE run_differences SET done = $3 WHERE run = $1 AND ref = ANY($2)",
        run,
        refs,
        done.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(marked.rows_affected())
}

/// Which of these a killed run has recorded already.
pub(super) async fn recorded(
    connection: &mut PgConnection,
    run: &str,
    refs: &[String],
) -> Result<HashSet<String>, sqlx::Error> {
    let refs = sqlx::query_scalar!(
        "SELECT ref FROM run_differences
        WHERE run = $1 AND ref = ANY($2) AND done = 'recorded'",
        run,
        refs,
    )
    .fetch_all(connection)
    .await?;
    Ok(refs.into_iter().collect())
}

/// Those of a run behind a ref, in the order of refs, at most `limit`.
pub async fn of_run(
    connection: &mut PgConnection,
    run: &str,
    after: &str,
    limit: i64,
) -> anyhow::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        "SELECT ref, ledger, ledger_since, smartpay, smartpay_at, done, likely
        FROM run_differences
        WHERE run = $1 AND ref > $2
        ORDER BY ref
        LIMIT $3",
        run,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let differences = rows.into_iter().map(|row| {
        Ok(Difference {
            reference: Ref::parse(&row.r#ref)?,
            ledger: row.ledger.as_deref().map(str::parse).transpose()?,
            ledger_since: row.ledger_since,
            smartpay: row.smartpay.parse()?,
            smartpay_at: row.smartpay_at,
            done: Done::parse(&row.done).context("a word that is none of what can be done")?,
            likely: Likely::parse(&row.likely).context("a word that is no cause")?,
        })
    });
    differences.collect()
}
