//! Tokens as they stand, for one who does not hold the head and wants to know what an answer would
//! change. The door alone decides.

use std::collections::HashMap;

use anyhow::Context;
use sqlx::postgres::PgConnection;

use crate::ledger::loaded::KnownToken;
use crate::ledger::loaded::Loaded;
use crate::ledger::loaded::load_streams;
use crate::ledger::loaded::load_tokens;
use crate::vault::Ref;

/// Those that are known in any way; at most as many as one question should load.
pub(crate) async fn look(
    connection: &mut PgConnection,
    refs: &[String],
) -> anyhow::Result<HashMap<Ref, KnownToken>> {
    let mut loaded = Loaded::default();
    load_tokens(connection, refs, &mut loaded).await.context("looking at tokens")?;
    load_streams(connection, refs, &mut loaded).await.context("looking at streams")?;
    Ok(loaded.tokens)
}
