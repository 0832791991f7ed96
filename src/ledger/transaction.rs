//! One transaction of one group, and finding out what became of a commit whose answer was lost.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use thiserror::Error;
use tokio::time::timeout;

use crate::database::Failure;
use crate::database::Primary;
use crate::journal::Position;
use crate::ledger::Receipt;
use crate::ledger::Submission;
use crate::ledger::fuse;
use crate::ledger::loaded;
use crate::ledger::loaded::Head;
use crate::ledger::loaded::KnownToken;
use crate::ledger::plan;
use crate::ledger::plan::Plan;
use crate::ledger::recent::Recent;
use crate::ledger::rows::Mark;
use crate::ledger::spans::GroupSpans;
use crate::ledger::writer::Settings;
use crate::projections::tokens;
use crate::vault::Ref;

/// How long the fate of a commit is asked for, and how long between.
const FATE_DEADLINE: Duration = Duration::from_secs(5);
const FATE_PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug, Error)]
pub(crate) enum GroupError {
    /// Something in the group itself: halves of it may pass.
    #[error("the group's data were refused")]
    Data(#[source] anyhow::Error),
    /// The database: nothing of the group is recorded.
    #[error("the database could not record the group")]
    Unavailable(#[source] anyhow::Error),
    /// The connection was gone before anything was asked of it.
    #[error("the connection was lost")]
    NotBegun(#[source] sqlx::Error),
    /// The connection was lost during COMMIT.
    #[error("the answer to the commit was lost")]
    Uncertain { committing: Committing, receipts: Vec<Receipt>, error: sqlx::Error },
}

/// What tells later whether a commit happened.
#[derive(Debug)]
pub(crate) struct Committing {
    /// `pg_current_xact_id()`.
    transaction: String,
    mark: Mark,
}

/// What a group wrote and has still to commit.
struct Written {
    receipts: Vec<Receipt>,
    committing: Committing,
    head: Head,
    tokens: HashMap<Ref, KnownToken>,
}

/// What is recorded at once.
pub(crate) struct Group<'a> {
    pub submissions: &'a [Submission],
    /// The newest position that this process answered for.
    pub acknowledged: Position,
    pub spans: Option<&'a GroupSpans>,
}

/// Records a group: all of it, or nothing.
pub(crate) async fn record(
    connection: &mut PgConnection,
    settings: &Settings,
    recent: &mut Recent,
    group: &Group<'_>,
) -> Result<Vec<Receipt>, GroupError> {
    let mut tx = connection.begin().await.map_err(GroupError::NotBegun)?;
    let Written { receipts, committing, head, tokens } =
        match write(&mut tx, settings, recent, group).await {
            Ok(written) => written,
            // At once, because a transaction that was only dropped keeps the head until the connection
            // is used again.
            Err(GroupError::Data(error)) => {
                tx.rollback().await.map_err(|error| GroupError::Unavailable(error.into()))?;
                return Err(GroupError::Data(error));
            }
            Err(error) => return Err(error),
        };
    let span = group.spans.and_then(GroupSpans::commit);
    let committed = tx.commit().await;
    drop(span);
    match committed {
        Ok(()) => {
            recent.keep(&head, tokens);
            Ok(receipts)
        }
        // The server refused the data at the last moment: certainly nothing is recorded.
        Err(error) if Failure::of(&error) == Failure::Data => Err(database(error)),
        Err(error) => Err(GroupError::Uncertain { committing, receipts, error }),
    }
}

/// Whether the commit happened, asked on new connections. None: it could not be found out.
pub(crate) async fn fate(primary: &Primary, committing: &Committing) -> Option<bool> {
    let asking = async {
        loop {
            if let Ok(Some(committed)) = ask_fate(primary, committing).await {
                return committed;
            }
            tokio::time::sleep(FATE_PAUSE).await;
        }
    };
    timeout(FATE_DEADLINE, asking).await.ok()
}

async fn write(
    connection: &mut PgConnection,
    settings: &Settings,
    recent: &mut Recent,
    group: &Group<'_>,
) -> Result<Written, GroupError> {
    let head = loaded::lock_head(connection).await.map_err(database)?;
    // A standby that was not synchronous was promoted, or a backup restored. To go on would give
    // positions out again, to other events: that is for people to decide, by a restart.
    let Group { submissions, acknowledged, .. } = group;
    if head.position < *acknowledged {
        return Err(GroupError::Unavailable(anyhow::anyhow!(
            "the database is at position {}, but {acknowledged} was acknowledged: it lost events",
            head.position
        )));
    }
    let transaction = head.transaction.clone();
    recent.begin(&head);
    let touched = plan::touched(submissions);
    let mut loaded = loaded::load(connection, &touched, recent).await.map_err(unreadable)?;
    if touched.absences {
        let now = settings.clock.now().max(head.recorded_at);
        loaded.absences = fuse::recorded(connection, now).await.map_err(database)?;
    }
    let mut plan = Plan::new(head, loaded, &settings.vault, settings.rules, settings.clock.now());
    let receipts = catch_unwind(AssertUnwindSafe(|| plan.decide(submissions)))
        .map_err(|_| GroupError::Data(anyhow::anyhow!("deciding the group panicked")))?;
    plan.chain();
    plan.rows.insert(connection, plan.recorded_at).await.map_err(database)?;
    tokens::upsert(connection, &plan.token_rows()).await.map_err(database)?;
    sqlx::query!(
        "UPDATE head SET position = $1, input = $2, recorded_at = $3, arrival = $4, chain = $5",
        plan.head.position,
        plan.head.input,
        plan.recorded_at,
        plan.head.arrival,
        plan.head.chain,
    )
    .execute(connection)
    .await
    .map_err(database)?;
    let mark = plan.rows.mark(plan.recorded_at);
    let committing = Committing { transaction, mark };
    Ok(Written { receipts, committing, head: plan.head.clone(), tokens: plan.into_tokens() })
}

/// Whether it happened, on the server that is the primary now.
///
/// A server that crashed, and one that was promoted, gives the numbers of transactions that left no
/// trace to others: so the number must have committed, and the group's rows must be there. That is
/// not enough to answer for it. A primary that was cut short while it waited for its standby has
/// the commit and the standby has not; so what is found is trusted only when a commit after it has
/// been waited for. That commit must write (a lock on the head does), else it waits for nobody.
async fn ask_fate(primary: &Primary, committing: &Committing) -> Result<Option<bool>, sqlx::Error> {
    let mut connection = primary.connect().await?;
    let mut tx = connection.begin().await?;
    loaded::lock_head(&mut tx).await?;
    let status =
        sqlx::query_scalar!("SELECT pg_xact_status($1::text::xid8)", committing.transaction)
            .fetch_one(&mut *tx)
            .await?;
    let committed = match status.as_deref() {
        Some("committed") => Some(committing.mark.is_there(&mut tx).await?),
        Some("aborted") => Some(false),
        _ => None,
    };
    tx.commit().await?;
    connection.close().await?;
    Ok(committed)
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
