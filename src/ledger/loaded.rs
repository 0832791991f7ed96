//! What a group needs to know before it decides, read under the head's lock.

use std::collections::HashMap;
use std::collections::HashSet;

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal;
use crate::journal::Happening;
use crate::journal::Position;
use crate::ledger::Asked;
use crate::ledger::Verdict;
use crate::ledger::import;
use crate::ledger::import::KnownImport;
use crate::ledger::recent::Recent;
use crate::projections::tokens::TokenRow;
use crate::smartpay::Reason;
use crate::token::ProviderTime;
use crate::token::Token;
use crate::token::Word;
use crate::vault::Ref;
use crate::vault::Salt;

/// The numbers given out last, and the transaction that holds the lock.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub position: Position,
    pub input: i64,
    pub arrival: i64,
    /// Of the last arrival.
    pub chain: Vec<u8>,
    pub recorded_at: DateTime<Utc>,
    pub incarnation: i32,
    /// `pg_current_xact_id()`: tells after a lost connection whether the commit happened.
    pub transaction: String,
}

/// Which inputs, event ids, tokens and uses a group touches.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    pub deliveries: Vec<(String, [u8; 32])>,
    pub event_ids: Vec<String>,
    pub refs: HashSet<Ref>,
    pub uses: Vec<(String, String)>,
    /// Digests of lines.
    pub imports: Vec<[u8; 32]>,
    /// Whether a token was found to be gone.
    pub absences: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// By (endpoint, digest).
    pub inputs: HashMap<(String, [u8; 32]), KnownInput>,
    /// Digests of the bodies known under each provider event id.
    pub event_ids: HashMap<String, HashSet<[u8; 32]>>,
    pub tokens: HashMap<Ref, KnownToken>,
    /// (ref, event id) of charges already counted.
    pub uses: HashSet<(String, String)>,
    /// By digest.
    pub imports: HashMap<[u8; 32], KnownImport>,
    /// Those recorded lately, if the group holds any.
    pub absences: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct KnownInput {
    pub number: i64,
    pub verdict: Verdict,
    pub reason: Option<&'static str>,
    pub position: Option<Position>,
    pub copies: i32,
    pub verdicts: i32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct KnownToken {
    /// The fold; none while the ledger holds no event of the token.
    pub row: Option<TokenRow>,
    /// Positions of its events, by sequence.
    pub positions: Vec<Position>,
    /// Zeros before the first event.
    pub last_leaf: [u8; 32],
    pub word: Option<Word>,
    /// Number of the reading that gave the word.
    pub word_input: Option<i64>,
    /// None while the vault does not hold its id.
    pub salt: Option<Salt>,
}

impl KnownToken {
    /// The aggregate as the rules want it: events and word.
    pub(crate) fn token(&self) -> Token {
        let token = self.row.as_ref().map(|row| row.token().clone()).unwrap_or_default();
        token.with_word(self.word)
    }

    /// Whether it stands as it stood when somebody asked: nothing was recorded since, neither an
    /// event nor a word.
    pub(crate) fn stood_when(&self, asked: Asked) -> bool {
        self.positions.last().is_none_or(|last| *last <= asked.position)
            && self.word_input.is_none_or(|input| input <= asked.input)
    }

    /// One more event, read or just decided.
    pub(crate) fn follow(&mut self, happening: Happening) {
        self.positions.push(happening.position);
        self.last_leaf = happening.leaf_hash;
        self.row = Some(TokenRow::follow(self.row.take(), happening));
    }
}

/// Locks the head. Must be the first statement of its transaction: only then does every later
/// statement see all that earlier holders committed.
pub(crate) async fn lock_head(connection: &mut PgConnection) -> Result<Head, sqlx::Error> {
    sqlx::query_as!(
        Head,
        r#"SELECT
            position,
            input,
            arrival,
            chain,
            recorded_at,
            incarnation,
            pg_current_xact_id()::text AS "transaction!"
        FROM head
        FOR UPDATE"#
    )
    .fetch_one(connection)
    .await
}

/// Tokens that the last groups left are not read again.
pub(crate) async fn load(
    connection: &mut PgConnection,
    touched: &Touched,
    recent: &mut Recent,
) -> anyhow::Result<Loaded> {
    let mut loaded = Loaded::default();
    load_inputs(connection, touched, &mut loaded).await.context("loading known inputs")?;
    let mut others = Vec::new();
    for reference in &touched.refs {
        match recent.take(reference) {
            Some(token) => drop(loaded.tokens.insert(reference.clone(), token)),
            None => others.push(reference.to_string()),
        }
    }
    if !others.is_empty() {
        load_tokens(connection, &others, &mut loaded).await.context("loading tokens")?;
        load_streams(connection, &others, &mut loaded).await.context("loading streams")?;
    }
    if !touched.uses.is_empty() {
        load_uses(connection, touched, &mut loaded).await.context("loading uses")?;
    }
    if !touched.imports.is_empty() {
        loaded.imports =
            import::load(connection, &touched.imports).await.context("loading known imports")?;
    }
    Ok(loaded)
}

/// The limit of one keeps each wanted delivery a lookup of its own in the index. As a plain join it
/// became a scan of all deliveries while statistics knew of none.
async fn load_inputs(
    connection: &mut PgConnection,
    touched: &Touched,
    loaded: &mut Loaded,
) -> anyhow::Result<()> {
    let digests: Vec<Vec<u8>> =
        touched.deliveries.iter().map(|(_, digest)| digest.to_vec()).collect();
    let endpoints: Vec<String> =
        touched.deliveries.iter().map(|(endpoint, _)| endpoint.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT
            inputs.number,
            inputs.endpoint,
            inputs.digest,
            inputs.event_id,
            coalesce(later.verdict, inputs.verdict) AS "verdict!",
            CASE WHEN later.verdict IS NULL THEN inputs.reason ELSE later.reason END AS reason,
            CASE WHEN later.verdict IS NULL THEN inputs.position ELSE later.position END AS position,
            coalesce(later.number, 0) AS "verdicts!",
            (SELECT count(*)::integer FROM copies WHERE copies.input = inputs.number) AS "copies!"
        FROM (
            SELECT number FROM inputs WHERE event_id = ANY($1)
            UNION
            SELECT known.number
            FROM unnest($2::text[], $3::bytea[]) AS wanted (endpoint, digest)
            CROSS JOIN LATERAL (
                SELECT number FROM inputs
                WHERE kind = 'delivery' AND endpoint = wanted.endpoint AND digest = wanted.digest
                LIMIT 1
            ) known
        ) found
        JOIN inputs ON inputs.number = found.number
        LEFT JOIN LATERAL (
            SELECT * FROM verdicts WHERE verdicts.input = inputs.number
            ORDER BY verdicts.number DESC LIMIT 1
        ) later ON true"#,
        &touched.event_ids,
        &endpoints,
        &digests,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let digest = <[u8; 32]>::try_from(row.digest)
            .map_err(|bytes| anyhow::anyhow!("a digest of {} bytes", bytes.len()))?;
        if let Some(event_id) = row.event_id {
            loaded.event_ids.entry(event_id).or_default().insert(digest);
        }
        let known = KnownInput {
            number: row.number,
            verdict: Verdict::parse(&row.verdict).context("a verdict that is none")?,
            reason: row.reason.as_deref().and_then(Reason::parse).map(Reason::as_str),
            position: row.position,
            copies: row.copies,
            verdicts: row.verdicts,
        };
        loaded.inputs.insert((row.endpoint, digest), known);
    }
    Ok(())
}

pub(super) async fn load_tokens(
    connection: &mut PgConnection,
    refs: &[String],
    loaded: &mut Loaded,
) -> anyhow::Result<()> {
    let rows = sqlx::query!(
        r#"SELECT
            vault.ref,
            vault.salt,
            words.said AS "said?",
            words.at AS "at?",
            words.input AS "input?"
        FROM vault
        LEFT JOIN words ON words.ref = vault.ref
        WHERE vault.ref = ANY($1)"#,
        refs,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let token = loaded.tokens.entry(Ref::parse(&row.r#ref)?).or_default();
        token.salt = Some(salt(&row.salt)?);
        token.word = match (row.said, row.at) {
            (Some(said), Some(at)) => Some(Word {
                heard: said.parse()?,
                at: ProviderTime::from_millis(at.timestamp_millis()),
            }),
            _ => None,
        };
        token.word_input = row.input;
    }
    Ok(())
}

pub(super) async fn load_streams(
    connection: &mut PgConnection,
    refs: &[String],
    loaded: &mut Loaded,
) -> anyhow::Result<()> {
    for happening in journal::streams(connection, refs).await? {
        loaded.tokens.entry(happening.reference.clone()).or_default().follow(happening);
    }
    Ok(())
}

async fn load_uses(
    connection: &mut PgConnection,
    touched: &Touched,
    loaded: &mut Loaded,
) -> anyhow::Result<()> {
    let (refs, event_ids): (Vec<String>, Vec<String>) = touched.uses.iter().cloned().unzip();
    let rows = sqlx::query!(
        "SELECT usage.ref, usage.event_id
        FROM unnest($1::text[], $2::text[]) AS wanted (ref, event_id)
        JOIN usage ON usage.ref = wanted.ref AND usage.event_id = wanted.event_id",
        &refs,
        &event_ids,
    )
    .fetch_all(connection)
    .await?;
    loaded.uses = rows.into_iter().map(|row| (row.r#ref, row.event_id)).collect();
    Ok(())
}

fn salt(bytes: &[u8]) -> anyhow::Result<Salt> {
    Ok(Salt::from_bytes(bytes.try_into().context("a salt of another length")?))
}
