//! Ending intents: by an answer, in the transaction that records it, or for certain without one.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::intents::IntentId;
use crate::ledger::intents::IntentState;
use crate::vault::Ref;

/// What an answer makes of an intent.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub intent: IntentId,
    pub state: IntentState,
    pub error_code: Option<String>,
    /// Number of the answer.
    pub input: i64,
    pub session: Option<SessionRow>,
}

/// Of a session that was made.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub reference: Ref,
    pub session: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub check_at: Option<DateTime<Utc>>,
    pub sealed_page: Vec<u8>,
}

/// Those that are still unfinished. An intent that another process settled stays as it is.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    rows: &[Settled],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let sessions: Vec<Option<&SessionRow>> = rows.iter().map(|row| row.session.as_ref()).collect();
    let of = |field: fn(&SessionRow) -> &str| -> Vec<Option<&str>> {
        sessions.iter().map(|session| session.map(field)).collect()
    };
    let at = |field: fn(&SessionRow) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> {
        sessions.iter().map(|session| session.and_then(field)).collect()
    };
    sqlx::query!(
        "UPDATE intents SET
            state = new.state,
            error_code = new.error_code,
            input = new.input,
            ref = coalesce(intents.ref, new.ref),
            session = new.session,
            expires_at = new.expires_at,
            check_at = new.check_at,
            sealed_page = new.sealed_page,
            sealed_request = NULL,
            next_at = NULL,
            settled_at = $10
        FROM unnest(
            $1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[],
            $7::timestamptz[], $8::timestamptz[], $9::bytea[]
        ) AS new (
            id, state, error_code, input, ref, session, expires_at, check_at, sealed_page
        )
        WHERE intents.id = new.id AND intents.state IN ('open', 'unresolved')",
        rows.iter().map(|row| row.intent.as_str()).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|row| row.state.as_str()).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|row| row.error_code.as_deref()).collect::<Vec<_>>() as Vec<Option<&str>>,
        &rows.iter().map(|row| row.input).collect::<Vec<_>>(),
        of(|session| session.reference.as_str()) as Vec<Option<&str>>,
        of(|session| &session.session) as Vec<Option<&str>>,
        at(|session| session.expires_at) as Vec<Option<DateTime<Utc>>>,
        at(|session| session.check_at) as Vec<Option<DateTime<Utc>>>,
        sessions
            .iter()
            .map(|session| session.map(|session| session.sealed_page.as_slice()))
            .collect::<Vec<_>>() as Vec<Option<&[u8]>>,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends one that no answer ends: nothing of it reached Smartpay.
pub async fn end(
    connection: &mut PgConnection,
    id: &IntentId,
    state: IntentState,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE intents
        SET state = $2, sealed_request = NULL, next_at = NULL, settled_at = $3
        WHERE id = $1 AND state IN ('open', 'unresolved')",
        id.as_str(),
        state.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The shopper came back by way of the cancel URL: the session's token is looked at from `check_at`.
pub async fn canceled(
    connection: &mut PgConnection,
    id: &IntentId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE intents
        SET canceled_at = coalesce(canceled_at, $2), check_at = least(coalesce(check_at, $2), $2)
        WHERE id = $1 AND kind = 'create_session'",
        id.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The token was looked at: again at `check_at`, or no more.
pub async fn checked(
    connection: &mut PgConnection,
    id: &IntentId,
    check_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE intents SET check_at = $2 WHERE id = $1", id.as_str(), check_at)
        .execute(connection)
        .await?;
    Ok(())
}
