//! One transaction of one group, and finding out what became of a commit whose answer was lost.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use thiserror::Error;

use crate::database::Failure;
use crate::ledger::Receipt;
use crate::ledger::Submission;
use crate::ledger::loaded;
use crate::ledger::plan;
use crate::ledger::plan::Plan;
use crate::ledger::writer::Settings;
use crate::projections::tokens;

/// How often the fate of a commit is asked for, and how long between.
const FATE_TRIES_MAX: u32 = 20;
const FATE_PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug, Error)]
pub(crate) enum GroupError {
    /// Something in the group itself: halves of it may pass.
    #[error("the group's data were refused")]
    Data(#[source] anyhow::Error),
    /// The database: nothing of the group is recorded.
    #[error("the database could not record the group")]
    Unavailable(#[source] anyhow::Error),
    /// The connection was lost during COMMIT.
    #[error("the answer to the commit was lost")]
    Uncertain { transaction: String, receipts: Vec<Receipt>, error: sqlx::Error },
}

/// Records a group: all of it, or nothing.
pub(crate) async fn record(
    connection: &mut PgConnection,
    settings: &Settings,
    group: &[Submission],
) -> Result<Vec<Receipt>, GroupError> {
    let mut tx = connection.begin().await.map_err(database)?;
    let head = loaded::lock_head(&mut tx).await.map_err(database)?;
    let transaction = head.transaction.clone();
    let loaded = loaded::load(&mut tx, &plan::touched(group)).await.map_err(unreadable)?;
    let mut plan = Plan::new(head, loaded, &settings.vault, settings.rules, settings.clock.now());
    let receipts = catch_unwind(AssertUnwindSafe(|| plan.decide(group)))
        .map_err(|_| GroupError::Data(anyhow::anyhow!("deciding the group panicked")))?;
    plan.rows.insert(&mut tx, plan.recorded_at).await.map_err(database)?;
    tokens::upsert(&mut tx, &plan.token_rows()).await.map_err(database)?;
    sqlx::query!(
        "UPDATE head SET position = $1, input = $2, recorded_at = $3",
        plan.head.position,
        plan.head.input,
        plan.recorded_at,
    )
    .execute(&mut *tx)
    .await
    .map_err(database)?;
    match tx.commit().await {
        Ok(()) => Ok(receipts),
        // The server refused the data at the last moment: certainly nothing is recorded.
        Err(error) if Failure::of(&error) == Failure::Data => Err(database(error)),
        Err(error) => Err(GroupError::Uncertain { transaction, receipts, error }),
    }
}

/// Whether the transaction committed, asked on a new connection. None: it could not be found out.
pub(crate) async fn fate(options: &PgConnectOptions, transaction: &str) -> Option<bool> {
    for _ in 0..FATE_TRIES_MAX {
        if let Ok(Some(committed)) = ask_fate(options, transaction).await {
            return Some(committed);
        }
        tokio::time::sleep(FATE_PAUSE).await;
    }
    None
}

async fn ask_fate(
    options: &PgConnectOptions,
    transaction: &str,
) -> Result<Option<bool>, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let status = sqlx::query_scalar!("SELECT pg_xact_status($1::text::xid8)", transaction)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(match status.as_deref() {
        Some("committed") => Some(true),
        Some("aborted") => Some(false),
        _ => None,
    })
}

fn database(error: sqlx::Error) -> GroupError {
    match Failure::of(&error) {
        Failure::Data => GroupError::Data(error.into()),
        Failure::Unavailable => GroupError::Unavailable(error.into()),
    }
}

/// A load fails through the database, or because the record itself cannot be read.
fn unreadable(error: anyhow::Error) -> GroupError {
    match error.downcast_ref::<sqlx::Error>().map(Failure::of) {
        Some(Failure::Unavailable) => GroupError::Unavailable(error),
        Some(Failure::Data) | None => GroupError::Data(error),
    }
}
