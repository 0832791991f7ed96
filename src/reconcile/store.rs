//! The table `runs`.

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::reconcile::ending::Ending;
use crate::reconcile::options::Options;
use crate::reconcile::run::Counts;
use crate::reconcile::run::Run;
use crate::reconcile::run::State;
use crate::smartpay::client::PageToken;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Salt;
use crate::vault::Vault;

struct Row {
    number: i64,
    id: String,
    state: String,
    ending: Option<String>,
    actor: String,
    dry_run: bool,
    settle_seconds: i64,
    accept: Option<i64>,
    started_at: DateTime<Utc>,
    moved_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    position: i64,
    tokens: i64,
    deleted: i64,
    absences_allowed: i64,
    absences_before: i64,
    listed_all: bool,
    digest: Vec<u8>,
    pages: i64,
    listed: i64,
    calls: i64,
    matched: i64,
    different: i64,
    recorded: i64,
    only_at_smartpay: i64,
    absent: i64,
    in_flight: i64,
    unattributed: i64,
    unreadable: i64,
}

/// How large the ledger is: all tokens, and those of them that are deleted.
pub(super) async fn size(connection: &mut PgConnection) -> Result<(i64, i64), sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "tokens!", count(*) FILTER (WHERE status = 'deleted') AS "deleted!"
        FROM tokens"#
    )
    .fetch_one(connection)
    .await?;
    Ok((row.tokens, row.deleted))
}

pub(super) async fn insert(connection: &mut PgConnection, run: &Run) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO runs (
            id, state, actor, dry_run, settle_seconds, accept, started_at, moved_at, position,
            tokens, deleted, absences_allowed, absences_before, listed_all, digest, pages, listed,
            calls, matched, different, recorded, only_at_smartpay, absent, in_flight, unattributed,
            unreadable
        )
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12, false, $13, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0
        )",
        run.id,
        run.state.as_str(),
        run.actor,
        run.options.dry_run,
        i64::try_from(run.options.settle.as_secs()).unwrap_or(i64::MAX),
        run.options.accept.map(i64::from),
        run.started_at,
        run.position,
        run.tokens,
        run.deleted,
        run.absences_allowed,
        run.absences_before,
        run.digest.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where it stands now.
pub(super) async fn save(
    connection: &mut PgConnection,
    vault: &Vault,
    run: &Run,
) -> Result<(), sqlx::Error> {
    let salt = Salt::random();
    let sealed = run
        .page
        .as_ref()
        .map(|page| vault.seal(&place(&run.id), NO_TOKEN, &salt, page.expose().as_bytes()));
    let counts = &run.counts;
    sqlx::query!(
        "UPDATE runs SET
            state = $2, ending = $3, moved_at = $4, ended_at = $5, listed_all = $6, digest = $7,
            pages = $8, listed = $9, calls = $10, matched = $11, different = $12, recorded = $13,
            only_at_smartpay = $14, absent = $15, in_flight = $16, unattributed = $17,
            unreadable = $18, page_salt = $19, page_sealed = $20, absences_before = $21
        WHERE id = $1",
        run.id,
        run.state.as_str(),
        run.ending.map(Ending::as_str),
        run.moved_at,
        run.ended_at,
        run.listed_all,
        run.digest.as_slice(),
        counts.pages,
        counts.listed,
        counts.calls,
        counts.matched,
        counts.different,
        counts.recorded,
        counts.only_at_smartpay,
        counts.absent,
        counts.in_flight,
        counts.unattributed,
        counts.unreadable,
        sealed.as_ref().map(|_| salt.as_bytes().as_slice()),
        sealed.as_deref(),
        run.absences_before,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The page with which a run goes on.
pub(super) async fn page(
    connection: &mut PgConnection,
    vault: &Vault,
    id: &str,
) -> anyhow::Result<Option<PageToken>> {
    let row = sqlx::query!("SELECT page_salt, page_sealed FROM runs WHERE id = $1", id)
        .fetch_one(connection)
        .await?;
    let (Some(salt), Some(sealed)) = (row.page_salt, row.page_sealed) else { return Ok(None) };
    let salt = Salt::try_from(salt.as_slice())?;
    let text = vault.unseal(&place(id), NO_TOKEN, &salt, &sealed)?;
    Ok(Some(PageToken::parse(str::from_utf8(&text).context("a kept page token is no text")?)?))
}

pub async fn find(connection: &mut PgConnection, id: &str) -> anyhow::Result<Option<Run>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT number, id, state, ending, actor, dry_run, settle_seconds, accept, started_at, moved_at,
            ended_at, position, tokens, deleted, absences_allowed, absences_before, listed_all,
            digest, pages, listed, calls, matched, different, recorded, only_at_smartpay, absent,
            in_flight, unattributed, unreadable
        FROM runs
        WHERE id = $1",
        id,
    )
    .fetch_optional(connection)
    .await?;
    row.map(Run::try_from).transpose()
}

/// The newest of those before a number, at most `limit`.
pub async fn newest(
    connection: &mut PgConnection,
    before: i64,
    limit: i64,
) -> anyhow::Result<Vec<Run>> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT number, id, state, ending, actor, dry_run, settle_seconds, accept, started_at, moved_at,
            ended_at, position, tokens, deleted, absences_allowed, absences_before, listed_all,
            digest, pages, listed, calls, matched, different, recorded, only_at_smartpay, absent,
            in_flight, unattributed, unreadable
        FROM runs
        WHERE number < $1
        ORDER BY number DESC
        LIMIT $2",
        before,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// The newest that got through and was no dry run.
pub async fn last_done(connection: &mut PgConnection) -> anyhow::Result<Option<Run>> {
    let row = sqlx::query_scalar!(
        "SELECT id FROM runs WHERE state = 'done' AND NOT dry_run
        ORDER BY number DESC LIMIT 1",
    )
    .fetch_optional(&mut *connection)
    .await?;
    match row {
        Some(id) => find(connection, &id).await,
        None => Ok(None),
    }
}

fn place(run: &str) -> Place<'_> {
    Place { table: "runs", row: run, field: "page" }
}

impl TryFrom<Row> for Run {
    type Error = anyhow::Error;

    fn try_from(row: Row) -> Result<Self, anyhow::Error> {
        let ending = row.ending.as_deref().map(|word| Ending::parse(word).context("no ending"));
        let options = Options {
            dry_run: row.dry_run,
            settle: std::time::Duration::from_secs(row.settle_seconds.unsigned_abs()),
            accept: row.accept.and_then(|accept| u32::try_from(accept).ok()),
        };
        let counts = Counts {
            pages: row.pages,
            listed: row.listed,
            calls: row.calls,
            matched: row.matched,
            different: row.different,
            recorded: row.recorded,
            only_at_smartpay: row.only_at_smartpay,
            absent: row.absent,
            in_flight: row.in_flight,
            unattributed: row.unattributed,
            unreadable: row.unreadable,
        };
        Ok(Self {
            number: row.number,
            id: row.id,
            state: State::parse(&row.state).context("a word that is no state of a run")?,
            ending: ending.transpose()?,
            actor: row.actor,
            options,
            started_at: row.started_at,
            moved_at: row.moved_at,
            ended_at: row.ended_at,
            position: row.position,
            tokens: row.tokens,
            deleted: row.deleted,
            absences_allowed: row.absences_allowed,
            absences_before: row.absences_before,
            listed_all: row.listed_all,
            page: None,
            digest: row.digest.as_slice().try_into().context("a digest of another length")?,
            counts,
        })
    }
}
