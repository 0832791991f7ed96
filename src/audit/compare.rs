//! The projection `tokens` compared with the fold of all events, token by token.

use sha2::Digest;
use sha2::Sha256;
use sqlx::postgres::PgConnection;

use crate::audit::Snapshot;
use crate::audit::fold;
use crate::audit::fold::Columns;
use crate::audit::fold::Pair;
use crate::journal::Position;

/// So many differing tokens are named; the rest is counted.
const DIFFERING_MAX: usize = 100;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pub events: i64,
    pub last_position: Position,
    pub equal: i64,
    pub changed: i64,
    /// The events tell of it, the projection does not.
    pub missing: i64,
    /// The projection has it, the events do not.
    pub extra: i64,
    /// Over all rows in the order of their refs.
    pub digest_folded: [u8; 32],
    pub digest_stored: [u8; 32],
    /// The first [`DIFFERING_MAX`].
    pub differing: Vec<Differing>,
}

/// A token whose row is not the fold of its events.
#[derive(Clone, Debug)]
pub struct Differing {
    pub reference: String,
    pub expected: String,
    pub found: String,
}

impl Comparison {
    pub fn is_equal(&self) -> bool {
        self.changed == 0 && self.missing == 0 && self.extra == 0
    }
}

/// Folds every event of the snapshot. A partial read is an error and never a result.
pub async fn compare_tokens(snapshot: &mut Snapshot) -> anyhow::Result<Comparison> {
    anyhow::ensure!(
        !snapshot.unreadable,
        "the ledger holds times that cannot be read: run `tokenledger verify --only times`"
    );
    let comparison = compare(&mut snapshot.connection, snapshot.step).await?;
    let head = snapshot.head.position;
    anyhow::ensure!(
        comparison.events == head && comparison.last_position == head,
        "{} events up to position {} were read, but the head is at position {head}: the record \
         itself is damaged, run `tokenledger verify --only positions`",
        comparison.events,
        comparison.last_position,
    );
    Ok(comparison)
}

pub(super) async fn compare(
    connection: &mut PgConnection,
    limit: i64,
) -> anyhow::Result<Comparison> {
    let mut comparison = Comparison::default();
    let (mut folded, mut stored) = (Sha256::new(), Sha256::new());
    let mut after = String::new();
    loop {
        let step = fold::step(connection, &after, limit).await?;
        let Some((end, _)) = step.tokens.last_key_value() else { break };
        after.clone_from(end);
        comparison.events += step.events;
        comparison.last_position = comparison.last_position.max(step.last_position);
        for (reference, pair) in &step.tokens {
            if let Some(Ok(columns)) = &pair.folded {
                digest(&mut folded, reference, columns);
            }
            if let Some(columns) = &pair.stored {
                digest(&mut stored, reference, columns);
            }
            comparison.take(reference, pair);
        }
    }
    comparison.digest_folded = folded.finalize().into();
    comparison.digest_stored = stored.finalize().into();
    Ok(comparison)
}

impl Comparison {
    fn take(&mut self, reference: &str, pair: &Pair) {
        let (expected, found) = match (&pair.folded, &pair.stored) {
            (Some(Ok(folded)), Some(stored)) if folded == stored => {
                self.equal += 1;
                return;
            }
            (Some(Ok(folded)), Some(stored)) => {
                self.changed += 1;
                differences(folded, stored)
            }
            (Some(Err(words)), _) => {
                self.changed += 1;
                ("events that can be folded".to_owned(), words.clone())
            }
            (Some(Ok(_)), None) => {
                self.missing += 1;
                ("a row".to_owned(), "none".to_owned())
            }
            (None, Some(_) | None) => {
                self.extra += 1;
                ("no row, since it has no events".to_owned(), "a row".to_owned())
            }
        };
        if self.differing.len() < DIFFERING_MAX {
            let reference = reference.to_owned();
            self.differing.push(Differing { reference, expected, found });
        }
    }
}

/// The columns that differ, with both values.
fn differences(folded: &Columns, stored: &Columns) -> (String, String) {
    let differing = || folded.iter().zip(stored).filter(|(folded, stored)| folded != stored);
    let words = |(column, value): &(&str, Option<String>)| {
        format!("{column} {}", value.as_deref().unwrap_or("none"))
    };
    let expected: Vec<String> = differing().map(|(folded, _)| words(folded)).collect();
    let found: Vec<String> = differing().map(|(_, stored)| words(stored)).collect();
    (expected.join(", "), found.join(", "))
}

fn digest(hash: &mut Sha256, reference: &str, columns: &Columns) {
    let mut field = |text: Option<&str>| {
        let length = text.map_or(-1, |text| i64::try_from(text.len()).expect("a text is short"));
        hash.update(length.to_be_bytes());
        hash.update(text.unwrap_or_default());
    };
    field(Some(reference));
    for (_, value) in columns {
        field(value.as_deref());
    }
}
