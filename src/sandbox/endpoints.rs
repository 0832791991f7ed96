//! Webhook endpoints: the table `endpoints`, and how one is shown.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::sandbox::tokens::object;
use crate::token::ProviderTime;

/// Where webhooks go. Its secret is shown once, in the answer to its creation.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) active: bool,
    pub(crate) url: String,
    pub(crate) description: Option<String>,
    /// Types of events; none means all.
    pub(crate) subscriptions: Vec<String>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) signing_secret: String,
    pub(crate) created_at: ProviderTime,
    pub(crate) updated_at: ProviderTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointObject<'a> {
    id: &'a str,
    object: &'static str,
    test: bool,
    created_at: ProviderTime,
    updated_at: ProviderTime,
    active: bool,
    url: &'a str,
    description: Option<&'a str>,
    event_subscriptions: &'a [String],
    metadata: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<&'a str>,
}

/// Whether an answer shows the secret. That a later read repeats it is not known of the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Shown,
    Kept,
}

impl Endpoint {
    pub(crate) fn object(&self, secret: Secret) -> EndpointObject<'_> {
        EndpointObject {
            id: &self.id,
            object: "webhookEndpoint",
            test: true,
            created_at: self.created_at,
            updated_at: self.updated_at,
            active: self.active,
            url: &self.url,
            description: self.description.as_deref(),
            event_subscriptions: &self.subscriptions,
            metadata: &self.metadata,
            signing_secret: (secret == Secret::Shown).then_some(self.signing_secret.as_str()),
        }
    }
}

struct EndpointRow {
    number: i64,
    id: String,
    active: bool,
    url: String,
    description: Option<String>,
    subscriptions: Vec<String>,
    metadata: String,
    signing_secret: String,
    created_at_ms: i64,
    updated_at_ms: i64,
}

impl From<EndpointRow> for Endpoint {
    fn from(row: EndpointRow) -> Endpoint {
        Endpoint {
            id: row.id,
            active: row.active,
            url: row.url,
            description: row.description,
            subscriptions: row.subscriptions,
            metadata: object(&row.metadata),
            signing_secret: row.signing_secret,
            created_at: ProviderTime::from_millis(row.created_at_ms),
            updated_at: ProviderTime::from_millis(row.updated_at_ms),
        }
    }
}

/// Writes a new one, or all of one that is there.
pub(crate) async fn put(
    connection: &mut PgConnection,
    endpoint: &Endpoint,
) -> Result<(), sqlx::Error> {
    let metadata = serde_json::to_string(&endpoint.metadata).expect("a map of texts is JSON");
    sqlx::query!(
        "INSERT INTO sandbox.endpoints (
            id, active, url, description, subscriptions, metadata, signing_secret, created_at_ms,
            updated_at_ms
         )
         VALUES ($1, $2, $3, $4, $5, $6::text::json, $7, $8, $9)
         ON CONFLICT (id) DO UPDATE SET
            active = excluded.active,
            url = excluded.url,
            description = excluded.description,
            subscriptions = excluded.subscriptions,
            metadata = excluded.metadata,
            signing_secret = excluded.signing_secret,
            updated_at_ms = excluded.updated_at_ms",
        endpoint.id,
        endpoint.active,
        endpoint.url,
        endpoint.description,
        &endpoint.subscriptions,
        metadata,
        endpoint.signing_secret,
        endpoint.created_at.millis(),
        endpoint.updated_at.millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether there was one.
pub(crate) async fn delete(connection: &mut PgConnection, id: &str) -> Result<bool, sqlx::Error> {
    let deleted =
        sqlx::query!("DELETE FROM sandbox.endpoints WHERE id = $1", id).execute(connection).await?;
    Ok(deleted.rows_affected() == 1)
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<Endpoint>, sqlx::Error> {
    let row = sqlx::query_as!(
        EndpointRow,
        r#"SELECT
            number, id, active, url, description, subscriptions, metadata::text AS "metadata!",
            signing_secret, created_at_ms, updated_at_ms
         FROM sandbox.endpoints
         WHERE id = $1"#,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Endpoint::from))
}

/// The active ones that want events of this type.
pub(crate) async fn subscribed(
    connection: &mut PgConnection,
    kind: &str,
) -> Result<Vec<Endpoint>, sqlx::Error> {
    let rows = sqlx::query_as!(
        EndpointRow,
        r#"SELECT
            number, id, active, url, description, subscriptions, metadata::text AS "metadata!",
            signing_secret, created_at_ms, updated_at_ms
         FROM sandbox.endpoints
         WHERE active AND (cardinality(subscriptions) = 0 OR $1 = ANY(subscriptions))
         ORDER BY number"#,
        kind,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Endpoint::from).collect())
}

/// A page of all, newest first.
pub(crate) async fn listed(
    connection: &mut PgConnection,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, Endpoint)>, sqlx::Error> {
    let rows = sqlx::query_as!(
        EndpointRow,
        r#"SELECT
            number, id, active, url, description, subscriptions, metadata::text AS "metadata!",
            signing_secret, created_at_ms, updated_at_ms
         FROM sandbox.endpoints
         WHERE number < $1
         ORDER BY number DESC
         LIMIT $2"#,
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.number, Endpoint::from(row))).collect())
}
