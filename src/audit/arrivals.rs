//! The chain of arrivals, computed again: every byte of inputs, copies, verdicts, witnesses and
//! charges is in it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::arrival_rows;
use crate::audit::arrival_rows::CopyRow;
use crate::audit::arrival_rows::InputRow;
use crate::audit::report::counted;
use crate::audit::report::short;
use crate::database::CHAIN_BEGINS;
use crate::ledger::arrival::Arrival;

/// What came: new, or once more.
enum Came {
    Input(Box<InputRow>),
    Copy(CopyRow),
    /// Nothing came: a verdict on this input was asked for.
    Asking {
        input: i64,
        chain: Vec<u8>,
    },
}

/// Everything with an arrival in one range.
struct Range {
    came: BTreeMap<i64, Came>,
    /// Arrivals of which something came and something was asked for.
    twice: Vec<i64>,
    effects: arrival_rows::Effects,
}

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Arrivals);
    let head = snapshot.head.arrival;
    let (mut inputs, mut copies) = (0, 0);
    let mut previous = CHAIN_BEGINS.to_vec();
    let mut expected = 1;
    // What lies before the first and behind the last is read with them.
    let (mut first, mut last) = (i64::MIN, snapshot.step.min(head));
    loop {
        let end = if last >= head { i64::MAX } else { last };
        let mut range = read(&mut snapshot.connection, first, end).await?;
        for (arrival, came) in &range.came {
            if *arrival != expected {
                let found = format!("none: the next is arrival {arrival}");
                report.find(place(expected), "an input or a copy", found);
            }
            expected = arrival + 1;
            let hash = match came {
                Came::Input(row) => {
                    inputs += 1;
                    Arrival::of_input(*arrival, &previous, &row.fields())
                }
                Came::Copy(row) => {
                    copies += 1;
                    Arrival::of_copy(*arrival, &previous, &row.fields())
                }
                Came::Asking { .. } => Arrival::of_asking(*arrival, &previous),
            };
            let (number, chain) = came.number_and_chain();
            let computed = range.effects.put_into(hash, *arrival).chain();
            if computed.as_slice() != chain {
                let of = Place::Input(number);
                report.find(
                    of,
                    format!(
                        "a chain of {} at arrival {arrival}, which the stored rows hash to",
                        short(&computed)
                    ),
                    format!("a chain of {}", short(chain)),
                );
            }
            // The stored one: so that one changed row is one finding.
            previous = chain.to_vec();
        }
        for arrival in &range.twice {
            let found = "a verdict with a chain of its own beside it";
            report.find(place(*arrival), "one row of an arrival", found);
        }
        for (table, arrival) in range.effects.left() {
            let found = format!("a row with arrival {arrival}");
            report.find(Place::Object(table.to_owned()), "rows of arrivals that there are", found);
        }
        if last >= head {
            break;
        }
        (first, last) = (last + 1, (last + snapshot.step).min(head));
    }
    let same = expected == head + 1 && previous == snapshot.head.chain;
    if !same {
        report.find(
            place(expected.min(head + 1)),
            format!("the last arrival {head} with the chain that the head has"),
            format!("the last arrival {} with another", expected - 1),
        );
    }
    let words = format!("{} inputs and {} copies chained", counted(inputs), counted(copies));
    Ok(report.looked_at(words))
}

impl Came {
    fn number_and_chain(&self) -> (i64, &[u8]) {
        match self {
            Self::Input(row) => (row.number, &row.chain),
            Self::Copy(row) => (row.input, &row.chain),
            Self::Asking { input, chain } => (*input, chain),
        }
    }
}

fn place(arrival: i64) -> Place {
    Place::Object(format!("arrival {arrival}"))
}

async fn read(connection: &mut PgConnection, first: i64, last: i64) -> anyhow::Result<Range> {
    let mut came = BTreeMap::new();
    for row in arrival_rows::inputs(connection, first, last).await? {
        came.insert(row.arrival, Came::Input(Box::new(row)));
    }
    for row in arrival_rows::copies(connection, first, last).await? {
        let arrival = row.arrival;
        anyhow::ensure!(
            came.insert(arrival, Came::Copy(row)).is_none(),
            "arrival {arrival} is both an input and a copy"
        );
    }
    let effects = arrival_rows::effects(connection, first, last).await?;
    let mut twice = Vec::new();
    for (arrival, input, chain) in effects.asked() {
        match came.entry(arrival) {
            Entry::Vacant(free) => drop(free.insert(Came::Asking { input, chain })),
            Entry::Occupied(_) => twice.push(arrival),
        }
    }
    Ok(Range { came, twice, effects })
}
