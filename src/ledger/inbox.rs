//! Looking at deliveries: the verdict that holds now, the earlier ones, the copies.
//!
//! Deliberately absent: bodies and token ids, which stay sealed.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal::Position;
use crate::ledger::Verdict;

/// More copies than these are counted, not listed.
pub const COPIES_LISTED_MAX: i64 = 100;

/// A delivery as lists show it, with the verdict that holds now.
#[derive(Clone, Debug)]
pub struct DeliveryRecord {
    pub number: i64,
    pub endpoint: String,
    pub event_id: Option<String>,
    pub kind: Option<String>,
    pub reference: Option<String>,
    pub received_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub conflict: bool,
    pub verdict: String,
    pub reason: Option<String>,
    pub position: Option<Position>,
    pub copies: i64,
}

impl DeliveryRecord {
    /// The number behind such a name.
    pub fn number_of(id: &str) -> Option<i64> {
        let digits = id.strip_prefix("in_")?;
        let canonical =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        digits.parse().ok().filter(|_| canonical)
    }

    /// As people name it.
    pub fn id(&self) -> String {
        format!("in_{}", self.number)
    }

    pub fn verdict(&self) -> Verdict {
        Verdict::parse(&self.verdict).expect("the table's check admits known verdicts only")
    }
}

/// How a delivery was signed, and what it said by digest.
#[derive(Clone, Debug)]
pub struct Proof {
    pub digest: Vec<u8>,
    pub signature_timestamp: String,
    pub key_variant: String,
    pub secret_fingerprint: String,
    /// False once the body was destroyed: the digest is what is left of it.
    pub body_kept: bool,
}

/// One verdict of a delivery, the first being number 0.
#[derive(Clone, Debug)]
pub struct GivenVerdict {
    pub number: i32,
    pub verdict: String,
    pub reason: Option<String>,
    pub position: Option<Position>,
    pub recorded_at: DateTime<Utc>,
}

/// A delivery with all that is known of it.
#[derive(Clone, Debug)]
pub struct DeliveryDetails {
    pub record: DeliveryRecord,
    pub proof: Proof,
    pub verdicts: Vec<GivenVerdict>,
    /// When the first [`COPIES_LISTED_MAX`] copies came.
    pub copies_received_at: Vec<DateTime<Utc>>,
}

/// Which deliveries: newest first, older than `before`.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryFilter {
    pub verdict: Option<Verdict>,
    pub before: i64,
    pub limit: i64,
}

/// Deliveries, newest first.
pub async fn list(
    connection: &mut PgConnection,
    filter: DeliveryFilter,
) -> Result<Vec<DeliveryRecord>, sqlx::Error> {
    // Only what was quarantined or ignored is ever decided anew, so that the first verdict, which
    // is indexed, narrows the search for the one that holds now.
    let first = match filter.verdict {
        None => Verdict::ALL.to_vec(),
        Some(verdict) => vec![verdict, Verdict::Quarantined, Verdict::Ignored],
    };
    let first: Vec<String> = first.into_iter().map(|verdict| verdict.as_str().to_owned()).collect();
    sqlx::query_as!(
        DeliveryRecord,
        r#"SELECT
            inputs.number,
            inputs.endpoint,
            inputs.event_id,
            inputs.type AS kind,
            inputs.ref AS reference,
            inputs.received_at,
            inputs.recorded_at,
            inputs.conflict,
            coalesce(later.verdict, inputs.verdict) AS "verdict!",
            CASE WHEN later.verdict IS NULL THEN inputs.reason ELSE later.reason END AS reason,
            CASE WHEN later.verdict IS NULL THEN inputs.position ELSE later.position END AS position,
            (SELECT count(*) FROM copies WHERE copies.input = inputs.number) AS "copies!"
        FROM inputs
        LEFT JOIN LATERAL (
            SELECT verdicts.verdict, verdicts.reason, verdicts.position
            FROM verdicts
            WHERE verdicts.input = inputs.number
            ORDER BY verdicts.number DESC
            LIMIT 1
        ) later ON true
        WHERE inputs.kind = 'delivery'
            AND inputs.number < $1
            AND inputs.verdict = ANY($2)
            AND coalesce($3, coalesce(later.verdict, inputs.verdict))
                = coalesce(later.verdict, inputs.verdict)
        ORDER BY inputs.number DESC
        LIMIT $4"#,
        filter.before,
        &first,
        filter.verdict.map(Verdict::as_str),
        filter.limit,
    )
    .fetch_all(connection)
    .await
}

/// One delivery, or none of that number.
pub async fn find(
    connection: &mut PgConnection,
    number: i64,
) -> Result<Option<DeliveryDetails>, sqlx::Error> {
    let newest = DeliveryFilter { verdict: None, before: number.saturating_add(1), limit: 1 };
    let found = list(connection, newest).await?.into_iter().find(|record| record.number == number);
    let Some(record) = found else { return Ok(None) };
    let proof = sqlx::query_as!(
        Proof,
        r#"SELECT
            digest,
            signature_timestamp AS "signature_timestamp!",
            key_variant AS "key_variant!",
            secret_fingerprint AS "secret_fingerprint!",
            EXISTS (
                SELECT FROM sealed_bodies WHERE sealed_bodies.input = inputs.number
            ) AS "body_kept!"
        FROM inputs
        WHERE number = $1"#,
        number,
    )
    .fetch_one(&mut *connection)
    .await?;
    let verdicts = verdicts(connection, number).await?;
    let copies_received_at = sqlx::query_scalar!(
        "SELECT received_at FROM copies WHERE input = $1 ORDER BY number LIMIT $2",
        number,
        COPIES_LISTED_MAX,
    )
    .fetch_all(connection)
    .await?;
    Ok(Some(DeliveryDetails { record, proof, verdicts, copies_received_at }))
}

/// Every verdict in the order in which they were given.
async fn verdicts(
    connection: &mut PgConnection,
    number: i64,
) -> Result<Vec<GivenVerdict>, sqlx::Error> {
    sqlx::query_as!(
        GivenVerdict,
        r#"SELECT
            0 AS "number!",
            verdict AS "verdict!",
            reason,
            position,
            recorded_at AS "recorded_at!"
        FROM inputs
        WHERE number = $1
        UNION ALL
        SELECT number, verdict, reason, position, recorded_at
        FROM verdicts
        WHERE input = $1
        ORDER BY 1"#,
        number,
    )
    .fetch_all(connection)
    .await
}
