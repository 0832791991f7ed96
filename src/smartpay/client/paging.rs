//! Lists: one page per call, so that whoever pages decides about its pace.

use std::fmt;

use thiserror::Error;

use crate::smartpay::client::answer::Wrong;
use crate::smartpay::client::encode::encode;

const PAGE_TOKEN_BYTES_MAX: usize = 1024;
/// The vendor's default is 20 (documented); the largest it takes is unknown.
const PAGE_ROWS_MAX: u8 = 100;

/// Where a list goes on: opaque. It may be made of ids, so that nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct PageToken(String);

/// How many rows to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u8);

/// A page of a list. A row that cannot be read does not hide the others.
#[derive(Debug)]
pub struct Page<T> {
    pub rows: Vec<Result<T, Wrong>>,
    /// None on the last page.
    pub next: Option<PageToken>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a page token is 1 to {PAGE_TOKEN_BYTES_MAX} bytes without control characters")]
pub struct NotAPageToken;

impl PageToken {
    pub fn parse(text: &str) -> Result<PageToken, NotAPageToken> {
        let fits = (1..=PAGE_TOKEN_BYTES_MAX).contains(&text.len());
        if !fits || text.contains(char::is_control) {
            return Err(NotAPageToken);
        }
        Ok(PageToken(text.to_owned()))
    }

    /// For the vault: it may be made of ids.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl PageSize {
    /// The most rows that are asked for at once.
    pub const LARGEST: PageSize = PageSize(PAGE_ROWS_MAX);

    /// The nearest size that Smartpay can be asked for.
    pub fn of(rows: u8) -> PageSize {
        PageSize(rows.clamp(1, PAGE_ROWS_MAX))
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageToken(redacted)")
    }
}

/// The query of a list.
pub(crate) fn query(size: PageSize, token: Option<&PageToken>) -> String {
    let rows = format!("maxResults={}", size.0);
    token.map_or(rows.clone(), |token| format!("{rows}&pageToken={}", encode(&token.0)))
}
