//! Chaining a group's rows, arrival by arrival.

use std::collections::BTreeSet;

use chrono::DateTime;
use chrono::Utc;

use crate::ledger::arrival::Arrival;
use crate::ledger::arrival::ChargeFields;
use crate::ledger::arrival::CopyFields;
use crate::ledger::arrival::InputFields;
use crate::ledger::arrival::SignedFields;
use crate::ledger::arrival::VerdictFields;
use crate::ledger::rows::CopyRow;
use crate::ledger::rows::InputRow;
use crate::ledger::rows::Rows;
use crate::ledger::rows::Signed;
use crate::ledger::rows::UsageRow;
use crate::ledger::rows::VerdictRow;
use crate::ledger::rows::WitnessRow;
use crate::vault::Ref;

/// What arrivals brought about and has not been hashed yet: all in the order of arrivals.
struct Effects<'a> {
    verdicts: &'a [VerdictRow],
    witnesses: &'a [WitnessRow],
    usage: &'a [UsageRow],
}

impl Rows {
    /// Fills in the chain of every arrival and gives the last one.
    pub(crate) fn chain(&mut self, previous: &[u8], recorded_at: DateTime<Utc>) -> Vec<u8> {
        let mut effects =
            Effects { verdicts: &self.verdicts, witnesses: &self.witnesses, usage: &self.usage };
        let mut inputs = self.inputs.iter_mut().peekable();
        let mut copies = self.copies.iter_mut().peekable();
        let mut asked = Vec::new();
        let mut last = previous.to_vec();
        loop {
            let heads = [
                inputs.peek().map(|row| row.arrival),
                copies.peek().map(|row| row.arrival),
                effects.verdicts.first().filter(|row| row.chain.is_some()).map(|row| row.arrival),
            ];
            let Some(number) = heads.into_iter().flatten().min() else { break };
            let input = inputs.next_if(|row| row.arrival == number);
            let copy = copies.next_if(|row| row.arrival == number);
            let mut arrival = match (&input, &copy) {
                (Some(row), _) => of_input(row, &last, recorded_at),
                (None, Some(row)) => of_copy(row, &last),
                (None, None) => Arrival::of_asking(number, &last),
            };
            effects.put_into(&mut arrival, number, recorded_at);
            let chain = arrival.chain();
            match (input, copy) {
                (Some(row), _) => row.chain = chain,
                (None, Some(row)) => row.chain = chain,
                (None, None) => asked.push(chain),
            }
            last = chain.to_vec();
        }
        let rows = self.verdicts.iter_mut().filter(|row| row.chain.is_some());
        for (row, chain) in rows.zip(asked) {
            row.chain = Some(chain);
        }
        last
    }
}

impl Effects<'_> {
    fn put_into(&mut self, arrival: &mut Arrival, number: i64, recorded_at: DateTime<Utc>) {
        for row in take(&mut self.verdicts, |row| row.arrival == number) {
            arrival.verdict(&VerdictFields {
                input: row.input,
                number: row.number,
                verdict: row.verdict.as_str(),
                reason: row.reason,
                position: row.position,
                recorded_at,
            });
        }
        let witnesses = take(&mut self.witnesses, |row| row.arrival == number);
        let witnesses: BTreeSet<_> =
            witnesses.iter().map(|row| (row.reference.as_str(), row.sequence, row.input)).collect();
        for (reference, sequence, input) in witnesses {
            let sequence = i64::try_from(sequence).expect("sequences fit bigint");
            arrival.witness(reference, sequence, input);
        }
        for row in take(&mut self.usage, |row| row.arrival == number) {
            arrival.charge(&ChargeFields {
                reference: row.reference.as_str(),
                event_id: &row.event_id,
                input: row.input,
                used_at: row.used_at.to_datetime(),
            });
        }
    }
}

/// Takes the rows in front that belong here.
fn take<'a, T>(rows: &mut &'a [T], belongs: impl Fn(&T) -> bool) -> &'a [T] {
    let count = rows.iter().take_while(|row| belongs(row)).count();
    let (taken, rest) = rows.split_at(count);
    *rows = rest;
    taken
}

fn of_input(row: &InputRow, previous: &[u8], recorded_at: DateTime<Utc>) -> Arrival {
    let fields = InputFields {
        number: row.number,
        kind: row.kind,
        endpoint: &row.endpoint,
        digest: &row.digest,
        event_id: row.event_id.as_deref(),
        event_type: row.event_type.as_deref(),
        reference: row.reference.as_ref().map(Ref::as_str),
        received_at: row.received_at,
        recorded_at,
        signed: row.signed.as_ref().map(signed).unwrap_or_default(),
        conflict: row.conflict,
        verdict: row.verdict.as_str(),
        reason: row.reason,
        position: row.position,
    };
    Arrival::of_input(row.arrival, previous, &fields)
}

fn of_copy(row: &CopyRow, previous: &[u8]) -> Arrival {
    let fields = CopyFields {
        input: row.input,
        number: row.number,
        received_at: row.received_at,
        signed: signed(&row.signed),
    };
    Arrival::of_copy(row.arrival, previous, &fields)
}

fn signed(signed: &Signed) -> SignedFields<'_> {
    SignedFields {
        signature: Some(&signed.signature),
        timestamp: Some(&signed.timestamp),
        variant: Some(signed.key_variant.as_str()),
        fingerprint: Some(&signed.secret_fingerprint),
    }
}
