//! Acts: what people or the service did to the ledger itself, each chained to the one before.

use chrono::DateTime;
use chrono::Utc;

use crate::canonical::Canonical;

/// Names the form of the hash.
const FORM: &str = "tokenledger/act/1";

/// Before the first act, and before the first arrival.
pub const CHAIN_BEGINS: [u8; 32] = [0; 32];

/// One act, as its row says it.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    pub number: i64,
    pub kind: &'a str,
    pub actor: &'a str,
    pub reason: &'a str,
    /// JSON, hashed as it is stored.
    pub details: &'a str,
    pub recorded_at: DateTime<Utc>,
}

impl Act<'_> {
    /// Over every column, and the chain of the act before.
    pub fn chain(&self, previous: &[u8]) -> [u8; 32] {
        let mut hash = Canonical::new(FORM);
        hash.bytes(previous);
        hash.number(self.number);
        hash.text(self.kind);
        hash.text(self.actor);
        hash.text(self.reason);
        hash.text(self.details);
        hash.time(self.recorded_at);
        hash.finish()
    }
}
