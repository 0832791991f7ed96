//! The lifeline: a token's statuses over time, drawn on one line of characters.

use std::collections::BTreeSet;

use chrono::DateTime;
use chrono::Utc;

use tokenledger::token::Event;
use tokenledger::token::ProviderTime;
use tokenledger::token::Status;
use tokenledger::token::Token;

const LABEL_GAP: usize = 2;

/// From when on a status held, by what is known now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub at: DateTime<Utc>,
    pub status: Status,
}

/// The line, and where on it each change begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lifeline {
    pub line: String,
    pub starts: Vec<(usize, Change)>,
}

/// The statuses over the provider's time. What arrived late stands where it happened; that is what
/// tells a lifeline from the order in which things were recorded.
pub(crate) fn changes(events: &[Event]) -> Vec<Change> {
    let times: BTreeSet<ProviderTime> = events.iter().map(Event::at).collect();
    let mut changes: Vec<Change> = Vec::new();
    for time in times {
        let past = events.iter().filter(|event| event.at() <= time).cloned();
        let status = Token::rebuild(past).status();
        if changes.last().is_none_or(|last| last.status != status) {
            changes.push(Change { at: time.to_datetime(), status });
        }
    }
    changes
}

/// Draws changes up to `until` on `width` characters. Each change has a character of its own while
/// there is room, however short it was: a token disabled for a minute was disabled.
pub(crate) fn draw(changes: &[Change], until: DateTime<Utc>, width: usize) -> Lifeline {
    let shown = changes.get(changes.len().saturating_sub(width)..).unwrap_or_default();
    let starts: Vec<(usize, Change)> =
        columns(shown, until, width).into_iter().zip(shown.iter().copied()).collect();
    let ends = starts.iter().skip(1).map(|(start, _)| *start).chain([width]);
    let mut line = String::new();
    for ((start, change), end) in starts.iter().zip(ends) {
        let (first, rest) = marks(change.status);
        line.push(first);
        line.extend(std::iter::repeat_n(rest, (end - start).saturating_sub(1)));
    }
    Lifeline { line: line.trim_end().to_owned(), starts }
}

/// Labels above their columns; one that would touch its neighbour is left out.
pub(crate) fn labels(starts: &[(usize, String)]) -> String {
    let mut line = String::new();
    for (column, label) in starts {
        let used = line.chars().count();
        if used == 0 || *column >= used + LABEL_GAP {
            line.extend(std::iter::repeat_n(' ', column.saturating_sub(used)));
            line.push_str(label);
        }
    }
    line
}

/// What the characters of these changes mean, each once.
pub(crate) fn legend(changes: &[Change]) -> String {
    let mut words: Vec<String> = Vec::new();
    for change in changes {
        let (mark, _) = marks(change.status);
        let word = match change.status {
            Status::AwaitingAuthorization => "pending",
            Status::Active
            | Status::Disabled
            | Status::Rejected
            | Status::Canceled
            | Status::Deleted
            | Status::Unknown => change.status.as_str(),
        };
        let word = format!("{mark} {word}");
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join("  ")
}

/// The first character of a status, and those that follow: nothing follows an end.
const fn marks(status: Status) -> (char, char) {
    match status {
        Status::AwaitingAuthorization => ('░', '░'),
        Status::Active => ('█', '█'),
        Status::Disabled => ('▒', '▒'),
        Status::Rejected | Status::Canceled | Status::Deleted => ('×', ' '),
        Status::Unknown => (' ', ' '),
    }
}

/// In proportion to time, then moved apart: rightwards first, and back where the end is near.
fn columns(changes: &[Change], until: DateTime<Utc>, width: usize) -> Vec<usize> {
    let Some(first) = changes.first() else { return Vec::new() };
    let span = milliseconds(first.at, until).max(1);
    let mut columns: Vec<usize> = Vec::new();
    for change in changes {
        let passed = milliseconds(first.at, change.at).min(span);
        let width = u128::try_from(width).expect("a width is small");
        let column = usize::try_from(passed * width / span).expect("at most the width");
        columns.push(columns.last().map_or(0, |last| column.max(last + 1)));
    }
    for (from_end, column) in columns.iter_mut().rev().enumerate() {
        *column = (*column).min(width.saturating_sub(from_end + 1));
    }
    columns
}

fn milliseconds(from: DateTime<Utc>, to: DateTime<Utc>) -> u128 {
    u128::try_from((to - from).num_milliseconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono::Utc;

    use tokenledger::token::Basis;
    use tokenledger::token::CancelReason;
    use tokenledger::token::Event;
    use tokenledger::token::ProviderTime;
    use tokenledger::token::Status;

    use crate::cli::lifeline::Change;
    use crate::cli::lifeline::changes;
    use crate::cli::lifeline::draw;
    use crate::cli::lifeline::labels;
    use crate::cli::lifeline::legend;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn line(steps: &[(i64, Status)], until: i64, width: usize) -> String {
        let steps =
            steps.iter().map(|(second, status)| Change { at: at(*second), status: *status });
        draw(&steps.collect::<Vec<_>>(), at(until), width).line
    }

    #[test]
    fn each_status_is_as_long_as_it_held() {
        let steps = [
            (0, Status::AwaitingAuthorization),
            (20, Status::Active),
            (50, Status::Disabled),
            (80, Status::Active),
        ];
        assert_eq!(line(&steps, 100, 10), "░░███▒▒▒██");
        assert_eq!(line(&steps, 100, 20), "░░░░██████▒▒▒▒▒▒████");
    }

    #[test]
    fn nothing_follows_an_end() {
        let steps =
            [(0, Status::AwaitingAuthorization), (10, Status::Active), (50, Status::Deleted)];
        assert_eq!(line(&steps, 100, 10), "░████×");
        assert_eq!(
            line(&[(0, Status::AwaitingAuthorization), (5, Status::Rejected)], 5, 6),
            "░░░░░×"
        );
    }

    #[test]
    fn a_short_status_keeps_a_character_wherever_it_lies() {
        let early =
            [(0, Status::AwaitingAuthorization), (1, Status::Active), (2, Status::Disabled)];
        assert_eq!(line(&early, 1_000, 6), "░█▒▒▒▒");
        let late = [(0, Status::Active), (998, Status::Disabled), (999, Status::Active)];
        assert_eq!(line(&late, 1_000, 6), "████▒█");
    }

    #[test]
    fn more_changes_than_room_show_the_newest() {
        let steps = [
            (0, Status::AwaitingAuthorization),
            (1, Status::Active),
            (2, Status::Disabled),
            (3, Status::Deleted),
        ];
        assert_eq!(line(&steps, 4, 2), "▒×");
        assert_eq!(line(&steps, 4, 0), "");
        assert_eq!(line(&[], 4, 10), "");
    }

    #[test]
    fn a_clock_behind_the_provider_draws_all_the_same() {
        let steps = [(100, Status::AwaitingAuthorization), (200, Status::Active)];
        assert_eq!(line(&steps, 50, 5), "░░░░█");
    }

    #[test]
    fn a_late_event_stands_where_it_happened() {
        let dated = |second: i64| ProviderTime::from_millis(second * 1_000);
        let created = Event::SessionCreated {
            at: dated(0),
            basis: Basis::Notice,
            session: None,
            consumer: None,
            reference: None,
        };
        let statement = |second| (dated(second), Basis::Notice);
        let activated = |second| {
            let (at, basis) = statement(second);
            Event::Activated { at, basis, round: 0, undated: false, refutes: None }
        };
        let disabled = |second| {
            let (at, basis) = statement(second);
            Event::Disabled { at, basis, round: 0, undated: false, refutes: None }
        };
        let enabled = |second| {
            let (at, basis) = statement(second);
            Event::Enabled { at, basis, round: 0, undated: false, refutes: None }
        };
        let recorded = [enabled(30), created, activated(10), disabled(20)];
        let found: Vec<(i64, Status)> = changes(&recorded)
            .iter()
            .map(|change| (change.at.timestamp(), change.status))
            .collect();
        assert_eq!(
            found,
            [
                (0, Status::AwaitingAuthorization),
                (10, Status::Active),
                (20, Status::Disabled),
                (30, Status::Active)
            ]
        );
    }

    #[test]
    fn our_own_conclusion_yields_to_an_approval() {
        let at = |second: i64| ProviderTime::from_millis(second * 1_000);
        let (basis, reason) = (Basis::Observed, CancelReason::Expired);
        let (round, undated, refutes) = (0, false, None);
        let canceled = Event::Canceled { at: at(50), basis, round, undated, refutes, reason };
        let basis = Basis::Notice;
        let activated = Event::Activated { at: at(10), basis, round, undated, refutes };
        let statuses: Vec<Status> =
            changes(&[canceled, activated]).iter().map(|change| change.status).collect();
        assert_eq!(statuses, [Status::Active]);
    }

    #[test]
    fn labels_stand_above_their_columns_and_never_touch() {
        let label = |column: usize, text: &str| (column, text.to_owned());
        let all = [label(0, "02-03"), label(2, "02-04"), label(7, "02-20"), label(20, "06-01")];
        assert_eq!(labels(&all), "02-03  02-20        06-01");
        assert_eq!(labels(&[]), "");
    }

    #[test]
    fn the_legend_names_what_is_drawn_once() {
        let change = |status| Change { at: at(0), status };
        let drawn =
            [Status::AwaitingAuthorization, Status::Active, Status::Disabled, Status::Active];
        assert_eq!(legend(&drawn.map(change)), "░ pending  █ active  ▒ disabled");
    }
}
