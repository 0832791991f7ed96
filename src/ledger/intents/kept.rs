//! Keeping an intent, and finding it again.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentId;
use crate::ledger::intents::IntentKind;
use crate::token::Consumer;
use crate::token::Reference;
use crate::vault::Ref;
use crate::vault::Salt;

/// Smartpay's clock may be so far from ours.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);

/// What is known before anything is asked.
#[derive(Debug)]
pub struct NewIntent<'a> {
    pub id: &'a IntentId,
    pub kind: IntentKind,
    pub reference: Option<&'a Ref>,
    pub consumer: Option<&'a Consumer>,
    pub merchant_reference: Option<&'a Reference>,
    pub actor: &'a str,
    pub reason: Option<&'a str>,
    /// Of the request that it serves: repeated, it finds its intent.
    pub request_id: Option<&'a str>,
    pub salt: &'a Salt,
    pub sealed_request: Option<&'a [u8]>,
    /// When another may take it up, if this process does not.
    pub next_at: DateTime<Utc>,
    pub now: DateTime<Utc>,
}

pub(super) struct Row {
    id: String,
    kind: String,
    reference: Option<String>,
    consumer: Option<String>,
    merchant_reference: Option<String>,
    state: String,
    error_code: Option<String>,
    actor: String,
    reason: Option<String>,
    salt: Vec<u8>,
    sealed_request: Option<Vec<u8>>,
    sealed_page: Option<Vec<u8>>,
    sent: bool,
    tries: i32,
    known_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    session: Option<String>,
    canceled_at: Option<DateTime<Utc>>,
}

impl Row {
    pub(super) fn into_intent(self) -> anyhow::Result<Intent> {
        let id = IntentId::parse(&self.id);
        Ok(Intent {
            id: id.ok_or_else(|| anyhow::anyhow!("an intent's id is none"))?,
            kind: self.kind.parse()?,
            reference: self.reference.as_deref().map(Ref::parse).transpose()?,
            consumer: self.consumer.as_deref().map(Consumer::parse).transpose()?,
            merchant_reference: self
                .merchant_reference
                .as_deref()
                .map(Reference::parse)
                .transpose()?,
            state: self.state.parse()?,
            error_code: self.error_code,
            actor: self.actor,
            reason: self.reason,
            salt: Salt::try_from(self.salt.as_slice())?,
            sealed_request: self.sealed_request,
            sealed_page: self.sealed_page,
            sent: self.sent,
            tries: self.tries,
            known_at: self.known_at,
            created_at: self.created_at,
            settled_at: self.settled_at,
            session: self.session,
            canceled_at: self.canceled_at,
        })
    }
}

/// False if the same request has its intent already.
pub async fn insert(
    connection: &mut PgConnection,
    new: &NewIntent<'_>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query_scalar!(
        "INSERT INTO intents (
            id, kind, ref, state, actor, reason, request_id, salt, sealed_request, sent, tries,
            next_at, created_at, consumer, reference, known_at
        )
        VALUES (
            $1, $2, $3, 'open', $4, $5, $6, $7, $8, false, 0, $9, $10, $11, $12,
            (
                SELECT greatest(tokens.since, words.at, $13)
                FROM tokens LEFT JOIN words ON words.ref = tokens.ref
                WHERE tokens.ref = $3
            )
        )
        ON CONFLICT (request_id) WHERE request_id IS NOT NULL DO NOTHING
        RETURNING id",
        new.id.as_str(),
        new.kind.as_str(),
        new.reference.map(Ref::as_str),
        new.actor,
        new.reason,
        new.request_id,
        new.salt.as_bytes().as_slice(),
        new.sealed_request,
        new.next_at,
        new.now,
        new.consumer.map(Consumer::as_str),
        new.merchant_reference.map(Reference::as_str),
        new.now - CLOCKS_APART,
    )
    .fetch_optional(connection)
    .await?;
    Ok(inserted.is_some())
}

pub async fn find(connection: &mut PgConnection, id: &IntentId) -> anyhow::Result<Option<Intent>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, kind, ref AS reference, consumer, reference AS merchant_reference, state,
            error_code, actor, reason, salt, sealed_request, sealed_page, sent, tries, known_at, created_at,
            settled_at, session, canceled_at
        FROM intents WHERE id = $1",
        id.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Row::into_intent).transpose()
}

/// The intent of a request that comes again.
pub async fn of_request(
    connection: &mut PgConnection,
    request_id: &str,
) -> anyhow::Result<Option<Intent>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, kind, ref AS reference, consumer, reference AS merchant_reference, state,
            error_code, actor, reason, salt, sealed_request, sealed_page, sent, tries, known_at, created_at,
            settled_at, session, canceled_at
        FROM intents WHERE request_id = $1",
        request_id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Row::into_intent).transpose()
}

/// Lets go of the request that it served: sent again, that one begins anew.
pub async fn detach(connection: &mut PgConnection, id: &IntentId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE intents SET request_id = NULL WHERE id = $1", id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

/// Destroys requests made before an instant, settled or not, and pages that are as old. Says how
/// many rows held one.
pub async fn destroy_requests(
    connection: &mut PgConnection,
    requests_before: DateTime<Utc>,
    pages_before: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let requests = sqlx::query!(
        "UPDATE intents SET sealed_request = NULL
        WHERE sealed_request IS NOT NULL AND created_at < $1",
        requests_before,
    )
    .execute(&mut *connection)
    .await?;
    let pages = sqlx::query!(
        "UPDATE intents SET sealed_page = NULL
        WHERE sealed_page IS NOT NULL AND created_at < $1",
        pages_before,
    )
    .execute(connection)
    .await?;
    Ok(requests.rows_affected() + pages.rows_affected())
}
