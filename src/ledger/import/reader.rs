//! A file, line by line: CSV whose first line names its columns, or JSON lines.

use std::io;
use std::io::BufRead;

use serde_json::Value;
use thiserror::Error;

use crate::ledger::import::Column;
use crate::ledger::import::Line;
use crate::ledger::import::Wrong;
use crate::ledger::import::csv;
use crate::ledger::import::line::Fields;
use crate::ledger::import::lines::Lines;
use crate::ledger::import::lines::Numbered;
use crate::smartpay::Expected;
use crate::smartpay::json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

/// Why a file cannot be read at all, or no further.
#[derive(Debug, Error)]
pub enum Unreadable {
    #[error("reading the file")]
    Io(#[from] io::Error),
    #[error("it is empty: the first line of CSV names the columns, such as token_id,consumer")]
    Empty,
    #[error("line {line}, which names the columns: {wrong}")]
    Columns { line: u64, wrong: Wrong },
    #[error("line {line}, which names the columns: one of them is none of {}", Column::names())]
    UnknownColumn { line: u64 },
    #[error("line {line}, which names the columns: {column} is there twice")]
    ColumnTwice { line: u64, column: Column },
    #[error("line {line}, which names the columns: {column} is not there")]
    ColumnMissing { line: u64, column: Column },
}

pub struct Reader<R> {
    lines: Lines<R>,
    /// Of CSV.
    columns: Option<Vec<Column>>,
    /// Looked at already.
    first: Option<Numbered>,
    expected: Expected,
}

impl<R: BufRead> Reader<R> {
    /// Without a format, the first line tells it.
    pub fn open(source: R, format: Option<Format>, expected: Expected) -> Result<Self, Unreadable> {
        let mut lines = Lines::new(source);
        let first = lines.read()?;
        let format = format.unwrap_or_else(|| guess(first.as_ref()));
        let (columns, first) = match format {
            Format::JsonLines => (None, first),
            Format::Csv => (Some(columns(first.ok_or(Unreadable::Empty)?)?), None),
        };
        Ok(Self { lines, columns, first, expected })
    }

    /// The next line and its number; none at the end.
    pub fn read_line(&mut self) -> io::Result<Option<(u64, Result<Line, Wrong>)>> {
        let next = match self.first.take() {
            Some(first) => Some(first),
            None => self.lines.read()?,
        };
        Ok(next.map(|(number, text)| (number, text.and_then(|text| self.line(&text)))))
    }

    fn line(&self, text: &str) -> Result<Line, Wrong> {
        let fields = match &self.columns {
            Some(columns) => of_csv(text, columns)?,
            None => of_json(text)?,
        };
        Line::of(fields, &self.expected)
    }
}

fn guess(first: Option<&Numbered>) -> Format {
    let text = first.and_then(|(_, text)| text.as_deref().ok()).unwrap_or_default();
    if text.trim_ascii_start().starts_with('{') { Format::JsonLines } else { Format::Csv }
}

fn columns((line, text): Numbered) -> Result<Vec<Column>, Unreadable> {
    let names = text.and_then(|text| csv::split(&text));
    let names = names.map_err(|wrong| Unreadable::Columns { line, wrong })?;
    let mut columns = Vec::new();
    for name in names {
        let column = Column::parse(&name).ok_or(Unreadable::UnknownColumn { line })?;
        if columns.contains(&column) {
            return Err(Unreadable::ColumnTwice { line, column });
        }
        columns.push(column);
    }
    for column in [Column::TokenId, Column::Consumer] {
        if !columns.contains(&column) {
            return Err(Unreadable::ColumnMissing { line, column });
        }
    }
    Ok(columns)
}

fn of_csv(text: &str, columns: &[Column]) -> Result<Fields, Wrong> {
    let fields = csv::split(text)?;
    if fields.len() != columns.len() {
        return Err(Wrong::Fields { found: fields.len(), named: columns.len() });
    }
    Ok(columns.iter().copied().zip(fields).collect())
}

fn of_json(text: &str) -> Result<Fields, Wrong> {
    let Value::Object(object) = json::read(text.as_bytes()).map_err(Wrong::Json)? else {
        return Err(Wrong::NotAnObject);
    };
    let mut fields = Fields::new();
    for (name, value) in object {
        let column = Column::parse(&name).ok_or(Wrong::UnknownField)?;
        match value {
            Value::String(text) => drop(fields.insert(column, text)),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                return Err(Wrong::NotAText(column));
            }
        }
    }
    Ok(fields)
}
