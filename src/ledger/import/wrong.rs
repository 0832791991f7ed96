//! Why a line is wrong, in words that repeat nothing of it.

use thiserror::Error;

use crate::ledger::import::Column;
use crate::ledger::import::LINE_BYTES_MAX;
use crate::smartpay::Mode;
use crate::smartpay::ids::NotATokenId;
use crate::smartpay::json::NotStrict;
use crate::token::NameError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    #[error("it is longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("a quote stands within a field, or is not closed on this line")]
    Quotes,
    #[error("it has {found} fields, the first line names {named}")]
    Fields { found: usize, named: usize },
    #[error("it is no JSON object on one line: {0}")]
    Json(NotStrict),
    #[error("it is JSON, but no object")]
    NotAnObject,
    #[error("it has a field that is none of {}", Column::names())]
    UnknownField,
    #[error("{0} is not a text")]
    NotAText(Column),
    #[error("{0} is missing")]
    Missing(Column),
    #[error("{column}: {0}", column = Column::TokenId)]
    TokenId(NotATokenId),
    #[error("{column} is not of the ledger's mode, which is {mode}")]
    OtherMode { column: Column, mode: Mode },
    #[error("{column}: {error}")]
    Name { column: Column, error: NameError },
    #[error("{column}: write a time with its offset, such as 2026-01-31T09:00:00+09:00", column = Column::Since)]
    NotATime,
    #[error("{column} lies before 2020 or in the future", column = Column::Since)]
    ImplausibleTime,
}
