//! A table for people and one JSON object for machines.

use std::fmt::Write;

use serde_json::Value;
use serde_json::json;

use crate::shared::load::Measured;

/// The lines of the table.
#[derive(Default)]
pub(crate) struct Rows(Vec<Row>);

/// One line of the table.
pub(crate) struct Row {
    pub(crate) variant: &'static str,
    pub(crate) connections: usize,
    pub(crate) measured: Measured,
    pub(crate) memory_kib: u64,
}

/// A ratio that is to be reached, or not to be exceeded.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) hundredths: u64,
    pub(crate) goal: Goal,
}

#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(u64),
    AtMost(u64),
}

impl Rows {
    /// Rounds of the same are one row.
    pub(crate) fn keep(&mut self, row: Row) {
        let same =
            |known: &&mut Row| known.variant == row.variant && known.connections == row.connections;
        match self.0.iter_mut().find(same) {
            Some(known) => {
                known.memory_kib = known.memory_kib.max(row.memory_kib);
                known.measured = std::mem::take(&mut known.measured).after(row.measured);
            }
            None => self.0.push(row),
        }
    }

    pub(crate) fn find(&self, variant: &str, connections: usize) -> Option<&Row> {
        self.0.iter().find(|row| row.variant == variant && row.connections == connections)
    }
}

impl Target {
    /// `number / of`, in hundredths.
    pub(crate) fn ratio(name: &'static str, number: u64, of: u64, goal: Goal) -> Self {
        Self { name, hundredths: (number * 100).checked_div(of).unwrap_or_default(), goal }
    }

    fn is_met(&self) -> bool {
        match self.goal {
            Goal::AtLeast(least) => self.hundredths >= least,
            Goal::AtMost(most) => self.hundredths <= most,
        }
    }

    fn line(&self) -> String {
        let word = if self.is_met() { "met" } else { "MISSED" };
        let (sign, bound) = match self.goal {
            Goal::AtLeast(least) => ("≥", least),
            Goal::AtMost(most) => ("≤", most),
        };
        format!("{word:>6}  {}: {} {sign} {}", self.name, decimal(self.hundredths), decimal(bound))
    }
}

pub(crate) fn table(rows: &Rows, targets: &[Target]) -> String {
    let mut text = format!(
        "{:<28} {:>5} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8}\n",
        "variant", "conns", "per s", "p50 ms", "p99 ms", "refused", "MiB", "svc µs", "db µs"
    );
    for row in &rows.0 {
        let Row { variant, connections, measured, memory_kib } = row;
        let (service_us, database_us) = measured.cpu_us_each();
        let line = format!(
            "{variant:<28} {connections:>5} {:>9} {:>9} {:>9} {:>8} {:>8} {service_us:>8} \
             {database_us:>8}\n",
            measured.per_second(),
            millis(measured.percentile_us(50)),
            millis(measured.percentile_us(99)),
            measured.refused,
            memory_kib / 1024,
        );
        text.push_str(&line);
    }
    for target in targets {
        writeln!(text, "{}", target.line()).expect("a string takes all that is written");
    }
    text
}

pub(crate) fn json(rows: &Rows, targets: &[Target]) -> Value {
    let rows: Vec<Value> = rows
        .0
        .iter()
        .map(|row| {
            json!({
                "variant": row.variant,
                "connections": row.connections,
                "answered": row.measured.answered,
                "refused": row.measured.refused,
                "per_second": row.measured.per_second(),
                "p50_us": row.measured.percentile_us(50),
                "p99_us": row.measured.percentile_us(99),
                "memory_kib": row.memory_kib,
                "service_cpu_us_each": row.measured.cpu_us_each().0,
                "database_cpu_us_each": row.measured.cpu_us_each().1,
            })
        })
        .collect();
    let targets: Vec<Value> = targets
        .iter()
        .map(|target| {
            json!({
                "name": target.name,
                "hundredths": target.hundredths,
                "met": target.is_met(),
            })
        })
        .collect();
    json!({ "rows": rows, "targets": targets })
}

/// Shows that it goes on.
#[expect(clippy::print_stderr, reason = "beside the benchmark's output")]
pub(crate) fn progress(line: &str) {
    eprintln!("{line}");
}

fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn millis(us: u64) -> String {
    format!("{}.{:02}", us / 1000, us % 1000 / 10)
}
