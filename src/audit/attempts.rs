//! Whether history refuses to be changed, tried out: an UPDATE and a DELETE on each of its tables,
//! which change no row even where they are let through, and are rolled back.

use sqlx::Connection;
use sqlx::Executor;
use sqlx::postgres::PgConnection;

/// Each table of history, with a column to try.
const HISTORY: [(&str, &str); 7] = [
    ("acts", "number"),
    ("copies", "number"),
    ("events", "position"),
    ("inputs", "number"),
    ("usage", "input"),
    ("verdicts", "number"),
    ("witnesses", "input"),
];
/// The role has no right to.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// The trigger that keeps history.
const HISTORY_IS_FINAL: &str = "TL001";

/// What stopped an attempt to change history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The role has no right to: as it must be.
    ByPrivilege,
    /// The role has the right; the last defence held.
    ByTrigger,
    Nothing,
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub table: &'static str,
    pub verb: &'static str,
    pub stopped: Stopped,
}

/// Tries every one, as the role of the connection.
pub async fn try_to_change_history(
    connection: &mut PgConnection,
) -> Result<Vec<Attempt>, sqlx::Error> {
    let mut attempts = Vec::new();
    for (table, column) in HISTORY {
        let update = format!("{table} SET {column} = {column}");
        let delete = format!("FROM {table}");
        for (verb, rest) in [("UPDATE", update), ("DELETE", delete)] {
            let stopped = attempt(connection, &format!("{verb} {rest} WHERE false")).await?;
            attempts.push(Attempt { table, verb, stopped });
        }
    }
    Ok(attempts)
}

async fn attempt(connection: &mut PgConnection, statement: &str) -> Result<Stopped, sqlx::Error> {
    let mut tx = connection.begin().await?;
    let tried = tx.execute(statement).await;
    tx.rollback().await?;
    let Err(error) = tried else { return Ok(Stopped::Nothing) };
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.as_deref() {
        Some(INSUFFICIENT_PRIVILEGE) => Ok(Stopped::ByPrivilege),
        Some(HISTORY_IS_FINAL) => Ok(Stopped::ByTrigger),
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::audit::RIGHTS;
    use crate::audit::attempts::HISTORY;

    #[test]
    fn the_tables_tried_are_those_that_keep_history() {
        let kept =
            RIGHTS.iter().filter(|right| right.service == "SI" && !right.triggers.is_empty());
        let kept: Vec<&str> = kept.map(|right| right.table).collect();
        assert_eq!(HISTORY.map(|(table, _)| table).to_vec(), kept);
    }
}
