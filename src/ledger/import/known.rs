//! Which lines were imported before.

use std::collections::HashMap;

use anyhow::Context;
use sqlx::postgres::PgConnection;

use crate::journal::Position;
use crate::ledger::Verdict;

#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownImport {
    pub number: i64,
    pub verdict: Verdict,
    pub position: Option<Position>,
}

/// By digest. The limit of one keeps each a lookup of its own in the index.
pub(crate) async fn load(
    connection: &mut PgConnection,
    digests: &[[u8; 32]],
) -> anyhow::Result<HashMap<[u8; 32], KnownImport>> {
    let digests: Vec<Vec<u8>> = digests.iter().map(|digest| digest.to_vec()).collect();
    let rows = sqlx::query!(
        "SELECT known.number, known.digest, known.verdict, known.position
        FROM unnest($1::bytea[]) AS wanted (digest)
        CROSS JOIN LATERAL (
            SELECT number, digest, verdict, position FROM inputs
            WHERE kind = 'import' AND digest = wanted.digest
            LIMIT 1
        ) known",
        &digests,
    )
    .fetch_all(connection)
    .await?;
    let known = rows.into_iter().map(|row| {
        let digest = <[u8; 32]>::try_from(row.digest)
            .map_err(|bytes| anyhow::anyhow!("a digest of {} bytes", bytes.len()))?;
        let verdict = Verdict::parse(&row.verdict).context("a verdict that is none")?;
        Ok((digest, KnownImport { number: row.number, verdict, position: row.position }))
    });
    known.collect()
}
