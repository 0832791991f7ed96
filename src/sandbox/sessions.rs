//! Checkout sessions: the table `sessions`, and how one is shown.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::sandbox::token::Token;
use crate::sandbox::token::TokenObject;
use crate::sandbox::tokens;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::Said;
use crate::token::SessionId;

/// How long a shopper has, in a day's milliseconds: the vendor's own time is not known.
pub(crate) const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// A session with its token, which holds the reference and the metadata too.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) page: String,
    pub(crate) token: Token,
    pub(crate) terms: Terms,
    /// The shopper turned back once. That changes nothing: the page can still be used.
    pub(crate) canceled: bool,
    pub(crate) created_at: ProviderTime,
    pub(crate) updated_at: ProviderTime,
    pub(crate) expires_at: ProviderTime,
}

/// What the merchant gave with it.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    pub(crate) customer_info: Map<String, Value>,
    pub(crate) locale: Option<String>,
    pub(crate) description: Option<String>,
}

/// What the page of a session can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Open,
    Confirmed,
    Rejected,
    Expired,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionObject<'a> {
    id: &'a str,
    object: &'static str,
    test: bool,
    created_at: ProviderTime,
    updated_at: ProviderTime,
    expires_at: ProviderTime,
    url: String,
    success_url: &'a str,
    cancel_url: &'a str,
    customer_info: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a Reference>,
    metadata: &'a Map<String, Value>,
    token: InSession<'a>,
}

/// The create call shows the token, a later read its id unless more was asked for.
#[derive(Serialize)]
#[serde(untagged)]
enum InSession<'a> {
    Id(&'a str),
    Whole(TokenObject<'a>),
}

/// How much a session shows of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expand {
    No,
    All,
}

impl Session {
    pub(crate) fn object(&self, url: &str, expand: Expand) -> SessionObject<'_> {
        SessionObject {
            id: self.id.as_str(),
            object: "checkoutSession",
            test: true,
            created_at: self.created_at,
            updated_at: self.updated_at,
            expires_at: self.expires_at,
            url: format!("{url}{}", self.path()),
            success_url: &self.terms.success_url,
            cancel_url: &self.terms.cancel_url,
            customer_info: &self.terms.customer_info,
            locale: self.terms.locale.as_deref(),
            description: self.terms.description.as_deref(),
            reference: self.token.reference(),
            metadata: &self.token.metadata,
            token: match expand {
                Expand::No => InSession::Id(self.token.id().expose()),
                Expand::All => InSession::Whole(self.token.object()),
            },
        }
    }

    /// Of the hosted page.
    pub(crate) fn path(&self) -> String {
        format!("/checkout/{}.{}", self.id, self.page)
    }

    pub(crate) fn stage(&self, now: ProviderTime) -> Stage {
        match self.token.status() {
            Said::RequiresAuthorization if now >= self.expires_at => Stage::Expired,
            Said::RequiresAuthorization => Stage::Open,
            Said::Rejected => Stage::Rejected,
            Said::Active | Said::Disabled | Said::Deleted => Stage::Confirmed,
        }
    }
}

impl Terms {
    /// Of a session that no merchant asked for.
    pub(crate) fn of_nobody() -> Terms {
        Terms {
            success_url: "https://shop.example/welcome".to_owned(),
            cancel_url: "https://shop.example/basket".to_owned(),
            customer_info: Map::new(),
            locale: None,
            description: None,
        }
    }
}

struct SessionRow {
    number: i64,
    id: String,
    page: String,
    token: String,
    success_url: String,
    cancel_url: String,
    customer_info: String,
    locale: Option<String>,
    description: Option<String>,
    canceled: bool,
    created_at_ms: i64,
    updated_at_ms: i64,
    expires_at_ms: i64,
}

impl SessionRow {
    fn with(self, token: Token) -> Session {
        Session {
            id: SessionId::parse(&self.id).expect("only session ids are written"),
            page: self.page,
            token,
            terms: Terms {
                success_url: self.success_url,
                cancel_url: self.cancel_url,
                customer_info: tokens::object(&self.customer_info),
                locale: self.locale,
                description: self.description,
            },
            canceled: self.canceled,
            created_at: ProviderTime::from_millis(self.created_at_ms),
            updated_at: ProviderTime::from_millis(self.updated_at_ms),
            expires_at: ProviderTime::from_millis(self.expires_at_ms),
        }
    }
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    session: &Session,
) -> Result<(), sqlx::Error> {
    let customer = serde_json::to_string(&session.terms.customer_info).expect("a map is JSON");
    sqlx::query!(
        "INSERT INTO sandbox.sessions (
            id, page, token, success_url, cancel_url, customer_info, locale, description, canceled,
            created_at_ms, updated_at_ms, expires_at_ms
         )
         VALUES ($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9, $10, $11, $12)",
        session.id.as_str(),
        session.page,
        session.token.id().expose(),
        session.terms.success_url,
        session.terms.cancel_url,
        customer,
        session.terms.locale,
        session.terms.description,
        session.canceled,
        session.created_at.millis(),
        session.updated_at.millis(),
        session.expires_at.millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What may change of a session: the shopper turned back, or its time is up.
pub(crate) async fn update(
    connection: &mut PgConnection,
    session: &Session,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE sandbox.sessions SET canceled = $2, updated_at_ms = $3, expires_at_ms = $4
         WHERE id = $1",
        session.id.as_str(),
        session.canceled,
        session.updated_at.millis(),
        session.expires_at.millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<Session>, sqlx::Error> {
    let row = sqlx::query_as!(
        SessionRow,
        r#"SELECT
            number, id, page, token, success_url, cancel_url,
            customer_info::text AS "customer_info!", locale, description, canceled, created_at_ms,
            updated_at_ms, expires_at_ms
         FROM sandbox.sessions
         WHERE id = $1"#,
        id,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let token = tokens::find(connection, &row.token).await?.ok_or(sqlx::Error::RowNotFound)?;
    Ok(Some(row.with(token)))
}

/// A page of all sessions, newest first.
pub(crate) async fn listed(
    connection: &mut PgConnection,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, Session)>, sqlx::Error> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"SELECT
            number, id, page, token, success_url, cancel_url,
            customer_info::text AS "customer_info!", locale, description, canceled, created_at_ms,
            updated_at_ms, expires_at_ms
         FROM sandbox.sessions
         WHERE number < $1
         ORDER BY number DESC
         LIMIT $2"#,
        before,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut sessions = Vec::with_capacity(rows.len());
    for row in rows {
        let token = tokens::find(&mut *connection, &row.token).await?;
        let token = token.ok_or(sqlx::Error::RowNotFound)?;
        sessions.push((row.number, row.with(token)));
    }
    Ok(sessions)
}
