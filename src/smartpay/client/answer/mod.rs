//! What an answer says: read from its kept bytes, strictly, and never from anything else.
//!
//! A reader knows what it asked for, and takes nothing that is not an answer to that. What is odd has
//! a name (`Wrong`) and stays an input; no text of an answer is repeated in an error.

/// Ways to be wrong.
mod wrong;
/// Fields of an object, each taken or refused.
mod fields;
/// An error of Smartpay's.
mod error;
/// A token.
mod token;
/// Changes without a body.
mod done;
/// A checkout session.
mod session;
/// What is kept of one.
mod shopper;
/// A webhook endpoint.
mod endpoint;
/// A page of a list.
mod page;

pub use crate::smartpay::client::answer::done::Deleted;
pub use crate::smartpay::client::answer::done::changed;
pub use crate::smartpay::client::answer::done::deleted;
pub use crate::smartpay::client::answer::endpoint::Endpoint;
pub use crate::smartpay::client::answer::endpoint::endpoint;
pub use crate::smartpay::client::answer::endpoint::endpoints;
pub use crate::smartpay::client::answer::error::ErrorAnswer;
pub use crate::smartpay::client::answer::error::ErrorCode;
pub use crate::smartpay::client::answer::session::Session;
pub use crate::smartpay::client::answer::session::session;
pub use crate::smartpay::client::answer::session::sessions;
pub use crate::smartpay::client::answer::shopper::without_shopper;
pub use crate::smartpay::client::answer::token::Listed;
pub use crate::smartpay::client::answer::token::TokenAnswer;
pub use crate::smartpay::client::answer::token::listed_tokens;
pub use crate::smartpay::client::answer::token::token;
pub use crate::smartpay::client::answer::token::tokens;
pub use crate::smartpay::client::answer::wrong::Wrong;

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::json;

const OK: u16 = 200;
const NOT_FOUND: u16 = 404;
const ERRORS_FROM: u16 = 400;

/// An answer as kept: its status and its bytes.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Received<'_> {
    /// The object of a 200.
    fn object(self) -> Result<Map<String, Value>, Wrong> {
        self.expect(OK)?;
        match self.json()? {
            Value::Object(fields) => Ok(fields),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err(Wrong::NotAnObject),
        }
    }

    /// A 404 in Smartpay's own form: unlike that of a proxy.
    pub(crate) fn says_not_found(self) -> bool {
        match error::read(self) {
            Wrong::Error(error) => error.status == NOT_FOUND,
            Wrong::KeyRefused
            | Wrong::Status(_)
            | Wrong::NotJson { .. }
            | Wrong::NotAnObject
            | Wrong::BodyNotEmpty
            | Wrong::Missing(_)
            | Wrong::Shape(_)
            | Wrong::WrongMode
            | Wrong::WrongId
            | Wrong::NotAReading(_)
            | Wrong::PageRepeats => false,
        }
    }

    /// Nothing but this status.
    fn expect(self, status: u16) -> Result<(), Wrong> {
        if self.status >= ERRORS_FROM {
            return Err(error::read(self));
        }
        if self.status == status { Ok(()) } else { Err(Wrong::Status(self.status)) }
    }

    fn json(self) -> Result<Value, Wrong> {
        json::read(self.body).map_err(|cause| Wrong::NotJson { status: self.status, cause })
    }
}
