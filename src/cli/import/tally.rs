//! What became of the lines: counted, and the first wrong ones named.

use serde_json::Value;
use serde_json::json;

use tokenledger::ledger::Receipt;
use tokenledger::ledger::Verdict;
use tokenledger::ledger::import::Line;
use tokenledger::ledger::import::SUPERSEDED;
use tokenledger::ledger::import::Wrong;

use crate::cli::exit::Exit;
use crate::cli::import::source::Batch;
use crate::cli::options::Format;
use crate::cli::output::Printer;
use crate::cli::output::Row;

/// More wrong lines than these are counted, not named.
const WRONG_NAMED_MAX: usize = 100;

pub(super) struct Tally<'a> {
    /// None where nothing is recorded.
    run: Option<&'a str>,
    printer: &'a Printer,
    read: u64,
    recorded: u64,
    /// The ledger said so already.
    known: u64,
    /// Of those known, the ones that were corrected since.
    superseded: u64,
    wrong: u64,
    named: Vec<(u64, Wrong)>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(run: Option<&'a str>, printer: &'a Printer) -> Self {
        let named = Vec::new();
        Self { run, printer, read: 0, recorded: 0, known: 0, superseded: 0, wrong: 0, named }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.read == 0
    }

    pub(super) fn is_good(&self) -> bool {
        self.wrong == 0
    }

    /// Counts a batch, says what is wrong in it, and gives the lines that are right.
    pub(super) fn take(&mut self, batch: Batch) -> Vec<Line> {
        let mut lines = Vec::with_capacity(batch.len());
        for (number, line) in batch {
            self.read += 1;
            match line {
                Ok(line) => lines.push(line),
                Err(wrong) => {
                    self.wrong += 1;
                    if self.named.len() < WRONG_NAMED_MAX {
                        self.printer.clear_progress();
                        self.printer.say(&format!("line {number}: {wrong}"));
                        self.named.push((number, wrong));
                    }
                }
            }
        }
        self.printer.progress(&format!("{} lines read, {} wrong", self.read, self.wrong));
        lines
    }

    pub(super) fn count(&mut self, receipt: &Receipt) {
        let new = !receipt.copy && receipt.verdict == Verdict::Applied;
        self.recorded += u64::from(new);
        self.known += u64::from(!new);
        self.superseded += u64::from(receipt.reason == Some(SUPERSEDED));
    }

    pub(super) fn show(&self) -> Result<(), Exit> {
        let printer = self.printer;
        printer.clear_progress();
        let unnamed = self.wrong - u64::try_from(self.named.len()).unwrap_or(self.wrong);
        if unnamed > 0 {
            printer.say(&format!("and {unnamed} more wrong lines"));
        }
        if self.superseded > 0 {
            printer.say(&format!(
                "{} lines were imported before and corrected since: the correction stands",
                self.superseded
            ));
        }
        if self.run.is_none() {
            printer.say("nothing was recorded: this was a dry run");
        }
        if printer.quiet && self.run.is_none() {
            return Ok(());
        }
        match printer.format {
            Format::Json | Format::Jsonl if !printer.quiet => printer.json(&self.document()),
            Format::Table | Format::Plain | Format::Json | Format::Jsonl => {
                let row = Row {
                    id: self.run.unwrap_or("none").to_owned(),
                    cells: [self.read, self.recorded, self.known, self.wrong]
                        .map(|count| count.to_string())
                        .to_vec(),
                    json: Value::Null,
                };
                printer.listing(&["read", "recorded", "already there", "wrong"], vec![row], &[])
            }
        }
    }

    fn document(&self) -> Value {
        let named = self.named.iter();
        let named = named.map(|(line, wrong)| json!({"line": line, "reason": wrong.to_string()}));
        json!({
            "run": self.run,
            "read": self.read,
            "recorded": self.recorded,
            "known": self.known,
            "superseded": self.superseded,
            "wrong": self.wrong,
            "wrong_lines": named.collect::<Vec<_>>(),
        })
    }
}
