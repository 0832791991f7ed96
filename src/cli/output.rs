//! Data on stdout in the form that was asked for, talk on stderr.

use std::io::ErrorKind;
use std::io::IsTerminal;
use std::io::Write;

use chrono::DateTime;
use chrono::Utc;
use chrono_tz::Tz;
use comfy_table::Cell;
use comfy_table::ContentArrangement;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde_json::Value;

use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::options::Format;
use crate::cli::options::SharedOptions;

/// The width of what is no terminal.
const WIDTH_DEFAULT: usize = 72;
const WIDTH_MIN: usize = 40;

/// Writes for one command.
#[derive(Clone, Debug)]
pub(crate) struct Printer {
    pub format: Format,
    pub quiet: bool,
    colour: bool,
    zone: Tz,
    /// Columns of the terminal.
    pub width: usize,
    /// Somebody watches the talk.
    watched: bool,
}

/// What colours tell; a word always stands beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Bad,
    Odd,
}

/// One line of a listing, in each of its forms.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub id: String,
    pub cells: Vec<String>,
    pub json: Value,
}

impl Printer {
    pub(crate) fn new(shared: &SharedOptions) -> Self {
        let terminal = std::io::stdout().is_terminal();
        Self {
            format: if shared.json { Format::Json } else { shared.output },
            quiet: shared.quiet,
            colour: terminal && !shared.no_color && !environment::refuses_colour(),
            zone: shared.tz,
            width: width(),
            watched: std::io::stderr().is_terminal(),
        }
    }

    /// A whole listing. `more` are the members of the JSON document beside `data`.
    pub(crate) fn listing(
        &self,
        columns: &[&str],
        rows: Vec<Row>,
        more: &[(&str, Value)],
    ) -> Result<(), Exit> {
        if self.quiet {
            return lines(rows.into_iter().map(|row| row.id));
        }
        match self.format {
            Format::Table if rows.is_empty() => Ok(()),
            Format::Table => {
                lines(grid(columns, rows.iter().map(|row| row.cells.as_slice())).into_iter())
            }
            Format::Plain => lines(rows.iter().map(|row| tabbed(&row.cells))),
            Format::Json => {
                let data = rows.into_iter().map(|row| row.json).collect();
                let more = more.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
                let document = std::iter::once(("data".to_owned(), Value::Array(data))).chain(more);
                self.json(&Value::Object(document.collect()))
            }
            Format::Jsonl => lines(rows.iter().map(|row| row.json.to_string())),
        }
    }

    /// One JSON document, in lines for people or on one line.
    pub(crate) fn json(&self, document: &Value) -> Result<(), Exit> {
        match self.format {
            Format::Table | Format::Plain | Format::Json => {
                lines(std::iter::once(format!("{document:#}")))
            }
            Format::Jsonl => lines(std::iter::once(document.to_string())),
        }
    }

    /// Talk: not there for `-q`.
    pub(crate) fn say(&self, words: &str) {
        if !self.quiet {
            let written = writeln!(std::io::stderr(), "{words}");
            drop(written); // talk that nobody can hear is no failure
        }
    }

    /// A line that the next one replaces, for somebody at a terminal.
    pub(crate) fn progress(&self, words: &str) {
        self.draw(&format!("\r\u{1b}[K{words}"));
    }

    /// The same where nobody watches: a line of its own, now and then.
    pub(crate) fn say_unwatched(&self, words: &str) {
        if !self.watched {
            self.say(words);
        }
    }

    /// Makes room for what is said next.
    pub(crate) fn clear_progress(&self) {
        self.draw("\r\u{1b}[K");
    }

    fn draw(&self, text: &str) {
        if self.watched && !self.quiet {
            let written = write!(std::io::stderr(), "{text}");
            drop(written); // as with all talk
        }
    }

    /// The command to run next, for somebody at a terminal.
    pub(crate) fn hint(&self, command: &str) {
        if self.watched {
            self.say(&format!("next: {command}"));
        }
    }

    /// As of which position an answer holds, where the form has no place for it.
    pub(crate) fn say_as_of(&self, position: i64) {
        match self.format {
            Format::Table | Format::Plain | Format::Jsonl => {
                self.say(&format!("as of position {position}"));
            }
            Format::Json => {}
        }
    }

    pub(crate) fn time(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A time that stands alone, with its zone.
    pub(crate) fn zoned(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// The part of a time that `format` names, in the zone of the output.
    pub(crate) fn part(&self, time: DateTime<Utc>, format: &str) -> String {
        time.with_timezone(&self.zone).format(format).to_string()
    }

    pub(crate) fn zone_name(&self, time: DateTime<Utc>) -> String {
        self.part(time, "%Z")
    }

    pub(crate) fn paint(&self, text: &str, tone: Tone) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Odd => "33",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Writes lines to stdout. A reader who has seen enough is no failure.
pub(crate) fn lines(lines: impl Iterator<Item = String>) -> Result<(), Exit> {
    let mut stdout = std::io::stdout().lock();
    let written: std::io::Result<()> = lines
        .map(|line| writeln!(stdout, "{line}"))
        .chain(std::iter::once_with(|| std::io::stdout().lock().flush()))
        .collect();
    written.map_err(|error| {
        if error.kind() == ErrorKind::BrokenPipe {
            Exit::ReaderGone
        } else {
            Exit::Failure(anyhow::Error::from(error).context("writing to stdout"))
        }
    })
}

/// Columns without a frame, so that a line copied is the line.
pub(crate) fn grid<'a>(columns: &[&str], rows: impl Iterator<Item = &'a [String]>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| Cell::new(*column)));
    for cells in rows {
        table.add_row(cells.iter().map(|cell| Cell::new(printable(cell))));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Cells as `cut` takes them apart.
pub(crate) fn tabbed(cells: &[String]) -> String {
    cells.iter().map(|cell| printable(cell)).collect::<Vec<_>>().join("\t")
}

/// Text from outside could drive the terminal: control characters are shown as what they are.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |c: char| -> String {
        if c.is_control() { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(escaped).collect()
}

/// An argument as a shell takes it.
pub(crate) fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

fn width() -> usize {
    let width = Table::new().width().map(usize::from);
    width.filter(|width| *width > 0).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN)
}

#[cfg(test)]
mod tests {
    use crate::cli::output::grid;
    use crate::cli::output::printable;
    use crate::cli::output::quoted;
    use crate::cli::output::tabbed;

    #[test]
    fn a_grid_aligns_its_columns_and_leaves_nothing_behind_the_last() {
        let rows = [["a", "有効"], ["bcd", "x"]].map(|row| row.map(str::to_owned));
        let lines = grid(&["id", "what"], rows.iter().map(<[String; 2]>::as_slice));
        assert_eq!(lines, [" id   what", " a    有効", " bcd  x"]);
    }

    #[test]
    fn text_from_outside_cannot_drive_the_terminal_or_break_a_line() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), r"a\u{1b}[2Jb\nc");
        assert_eq!(tabbed(&["a\tb".to_owned(), "c".to_owned()]), "a\\tb\tc");
    }

    #[test]
    fn a_command_to_run_next_can_be_pasted() {
        assert_eq!(quoted("C-1.2"), "C-1.2");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
