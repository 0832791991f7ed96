//! An old delivery, read again from its sealed body, to be decided anew by the rules of today.
//!
//! The event-id header is not kept, and is not asked about again: the body was signed.

use sqlx::postgres::PgConnection;
use thiserror::Error;

use crate::ledger::Content;
use crate::smartpay::Expected;
use crate::smartpay::Mode;
use crate::smartpay::notice;
use crate::token::ProviderTime;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Salt;
use crate::vault::UnsealError;
use crate::vault::Vault;

/// A delivery by its identity, what its body says now, and who asked.
#[derive(Clone, Debug)]
pub struct Reprocessing {
    pub(crate) endpoint: String,
    pub(crate) digest: [u8; 32],
    pub(crate) content: Content,
    pub(crate) actor: String,
}

/// How bodies are read: as at the webhook's route.
#[derive(Clone, Copy, Debug)]
pub struct BodyReader<'a> {
    pub vault: &'a Vault,
    pub mode: Mode,
    pub window_ms: i64,
}

#[derive(Debug, Error)]
pub enum ReprocessError {
    #[error("the ledger holds no such delivery")]
    Unknown,
    #[error("the delivery's body was destroyed: only its digest is left, which says nothing new")]
    BodyDestroyed,
    #[error("the delivery's sealed body does not open")]
    Sealed(#[from] UnsealError),
    #[error("the database could not be asked for the delivery")]
    Database(#[from] sqlx::Error),
}

impl Reprocessing {
    pub async fn of(
        connection: &mut PgConnection,
        reader: &BodyReader<'_>,
        number: i64,
        actor: String,
    ) -> Result<Self, ReprocessError> {
        let row = sqlx::query!(
            r#"SELECT
                inputs.endpoint,
                inputs.digest,
                inputs.received_at,
                sealed_bodies.ref AS "sealed_for?",
                sealed_bodies.sealed AS "sealed?",
                coalesce(sealed_bodies.salt, vault.salt) AS salt
            FROM inputs
            LEFT JOIN sealed_bodies ON sealed_bodies.input = inputs.number
            LEFT JOIN vault ON vault.ref = sealed_bodies.ref
            WHERE inputs.number = $1 AND inputs.kind = 'delivery'"#,
            number,
        )
        .fetch_optional(connection)
        .await?
        .ok_or(ReprocessError::Unknown)?;
        let (Some(sealed), Some(salt)) = (row.sealed, row.salt) else {
            return Err(ReprocessError::BodyDestroyed);
        };
        let place = Place { table: "sealed_bodies", row: &number.to_string(), field: "body" };
        let subject = row.sealed_for.as_deref().unwrap_or(NO_TOKEN);
        let salt = Salt::try_from(salt.as_slice())?;
        let body = reader.vault.unseal(&place, subject, &salt, &sealed)?;
        let expected = Expected {
            mode: reader.mode,
            received_at: ProviderTime::from_millis(row.received_at.timestamp_millis()),
            window_ms: reader.window_ms,
        };
        let content = Content::of(notice::read(&body, &expected), reader.mode, reader.vault);
        let digest = row.digest.try_into().expect("the table's check admits 32 bytes only");
        Ok(Self { endpoint: row.endpoint, digest, content, actor })
    }
}
