//! Input that should not be: files of cases, a runner for them, and what needs a test of its own.
//!
//! A case of a file mutates a good delivery, or is a literal request. The runner sends all cases
//! that may store nothing at once and finds the ledger unchanged, then the others, each of which
//! finds its row. Further files of the same form are named, colon-separated, by
//! `TOKENLEDGER_TEST_BAD_INPUT`.

mod alone;
mod availability;
mod case;
mod check;
mod ordering;
mod rest;
mod run;
mod sending;
mod signing;
mod spoil;
