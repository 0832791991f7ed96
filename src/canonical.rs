//! Hashes over rows: each field behind its length, so that no byte can move to another field.

use chrono::DateTime;
use chrono::Utc;
use sha2::Digest;
use sha2::Sha256;

/// The length of what is not there; no field is so long.
const ABSENT: u32 = u32::MAX;

/// A SHA-256 that fields are put into, one after the other.
#[derive(Clone, Debug)]
pub struct Canonical(Sha256);

impl Canonical {
    /// `name` tells one kind of hash, and its version, from every other.
    pub fn new(name: &str) -> Self {
        let mut canonical = Self(Sha256::new());
        canonical.text(name);
        canonical
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("a field is far below 4 GiB");
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn number(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// Microseconds since the epoch: what PostgreSQL keeps.
    pub fn time(&mut self, time: DateTime<Utc>) {
        self.number(time.timestamp_micros());
    }

    pub fn flag(&mut self, flag: bool) {
        self.bytes(&[u8::from(flag)]);
    }

    pub fn optional_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.absent(),
        }
    }

    pub fn optional_number(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.number(number),
            None => self.absent(),
        }
    }

    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    fn absent(&mut self) {
        self.0.update(ABSENT.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use crate::canonical::Canonical;

    #[test]
    fn fields_do_not_run_into_each_other_and_none_is_not_empty() {
        let hash = |texts: &[Option<&str>]| {
            let mut canonical = Canonical::new("of a test");
            for text in texts {
                canonical.optional_text(*text);
            }
            canonical.finish()
        };
        let all = [
            hash(&[Some("ab"), Some("c")]),
            hash(&[Some("a"), Some("bc")]),
            hash(&[Some("abc")]),
            hash(&[Some("abc"), None]),
            hash(&[Some("abc"), Some("")]),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(all.iter().skip(place + 1).all(|other| other != one));
        }
    }
}
