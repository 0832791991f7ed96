//! A large ledger, made in the database itself: each token claimed once by an import. Rows agree
//! with each other as the service would have written them; only what is sealed or hashed is chance.
#![expect(clippy::disallowed_methods, reason = "rows in bulk, which no program of ours writes")]

use anyhow::Context;
use sqlx::PgConnection;

use crate::questions;

/// Each takes the number of tokens as `$1`. In this order, since bodies would refer to inputs.
const STATEMENTS: [&str; 5] = [
    "INSERT INTO ledger.inputs (
        number, kind, endpoint, digest, ref, received_at, recorded_at, conflict, verdict, position,
        arrival, chain
    )
    SELECT
        n, 'import', '', sha256(n::text::bytea), 'tok_test_' || lpad(n::text, 22, '0'),
        recorded_at, recorded_at, false, 'applied', n, n, sha256(n::text::bytea)
    FROM generate_series(1, $1::bigint) n, ledger.head",
    "INSERT INTO ledger.vault (ref, salt, sealed_id, masked_id)
    SELECT
        'tok_test_' || lpad(n::text, 22, '0'), substr(sha256(n::text::bytea), 1, 16),
        sha256(n::text::bytea) || sha256(n::text::bytea), 'paytok_test_…' || right(n::text, 2)
    FROM generate_series(1, $1::bigint) n",
    "INSERT INTO ledger.events (
        aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
        position, occurred_at, recorded_at, leaf_hash
    )
    SELECT
        'token', 'tok_test_' || lpad(n::text, 22, '0'), 1, 'SessionCreated', '1',
        ('{\"type\":\"SessionCreated\",\"at\":1700000000000,\"basis\":\"claim\",\
            \"session\":\"checkout_test_' || n || '\",\"consumer\":\"C-' || n / 2 || '\"}')::json,
        ('{\"kind\":\"import\",\"id\":\"in_' || n || '\",\"input\":\"' || n || '\"}')::json,
        n, to_timestamp(1700000000), recorded_at, sha256(n::text::bytea)
    FROM generate_series(1, $1::bigint) n, ledger.head",
    "INSERT INTO ledger.tokens (
        ref, status, consumer, session, sequence, position, first_position, created_at, since,
        occurred_at, recorded_at, anomalies
    )
    SELECT
        'tok_test_' || lpad(n::text, 22, '0'), 'awaiting_authorization', 'C-' || n / 2,
        'checkout_test_' || n, 1, n, n, to_timestamp(1700000000), to_timestamp(1700000000),
        to_timestamp(1700000000), recorded_at, 0
    FROM generate_series(1, $1::bigint) n, ledger.head",
    "UPDATE ledger.head SET position = $1, input = $1, arrival = $1",
];

pub(crate) async fn fill(connection: &mut PgConnection, tokens: u64) -> anyhow::Result<()> {
    for statement in STATEMENTS {
        sqlx::query(statement)
            .bind(i64::try_from(tokens)?)
            .execute(&mut *connection)
            .await
            .context("filling the ledger")?;
    }
    sqlx::query("VACUUM ANALYZE").execute(&mut *connection).await?;
    let wanted = [questions::reference(1), questions::reference(tokens)];
    let found: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.tokens WHERE ref = ANY($1)")
        .bind(wanted.as_slice())
        .fetch_one(connection)
        .await?;
    anyhow::ensure!(found == 2, "the seed and the questions name tokens differently");
    Ok(())
}
