//! The rows a group writes, and writing them: one `unnest` per table that has any.

mod chain;
mod events;
mod evidence;
mod inputs;
mod mark;
mod sealed;
mod words;

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::journal::Entry;
use crate::journal::Position;
use crate::ledger::Delivery;
use crate::ledger::Verdict;
use crate::ledger::answered::Wanted;
use crate::ledger::intents;
use crate::ledger::intents::Settled;
use crate::smartpay::keys::KeyVariant;
use crate::token::ProviderTime;
use crate::token::Sequence;
use crate::token::Word;
use crate::vault::Ref;
use crate::vault::Salt;

pub(crate) use mark::Mark;

#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub inputs: Vec<InputRow>,
    pub bodies: Vec<BodyRow>,
    pub copies: Vec<CopyRow>,
    pub verdicts: Vec<VerdictRow>,
    pub entries: Vec<Entry>,
    pub witnesses: Vec<WitnessRow>,
    pub usage: Vec<UsageRow>,
    pub vault: Vec<VaultRow>,
    /// As the group leaves them; none where the word is gone.
    pub words: BTreeMap<Ref, Option<WordRow>>,
    pub readings_due: Vec<Due>,
    pub served: Vec<Served>,
    pub settled: Vec<Settled>,
}

#[derive(Debug)]
pub(crate) struct InputRow {
    pub number: i64,
    pub kind: &'static str,
    pub endpoint: String,
    pub digest: [u8; 32],
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    pub reference: Option<Ref>,
    pub received_at: DateTime<Utc>,
    pub signed: Option<Signed>,
    pub conflict: bool,
    pub verdict: Verdict,
    pub reason: Option<&'static str>,
    pub position: Option<Position>,
    pub arrival: i64,
    /// Computed when the group is complete.
    pub chain: [u8; 32],
}

/// What is needed to verify the MAC once more, together with the body and the kept secret.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub signature: String,
    pub timestamp: String,
    pub key_variant: KeyVariant,
    pub secret_fingerprint: String,
}

#[derive(Debug)]
pub(crate) struct BodyRow {
    pub input: i64,
    pub reference: Option<Ref>,
    pub own_salt: Option<Salt>,
    pub sealed: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct CopyRow {
    pub input: i64,
    pub number: i32,
    pub received_at: DateTime<Utc>,
    pub signed: Signed,
    pub arrival: i64,
    /// Computed when the group is complete.
    pub chain: [u8; 32],
}

#[derive(Debug)]
pub(crate) struct VerdictRow {
    pub input: i64,
    pub number: i32,
    pub verdict: Verdict,
    pub reason: Option<&'static str>,
    pub position: Option<Position>,
    pub arrival: i64,
    /// Where nothing came and somebody asked, the row is an arrival of its own.
    pub chain: Option<[u8; 32]>,
}

#[derive(Debug)]
pub(crate) struct WitnessRow {
    pub reference: Ref,
    pub sequence: Sequence,
    pub input: i64,
    pub arrival: i64,
}

#[derive(Debug)]
pub(crate) struct UsageRow {
    pub reference: Ref,
    pub event_id: String,
    pub input: i64,
    pub used_at: ProviderTime,
    pub arrival: i64,
}

#[derive(Debug)]
pub(crate) struct VaultRow {
    pub reference: Ref,
    pub salt: Salt,
    pub sealed_id: Vec<u8>,
    pub masked_id: String,
}

/// What the newest reading said, and when it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WordRow {
    pub word: Word,
    pub input: i64,
    pub read_at: DateTime<Utc>,
}

/// A wanted reading that was taken.
#[derive(Debug)]
pub(crate) struct Served {
    pub reference: Ref,
    pub wanted: Wanted,
}

/// A reading that is wanted.
#[derive(Debug)]
pub(crate) struct Due {
    pub reference: Ref,
    pub cause: &'static str,
}

impl Signed {
    pub(crate) fn of(delivery: &Delivery) -> Self {
        Self {
            signature: delivery.signature.clone(),
            timestamp: delivery.signature_timestamp.clone(),
            key_variant: delivery.key_variant,
            secret_fingerprint: delivery.secret_fingerprint.clone(),
        }
    }
}

impl Rows {
    /// Writes everything but the projections and the head.
    pub(crate) async fn insert(
        &self,
        connection: &mut PgConnection,
        recorded_at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        inputs::insert_inputs(connection, &self.inputs, recorded_at).await?;
        sealed::insert_vault(connection, &self.vault).await?;
        sealed::insert_bodies(connection, &self.bodies).await?;
        inputs::insert_copies(connection, &self.copies).await?;
        inputs::insert_verdicts(connection, &self.verdicts, recorded_at).await?;
        events::insert_entries(connection, &self.entries).await?;
        evidence::insert_witnesses(connection, &self.witnesses).await?;
        evidence::insert_usage(connection, &self.usage).await?;
        words::upsert(connection, &self.words).await?;
        words::clear(connection, &self.words).await?;
        evidence::insert_readings_due(connection, &self.readings_due, recorded_at).await?;
        // Afterwards: what is asked for again in this very group stays open.
        words::close_served(connection, &self.served).await?;
        intents::settle(connection, &self.settled, recorded_at).await
    }
}
