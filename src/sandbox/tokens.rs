//! The tokens and what happened to them: the tables `tokens` and `changes`.

use serde_json::Map;
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::sandbox::action::Action;
use crate::sandbox::token::Token;
use crate::smartpay::TokenId;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::Said;

/// One change of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) action: Action,
    pub(crate) at: ProviderTime,
}

/// A token as its row has it.
pub(crate) struct TokenRow {
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) reference: Option<String>,
    pub(crate) metadata: String,
    pub(crate) created_at_ms: i64,
    pub(crate) updated_at_ms: i64,
}

/// Rows are written by this module alone, so that they read back.
impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Token {
        Token {
            id: id_of(&row.id),
            reference: row.reference.map(|text| {
                Reference::parse(&text).expect("only references that parse are written")
            }),
            metadata: object(&row.metadata),
            status: said(&row.status),
            created_at: ProviderTime::from_millis(row.created_at_ms),
            updated_at: ProviderTime::from_millis(row.updated_at_ms),
        }
    }
}

pub(crate) fn id_of(text: &str) -> TokenId {
    TokenId::parse(text).expect("only token ids are written")
}

pub(crate) fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("only objects are written")
}

pub(crate) fn said(word: &str) -> Said {
    let mut all = Said::ALL.into_iter();
    all.find(|said| said.as_str() == word).expect("only statuses are written")
}

pub(crate) async fn insert(
    connection: &mut PgConnection,
    token: &Token,
) -> Result<(), sqlx::Error> {
    let metadata = serde_json::to_string(&token.metadata).expect("a map of texts is JSON");
    sqlx::query!(
        "INSERT INTO sandbox.tokens (
            id, status, reference, metadata, created_at_ms, updated_at_ms
         )
         VALUES ($1, $2, $3, $4::text::json, $5, $6)",
        token.id.expose(),
        token.status.as_str(),
        token.reference.as_ref().map(Reference::as_str),
        metadata,
        token.created_at.millis(),
        token.updated_at.millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn update(
    connection: &mut PgConnection,
    token: &Token,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE sandbox.tokens SET status = $2, updated_at_ms = $3 WHERE id = $1",
        token.id.expose(),
        token.status.as_str(),
        token.updated_at.millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remember(
    connection: &mut PgConnection,
    token: &TokenId,
    change: Change,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO sandbox.changes (token, action, at_ms) VALUES ($1, $2, $3)",
        token.expose(),
        change.action.as_str(),
        change.at.millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<Token>, sqlx::Error> {
    let row = sqlx::query_as!(
        TokenRow,
        r#"SELECT id, status, reference, metadata::text AS "metadata!", created_at_ms, updated_at_ms
         FROM sandbox.tokens
         WHERE id = $1"#,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Token::from))
}

/// The same, held against other changes until the transaction ends.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    id: &str,
) -> Result<Option<Token>, sqlx::Error> {
    let row = sqlx::query_as!(
        TokenRow,
        r#"SELECT id, status, reference, metadata::text AS "metadata!", created_at_ms, updated_at_ms
         FROM sandbox.tokens
         WHERE id = $1
         FOR UPDATE"#,
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Token::from))
}

/// The token made last of which one of these is the status.
pub(crate) async fn newest(
    connection: &mut PgConnection,
    statuses: &[Said],
) -> Result<Option<String>, sqlx::Error> {
    let statuses: Vec<String> = statuses.iter().map(|said| said.as_str().to_owned()).collect();
    sqlx::query_scalar!(
        "SELECT id FROM sandbox.tokens WHERE status = ANY($1) ORDER BY number DESC LIMIT 1",
        &statuses,
    )
    .fetch_optional(connection)
    .await
}

/// A page of those that Smartpay lists: active and disabled, newest first.
pub(crate) async fn listed(
    connection: &mut PgConnection,
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, Token)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT
            number, id, status, reference, metadata::text AS "metadata!", created_at_ms,
            updated_at_ms
         FROM sandbox.tokens
         WHERE number < $1 AND status IN ('active', 'disabled')
         ORDER BY number DESC
         LIMIT $2"#,
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let tokens = rows.into_iter().map(|row| {
        let token = TokenRow {
            id: row.id,
            status: row.status,
            reference: row.reference,
            metadata: row.metadata,
            created_at_ms: row.created_at_ms,
            updated_at_ms: row.updated_at_ms,
        };
        (row.number, Token::from(token))
    });
    Ok(tokens.collect())
}
