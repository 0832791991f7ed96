//! Cursors: where a list goes on, bound to the list they came from.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::api::problem::Problem;
use crate::vault::Vault;

const PURPOSE: &str = "cursor";
const TAG_BYTES: usize = 16;
const CURSOR_BYTES: usize = 4 + 8 + TAG_BYTES;

/// A list: its path with its filters. A cursor of one list means nothing in another.
pub struct List<'a> {
    pub vault: &'a Vault,
    pub name: String,
    pub incarnation: i32,
}

/// A text with which a list does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CursorError {
    #[error("this cursor is not of this list; start again without one")]
    Garbled,
    #[error("the ledger began a new incarnation; start again without a cursor")]
    OtherIncarnation,
}

impl List<'_> {
    /// The cursor that goes on behind `key`.
    pub fn cursor(&self, key: i64) -> String {
        let mut bytes = self.incarnation.to_be_bytes().to_vec();
        bytes.extend(key.to_be_bytes());
        let tag = self.tag(&bytes);
        bytes.extend(tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The key of a cursor of this list.
    pub fn key(&self, cursor: &str) -> Result<i64, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError::Garbled)?;
        let bytes = <[u8; CURSOR_BYTES]>::try_from(bytes).map_err(|_| CursorError::Garbled)?;
        let (named, tag) = bytes.split_at(CURSOR_BYTES - TAG_BYTES);
        if !bool::from(self.tag(named).ct_eq(tag)) {
            return Err(CursorError::Garbled);
        }
        let (incarnation, key) = named.split_at(4);
        if incarnation != self.incarnation.to_be_bytes() {
            return Err(CursorError::OtherIncarnation);
        }
        Ok(i64::from_be_bytes(key.try_into().expect("8 bytes are left")))
    }

    fn tag(&self, named: &[u8]) -> [u8; TAG_BYTES] {
        let mut text = self.name.as_bytes().to_vec();
        text.push(0);
        text.extend(named);
        let mac = self.vault.mac(PURPOSE, &text);
        *mac.first_chunk().expect("a MAC is longer than a tag")
    }
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Self {
        let (status, code) = match error {
            CursorError::Garbled => (StatusCode::BAD_REQUEST, "cursor_invalid"),
            CursorError::OtherIncarnation => (StatusCode::GONE, "incarnation_changed"),
        };
        Self::new(status, code, error.to_string())
    }
}
