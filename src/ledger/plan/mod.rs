//! Deciding a group in memory: from what was loaded and what came, the rows to write and the
//! receipts to give. No I/O; the only randomness is salts and nonces.

mod answer;
mod append;
mod claim;
mod delivery;
mod fuse;
mod reprocess;
mod settle;

pub(crate) use fuse::adds_absence;

use std::collections::HashMap;
use std::collections::HashSet;

use chrono::DateTime;
use chrono::Utc;

use crate::journal::Position;
use crate::ledger::Gone;
use crate::ledger::Identified;
use crate::ledger::Receipt;
use crate::ledger::Says;
use crate::ledger::Submission;
use crate::ledger::Verdict;
use crate::ledger::loaded::Head;
use crate::ledger::loaded::KnownToken;
use crate::ledger::loaded::Loaded;
use crate::ledger::loaded::Touched;
use crate::ledger::rows::InputRow;
use crate::ledger::rows::Rows;
use crate::ledger::submission::Content;
use crate::projections::tokens::TokenRow;
use crate::token::ClaimOrigin;
use crate::token::Command;
use crate::token::Decision;
use crate::token::Token;
use crate::vault::Ref;
use crate::vault::Vault;

/// The rules, as a value: [`crate::token::decide`], or in a test one that panics.
pub(crate) type Rules = fn(&Token, &Command) -> Decision;

/// A group on its way: numbers move, rows gather.
pub(crate) struct Plan<'a> {
    pub head: Head,
    /// `max(clock, last recorded_at)`: times of the record never go back.
    pub recorded_at: DateTime<Utc>,
    pub rows: Rows,
    loaded: Loaded,
    vault: &'a Vault,
    rules: Rules,
    changed: HashSet<Ref>,
}

/// What became of one input.
struct Outcome {
    verdict: Verdict,
    reason: Option<&'static str>,
    position: Option<Position>,
}

/// An input that came without a signature: an answer of the API, or our own knowledge.
struct Unsigned<'a> {
    kind: &'static str,
    /// The call that was answered.
    call: Option<&'a str>,
    digest: &'a [u8; 32],
    received_at: DateTime<Utc>,
    token: Option<&'a Identified>,
    body: &'a [u8],
}

impl<'a> Plan<'a> {
    pub(crate) fn new(
        head: Head,
        loaded: Loaded,
        vault: &'a Vault,
        rules: Rules,
        now: DateTime<Utc>,
    ) -> Self {
        let recorded_at = now.max(head.recorded_at);
        let rows = Rows::default();
        Self { head, recorded_at, rows, loaded, vault, rules, changed: HashSet::new() }
    }

    /// Decides the submissions in the order of their arrival.
    pub(crate) fn decide(&mut self, group: &[Submission]) -> Vec<Receipt> {
        let mut receipts: Vec<Receipt> = group
            .iter()
            .map(|submission| match submission {
                Submission::Delivery(delivery) => {
                    self.head.arrival += 1;
                    self.deliver(delivery)
                }
                Submission::Claim(claimed) => self.claim(claimed),
                Submission::Answered(answered) => self.answer(answered),
                Submission::Reprocess(reprocessing) => self.reprocess(reprocessing),
            })
            .collect();
        for receipt in &mut receipts {
            receipt.as_of = self.head.position;
        }
        receipts
    }

    /// Hashes what was taken down, arrival by arrival.
    pub(crate) fn chain(&mut self) {
        self.head.chain = self.rows.chain(&self.head.chain, self.recorded_at);
    }

    /// The projection rows that changed, in an order that all writers share.
    pub(crate) fn token_rows(&self) -> Vec<&TokenRow> {
        let mut rows: Vec<&TokenRow> = self
            .changed
            .iter()
            .filter_map(|reference| self.loaded.tokens.get(reference)?.row.as_ref())
            .collect();
        rows.sort_by_key(|row| row.position);
        rows
    }

    /// The tokens as the group leaves them.
    pub(crate) fn into_tokens(self) -> HashMap<Ref, KnownToken> {
        self.loaded.tokens
    }

    /// Its row and its sealed body.
    fn keep_unsigned(&mut self, number: i64, came: &Unsigned<'_>, outcome: &Outcome) -> Receipt {
        let Outcome { verdict, reason, position } = *outcome;
        let reference = self.known_ref(came.token);
        self.keep_body(number, reference.as_ref(), came.body);
        self.rows.inputs.push(InputRow {
            number,
            kind: came.kind,
            endpoint: String::new(),
            digest: *came.digest,
            event_id: None,
            event_type: came.call.map(str::to_owned),
            reference,
            received_at: came.received_at,
            signed: None,
            conflict: false,
            verdict,
            reason,
            position,
            arrival: self.head.arrival,
            chain: [0; 32],
        });
        Receipt { input: number, verdict, reason, position, as_of: 0, copy: false }
    }

    fn next_input(&mut self) -> i64 {
        self.head.input += 1;
        self.head.input
    }
}

/// What the group will want to know.
pub(crate) fn touched(group: &[Submission]) -> Touched {
    let mut touched = Touched::default();
    for submission in group {
        let token = match submission {
            Submission::Answered(answered) => {
                touched.absences |= matches!(answered.says, Says::Absent(Gone::Found { .. }));
                answered.token.as_ref()
            }
            Submission::Claim(claimed) => {
                if claimed.claim.origin == ClaimOrigin::Import {
                    touched.imports.push(claimed.digest);
                }
                Some(&claimed.token)
            }
            Submission::Delivery(delivery) => {
                if let Some(event_id) = delivery.content.event_id() {
                    touched.event_ids.push(event_id.to_string());
                }
                touch_delivery(&mut touched, &delivery.endpoint, delivery.digest, &delivery.content)
            }
            Submission::Reprocess(old) => {
                touch_delivery(&mut touched, &old.endpoint, old.digest, &old.content)
            }
        };
        touched.refs.extend(token.map(|token| token.reference.clone()));
    }
    touched
}

fn touch_delivery<'a>(
    touched: &mut Touched,
    endpoint: &str,
    digest: [u8; 32],
    content: &'a Content,
) -> Option<&'a Identified> {
    touched.deliveries.push((endpoint.to_owned(), digest));
    if let Content::Used { event_id, token, .. } = content {
        touched.uses.push((token.reference.to_string(), event_id.to_string()));
    }
    content.token()
}
