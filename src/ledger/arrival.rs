//! The chain of arrivals: a hash of everything that an input or a copy wrote beside events.
//!
//! One arrival is one time that something came. Its hash covers its row, the verdict, witnesses and
//! charges that it brought about, and the hash of the arrival before: so that each byte of these
//! tables can be checked, and one hash stands for all of them.

use chrono::DateTime;
use chrono::Utc;

use crate::canonical::Canonical;

/// Names the form of the hash.
const FORM: &str = "tokenledger/arrival/1";

/// The hash of one arrival while it is put together: the row first, then the verdict, then
/// witnesses and charges in the order of their keys.
pub(crate) struct Arrival(Canonical);

/// A row of `inputs`.
pub(crate) struct InputFields<'a> {
    pub number: i64,
    pub kind: &'a str,
    pub endpoint: &'a str,
    pub digest: &'a [u8],
    pub event_id: Option<&'a str>,
    pub event_type: Option<&'a str>,
    pub reference: Option<&'a str>,
    pub received_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    pub signed: SignedFields<'a>,
    pub conflict: bool,
    pub verdict: &'a str,
    pub reason: Option<&'a str>,
    pub position: Option<i64>,
}

/// What inputs and copies keep of a signature; imports have none.
#[derive(Clone, Copy, Default)]
pub(crate) struct SignedFields<'a> {
    pub signature: Option<&'a str>,
    pub timestamp: Option<&'a str>,
    pub variant: Option<&'a str>,
    pub fingerprint: Option<&'a str>,
}

/// A row of `copies`.
pub(crate) struct CopyFields<'a> {
    pub input: i64,
    pub number: i32,
    pub received_at: DateTime<Utc>,
    pub signed: SignedFields<'a>,
}

/// A row of `verdicts`.
pub(crate) struct VerdictFields<'a> {
    pub input: i64,
    pub number: i32,
    pub verdict: &'a str,
    pub reason: Option<&'a str>,
    pub position: Option<i64>,
    pub recorded_at: DateTime<Utc>,
}

/// A row of `usage`.
pub(crate) struct ChargeFields<'a> {
    pub reference: &'a str,
    pub event_id: &'a str,
    pub input: i64,
    pub used_at: DateTime<Utc>,
}

impl Arrival {
    pub(crate) fn of_input(arrival: i64, previous: &[u8], row: &InputFields<'_>) -> Self {
        let mut hash = begin(arrival, previous, "input");
        hash.number(row.number);
        hash.text(row.kind);
        hash.text(row.endpoint);
        hash.bytes(row.digest);
        hash.optional_text(row.event_id);
        hash.optional_text(row.event_type);
        hash.optional_text(row.reference);
        hash.time(row.received_at);
        hash.time(row.recorded_at);
        signed(&mut hash, row.signed);
        hash.flag(row.conflict);
        hash.text(row.verdict);
        hash.optional_text(row.reason);
        hash.optional_number(row.position);
        Self(hash)
    }

    pub(crate) fn of_copy(arrival: i64, previous: &[u8], row: &CopyFields<'_>) -> Self {
        let mut hash = begin(arrival, previous, "copy");
        hash.number(row.input);
        hash.number(row.number.into());
        hash.time(row.received_at);
        signed(&mut hash, row.signed);
        Self(hash)
    }

    /// Nothing came, but somebody asked for a new verdict, which is all there is to it.
    pub(crate) fn of_asking(arrival: i64, previous: &[u8]) -> Self {
        Self(begin(arrival, previous, "asking"))
    }

    pub(crate) fn verdict(&mut self, row: &VerdictFields<'_>) {
        self.0.text("verdict");
        self.0.number(row.input);
        self.0.number(row.number.into());
        self.0.text(row.verdict);
        self.0.optional_text(row.reason);
        self.0.optional_number(row.position);
        self.0.time(row.recorded_at);
    }

    pub(crate) fn witness(&mut self, reference: &str, sequence: i64, input: i64) {
        self.0.text("witness");
        self.0.text(reference);
        self.0.number(sequence);
        self.0.number(input);
    }

    pub(crate) fn charge(&mut self, row: &ChargeFields<'_>) {
        self.0.text("charge");
        self.0.text(row.reference);
        self.0.text(row.event_id);
        self.0.number(row.input);
        self.0.time(row.used_at);
    }

    pub(crate) fn chain(self) -> [u8; 32] {
        self.0.finish()
    }
}

fn begin(arrival: i64, previous: &[u8], what: &str) -> Canonical {
    let mut hash = Canonical::new(FORM);
    hash.bytes(previous);
    hash.number(arrival);
    hash.text(what);
    hash
}

fn signed(hash: &mut Canonical, signed: SignedFields<'_>) {
    hash.optional_text(signed.signature);
    hash.optional_text(signed.timestamp);
    hash.optional_text(signed.variant);
    hash.optional_text(signed.fingerprint);
}
