//! The rows of a range of arrivals, as they are stored.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::ledger::arrival::Arrival;
use crate::ledger::arrival::ChargeFields;
use crate::ledger::arrival::CopyFields;
use crate::ledger::arrival::InputFields;
use crate::ledger::arrival::SignedFields;
use crate::ledger::arrival::VerdictFields;

pub(super) struct InputRow {
    pub number: i64,
    kind: String,
    endpoint: String,
    digest: Vec<u8>,
    event_id: Option<String>,
    event_type: Option<String>,
    reference: Option<String>,
    received_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    signature: Option<String>,
    signature_timestamp: Option<String>,
    key_variant: Option<String>,
    secret_fingerprint: Option<String>,
    conflict: bool,
    verdict: String,
    reason: Option<String>,
    position: Option<i64>,
    pub arrival: i64,
    pub chain: Vec<u8>,
}

pub(super) struct CopyRow {
    pub input: i64,
    number: i32,
    received_at: DateTime<Utc>,
    signature: String,
    signature_timestamp: String,
    key_variant: String,
    secret_fingerprint: String,
    pub arrival: i64,
    pub chain: Vec<u8>,
}

pub(super) struct VerdictRow {
    pub input: i64,
    number: i32,
    verdict: String,
    reason: Option<String>,
    position: Option<i64>,
    recorded_at: DateTime<Utc>,
    pub arrival: i64,
    /// Where the row is an arrival of its own.
    pub chain: Option<Vec<u8>>,
}

struct WitnessRow {
    reference: String,
    sequence: i64,
    input: i64,
    arrival: i64,
}

struct ChargeRow {
    reference: String,
    event_id: String,
    input: i64,
    used_at: DateTime<Utc>,
    arrival: i64,
}

/// What arrivals brought about, by arrival.
pub(super) struct Effects {
    verdicts: BTreeMap<i64, Vec<VerdictRow>>,
    witnesses: BTreeMap<i64, Vec<WitnessRow>>,
    charges: BTreeMap<i64, Vec<ChargeRow>>,
}

impl InputRow {
    pub(super) fn fields(&self) -> InputFields<'_> {
        InputFields {
            number: self.number,
            kind: &self.kind,
            endpoint: &self.endpoint,
            digest: &self.digest,
            event_id: self.event_id.as_deref(),
            event_type: self.event_type.as_deref(),
            reference: self.reference.as_deref(),
            received_at: self.received_at,
            recorded_at: self.recorded_at,
            signed: SignedFields {
                signature: self.signature.as_deref(),
                timestamp: self.signature_timestamp.as_deref(),
                variant: self.key_variant.as_deref(),
                fingerprint: self.secret_fingerprint.as_deref(),
            },
            conflict: self.conflict,
            verdict: &self.verdict,
            reason: self.reason.as_deref(),
            position: self.position,
        }
    }
}

impl CopyRow {
    pub(super) fn fields(&self) -> CopyFields<'_> {
        CopyFields {
            input: self.input,
            number: self.number,
            received_at: self.received_at,
            signed: SignedFields {
                signature: Some(&self.signature),
                timestamp: Some(&self.signature_timestamp),
                variant: Some(&self.key_variant),
                fingerprint: Some(&self.secret_fingerprint),
            },
        }
    }
}

impl Effects {
    /// Hashes those of one arrival, and lets go of them.
    pub(super) fn put_into(&mut self, mut hash: Arrival, arrival: i64) -> Arrival {
        for row in self.verdicts.remove(&arrival).unwrap_or_default() {
            hash.verdict(&VerdictFields {
                input: row.input,
                number: row.number,
                verdict: &row.verdict,
                reason: row.reason.as_deref(),
                position: row.position,
                recorded_at: row.recorded_at,
            });
        }
        for row in self.witnesses.remove(&arrival).unwrap_or_default() {
            hash.witness(&row.reference, row.sequence, row.input);
        }
        for row in self.charges.remove(&arrival).unwrap_or_default() {
            hash.charge(&ChargeFields {
                reference: &row.reference,
                event_id: &row.event_id,
                input: row.input,
                used_at: row.used_at,
            });
        }
        hash
    }

    /// Verdicts that somebody asked for: arrivals themselves.
    pub(super) fn asked(&self) -> impl Iterator<Item = (i64, i64, Vec<u8>)> {
        self.verdicts.values().flatten().filter_map(|row| {
            row.chain.as_ref().map(|chain| (row.arrival, row.input, chain.clone()))
        })
    }

    /// Table and arrival of what belongs to no input and no copy.
    pub(super) fn left(&self) -> Vec<(&'static str, i64)> {
        let of = |table, arrivals: Vec<i64>| arrivals.into_iter().map(move |a| (table, a));
        of("verdicts", self.verdicts.keys().copied().collect())
            .chain(of("witnesses", self.witnesses.keys().copied().collect()))
            .chain(of("usage", self.charges.keys().copied().collect()))
            .collect()
    }
}

pub(super) async fn inputs(
    connection: &mut PgConnection,
    first: i64,
    last: i64,
) -> sqlx::Result<Vec<InputRow>> {
    sqlx::query_as!(
        InputRow,
        "SELECT
            number, kind, endpoint, digest, event_id, type AS event_type, ref AS reference,
            received_at, recorded_at, signature, signature_timestamp, key_variant,
            secret_fingerprint, conflict, verdict, reason, position, arrival, chain
        FROM inputs
        WHERE arrival BETWEEN $1 AND $2",
        first,
        last,
    )
    .fetch_all(connection)
    .await
}

pub(super) async fn copies(
    connection: &mut PgConnection,
    first: i64,
    last: i64,
) -> sqlx::Result<Vec<CopyRow>> {
    sqlx::query_as!(
        CopyRow,
        "SELECT
            input, number, received_at, signature, signature_timestamp, key_variant,
            secret_fingerprint, arrival, chain
        FROM copies
        WHERE arrival BETWEEN $1 AND $2",
        first,
        last,
    )
    .fetch_all(connection)
    .await
}

pub(super) async fn effects(
    connection: &mut PgConnection,
    first: i64,
    last: i64,
) -> sqlx::Result<Effects> {
    let verdicts = sqlx::query_as!(
        VerdictRow,
        "SELECT input, number, verdict, reason, position, recorded_at, arrival, chain
        FROM verdicts
        WHERE arrival BETWEEN $1 AND $2
        ORDER BY input, number",
        first,
        last,
    )
    .fetch_all(&mut *connection)
    .await?;
    let witnesses = sqlx::query_as!(
        WitnessRow,
        "SELECT ref AS reference, sequence, input, arrival
        FROM witnesses
        WHERE arrival BETWEEN $1 AND $2
        ORDER BY ref, sequence, input",
        first,
        last,
    )
    .fetch_all(&mut *connection)
    .await?;
    let charges = sqlx::query_as!(
        ChargeRow,
        "SELECT ref AS reference, event_id, input, used_at, arrival
        FROM usage
        WHERE arrival BETWEEN $1 AND $2
        ORDER BY ref, event_id",
        first,
        last,
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(Effects {
        verdicts: by_arrival(verdicts, |row| row.arrival),
        witnesses: by_arrival(witnesses, |row| row.arrival),
        charges: by_arrival(charges, |row| row.arrival),
    })
}

fn by_arrival<T>(rows: Vec<T>, arrival: impl Fn(&T) -> i64) -> BTreeMap<i64, Vec<T>> {
    let mut by_arrival: BTreeMap<i64, Vec<T>> = BTreeMap::new();
    for row in rows {
        by_arrival.entry(arrival(&row)).or_default().push(row);
    }
    by_arrival
}
