//! The row that a group is recognised by when the answer to its commit was lost.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::rows::Rows;

/// A row that this group writes and no other would: every group has a new input, a copy or a
/// later verdict.
#[derive(Debug)]
pub(crate) enum Mark {
    Input {
        number: i64,
        digest: [u8; 32],
        recorded_at: DateTime<Utc>,
    },
    Copy {
        input: i64,
        number: i32,
        received_at: DateTime<Utc>,
        signature_timestamp: String,
    },
    Verdict {
        input: i64,
        number: i32,
        recorded_at: DateTime<Utc>,
    },
    /// An empty group: nothing to be lost.
    Nothing,
}

impl Rows {
    pub(crate) fn mark(&self, recorded_at: DateTime<Utc>) -> Mark {
        if let Some(input) = self.inputs.first() {
            return Mark::Input { number: input.number, digest: input.digest, recorded_at };
        }
        if let Some(copy) = self.copies.first() {
            return Mark::Copy {
                input: copy.input,
                number: copy.number,
                received_at: copy.received_at,
                signature_timestamp: copy.signed.timestamp.clone(),
            };
        }
        self.verdicts.first().map_or(Mark::Nothing, |verdict| Mark::Verdict {
            input: verdict.input,
            number: verdict.number,
            recorded_at,
        })
    }
}

impl Mark {
    pub(crate) async fn is_there(
        &self,
        connection: &mut PgConnection,
    ) -> Result<bool, sqlx::Error> {
        match self {
            Self::Input { number, digest, recorded_at } => {
                sqlx::query_scalar!(
                    r#"SELECT EXISTS (
                        SELECT FROM inputs WHERE number = $1 AND digest = $2 AND recorded_at = $3
                    ) AS "there!""#,
                    number,
                    digest.as_slice(),
                    recorded_at,
                )
                .fetch_one(connection)
                .await
            }
            Self::Copy { input, number, received_at, signature_timestamp } => {
                sqlx::query_scalar!(
                    r#"SELECT EXISTS (
                        SELECT FROM copies
                        WHERE input = $1 AND number = $2 AND received_at = $3
                            AND signature_timestamp = $4
                    ) AS "there!""#,
                    input,
                    number,
                    received_at,
                    signature_timestamp,
                )
                .fetch_one(connection)
                .await
            }
            Self::Verdict { input, number, recorded_at } => {
                sqlx::query_scalar!(
                    r#"SELECT EXISTS (
                        SELECT FROM verdicts WHERE input = $1 AND number = $2 AND recorded_at = $3
                    ) AS "there!""#,
                    input,
                    number,
                    recorded_at,
                )
                .fetch_one(connection)
                .await
            }
            Self::Nothing => Ok(true),
        }
    }
}
