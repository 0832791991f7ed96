//! Tokens that exist already: each line of a file becomes a claim, and an input of its own.
//!
//! A line is a record: quotes do not reach over its end, so that a wrong line spoils no other one.
//! What a line says is its identity, in whatever form it was written: a line that was imported once
//! has no effect when it comes again, also if what it says was corrected meanwhile. Nothing of a
//! line is repeated in what is said about it: a token id may stand anywhere in it.

mod csv;
mod known;
mod line;
mod lines;
mod reader;
mod wrong;

pub use line::Column;
pub use line::Line;
pub use lines::LINE_BYTES_MAX;
pub use reader::Format;
pub use reader::Reader;
pub use reader::Unreadable;
pub use wrong::Wrong;

pub(crate) use known::KnownImport;
pub(crate) use known::load;

use crate::ledger::Authority;

/// What a line's receipt gives as reason when it was imported before and no longer holds.
pub const SUPERSEDED: &str = "superseded";

/// One reading of one file, on somebody's word. Its events name it as their cause.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: String,
    pub authority: Authority,
}

impl Run {
    pub fn new(authority: Authority) -> Self {
        Self { id: format!("imp_{}", hex::encode(rand::random::<[u8; 12]>())), authority }
    }
}
