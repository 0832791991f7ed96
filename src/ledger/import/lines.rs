//! Lines with their numbers, of which none takes more memory than a line may.

use std::io;
use std::io::BufRead;

use crate::ledger::import::Wrong;

/// The most bytes of a line: every field at its longest, escaped, fits.
pub const LINE_BYTES_MAX: usize = 8 * 1024;
/// Spreadsheets write it in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A line and its number, counted from 1.
pub(super) type Numbered = (u64, Result<String, Wrong>);

pub(super) struct Lines<R> {
    source: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, number: 0 }
    }

    /// The next line that is not blank, without its end.
    pub(super) fn read(&mut self) -> io::Result<Option<Numbered>> {
        while let Some(bytes) = self.read_bytes()? {
            let text = bytes.and_then(|bytes| text(bytes, self.number));
            if text.as_ref().is_ok_and(|text| text.trim_ascii().is_empty()) {
                continue;
            }
            return Ok(Some((self.number, text)));
        }
        Ok(None)
    }

    /// What does not fit is read over, and not kept.
    fn read_bytes(&mut self) -> io::Result<Option<Result<Vec<u8>, Wrong>>> {
        let mut line = Vec::new();
        let mut read_any = false;
        let mut fits = true;
        loop {
            let available = match self.source.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            read_any = true;
            let end = available.iter().position(|byte| *byte == b'\n');
            let (part, _) = available.split_at(end.unwrap_or(available.len()));
            fits = fits && line.len() + part.len() <= LINE_BYTES_MAX;
            if fits {
                line.extend_from_slice(part);
            }
            let used = part.len() + usize::from(end.is_some());
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        self.number += u64::from(read_any);
        Ok(read_any.then_some(if fits { Ok(line) } else { Err(Wrong::TooLong) }))
    }
}

fn text(mut bytes: Vec<u8>, number: u64) -> Result<String, Wrong> {
    if bytes.ends_with(b"\r") {
        bytes.pop();
    }
    if number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|_| Wrong::NotUtf8)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use crate::ledger::import::Wrong;
    use crate::ledger::import::lines::LINE_BYTES_MAX;
    use crate::ledger::import::lines::Lines;
    use crate::ledger::import::lines::Numbered;

    /// Through a small buffer, so that lines lie across its ends.
    fn all(bytes: &[u8]) -> Vec<Numbered> {
        let mut lines = Lines::new(BufReader::with_capacity(3, bytes));
        std::iter::from_fn(|| lines.read().unwrap()).collect()
    }

    #[test]
    fn ends_of_every_kind_end_a_line_and_blank_ones_are_only_counted() {
        let lines = all("\u{feff}a\r\n\n \t\nb,客\nc\r".as_bytes());
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!(lines, [(1, ok("a")), (4, ok("b,客")), (5, ok("c"))]);
        assert_eq!(all(b""), []);
    }

    #[test]
    fn what_is_too_long_or_no_text_spoils_no_other_line() {
        let long = vec![b'x'; LINE_BYTES_MAX];
        let text = [b"a\n", long.as_slice(), b"\nx", &long, b"\n\xff\nb"].concat();
        let fits = String::from_utf8(long.clone()).unwrap();
        let expected = [
            (1, Ok("a".to_owned())),
            (2, Ok(fits)),
            (3, Err(Wrong::TooLong)),
            (4, Err(Wrong::NotUtf8)),
            (5, Ok("b".to_owned())),
        ];
        assert_eq!(all(&text), expected);
    }
}
