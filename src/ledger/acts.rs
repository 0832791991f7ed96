//! Acts: what people or the service did to the ledger itself, each chained to the one before.
//!
//! An act is written in the transaction of what it tells of, so that neither is there without the
//! other.

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::database::Act;
use crate::journal::Position;

/// An act that has no place yet.
#[derive(Clone, Copy, Debug)]
pub struct NewAct<'a> {
    pub kind: &'static str,
    /// Who: `key <id>` or a person's name.
    pub actor: &'a str,
    /// Why, in the words of whoever asked. Readable: no token id.
    pub reason: &'a str,
    /// An object. Readable too.
    pub details: &'a Value,
}

/// Where an act stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordedAct {
    pub number: i64,
    /// Of the ledger, which an act does not move.
    pub position: Position,
}

/// Writes one act. Within a transaction, as its first statement: it locks the head.
pub async fn record(
    tx: &mut PgConnection,
    act: &NewAct<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<RecordedAct> {
    let head = sqlx::query!("SELECT position, act, recorded_at FROM head FOR UPDATE")
        .fetch_one(&mut *tx)
        .await?;
    let previous = sqlx::query_scalar!("SELECT chain FROM acts WHERE number = $1", head.act)
        .fetch_optional(&mut *tx)
        .await?
        .with_context(|| format!("act {} is not there: run `tokenledger verify`", head.act))?;
    let details = act.details.to_string();
    let act = Act {
        number: head.act + 1,
        kind: act.kind,
        actor: act.actor,
        reason: act.reason,
        details: &details,
        recorded_at: now.max(head.recorded_at),
    };
    let chain = act.chain(&previous);
    sqlx::query!(
        "INSERT INTO acts (number, kind, actor, reason, details, recorded_at, chain)
        VALUES ($1, $2, $3, $4, $5::text::json, $6, $7)",
        act.number,
        act.kind,
        act.actor,
        act.reason,
        act.details,
        act.recorded_at,
        chain.as_slice(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("UPDATE head SET act = $1, recorded_at = $2", act.number, act.recorded_at)
        .execute(&mut *tx)
        .await?;
    Ok(RecordedAct { number: act.number, position: head.position })
}
