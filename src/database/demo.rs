//! Dropping a ledger whose past was simulated. No other ledger can be dropped.

use chrono::DateTime;
use chrono::Utc;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;

use crate::database::LedgerName;

/// What is found where a ledger may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// No ledger, or one that `migrate` has not begun.
    Nothing,
    /// A ledger marked demo, and the end of its simulated past.
    Demo(DateTime<Utc>),
    /// A ledger without the mark.
    Unmarked,
}

/// Looks whether there is a ledger, and whether it is marked demo.
pub async fn demo_mark(
    options: &PgConnectOptions,
    ledger: &LedgerName,
) -> Result<Mark, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let mark = look(&mut connection, ledger).await?;
    connection.close().await?;
    Ok(mark)
}

/// Drops a ledger that is marked demo, as the owner role. Says what was found: any other is left as
/// it is.
pub async fn drop_demo(
    options: &PgConnectOptions,
    ledger: &LedgerName,
) -> Result<Mark, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let mut tx = connection.begin().await?;
    let mark = look(&mut tx, ledger).await?;
    match mark {
        // The mark is written once, so that nobody can change it meanwhile.
        Mark::Demo(_) => {
            tx.execute(format!("DROP SCHEMA {ledger} CASCADE").as_str()).await?;
        }
        Mark::Nothing | Mark::Unmarked => {}
    }
    tx.commit().await?;
    connection.close().await?;
    Ok(mark)
}

async fn look(connection: &mut PgConnection, ledger: &LedgerName) -> Result<Mark, sqlx::Error> {
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (
            SELECT FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'head'
         ) AS "there!""#,
        ledger.as_str(),
    )
    .fetch_one(&mut *connection)
    .await?;
    if !there {
        return Ok(Mark::Nothing);
    }
    let marks =
        sqlx::query_scalar!("SELECT demo_until FROM head").fetch_optional(connection).await?;
    Ok(match marks {
        None => Mark::Nothing,
        Some(None) => Mark::Unmarked,
        Some(Some(until)) => Mark::Demo(until),
    })
}
