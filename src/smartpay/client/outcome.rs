//! What became of a call, exactly: what is not known is said to be unknown.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;
use hyper_util::client::legacy;
use thiserror::Error;

use crate::smartpay::client::answer::Received;

/// A call, after its last try.
#[derive(Debug)]
pub struct Called {
    pub outcome: Outcome,
    /// Answers that settled nothing, in their order: 429, 5xx, and what came after a try that may
    /// have acted. They are inputs too.
    pub not_final: Vec<Answer>,
}

#[derive(Debug)]
pub enum Outcome {
    /// A final answer. What it says is another matter: see [`crate::smartpay::client::answer`].
    Answered(Answer),
    /// Nothing of it reached Smartpay, in any try.
    NotSent(NotSent),
    /// A try may have had its effect, and no final answer came.
    Unknown(Unknown),
}

/// An answer as received.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// Before the first byte of the request went out, on our clock.
    pub sent_at: DateTime<Utc>,
    /// After the last byte of the answer came in.
    pub answered_at: DateTime<Utc>,
    /// Smartpay marked it as the answer to an earlier request with the same idempotency key.
    pub replayed: bool,
    pub retry_after: Option<Duration>,
    pub earlier: Earlier,
}

/// What the tries before this one may have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// There were none, or certainly without effect.
    NoEffect,
    MayHaveActed,
}

/// Why nothing reached Smartpay.
#[derive(Debug, Error)]
pub enum NotSent {
    /// Name resolution, TCP or TLS: the request is written only after all of them.
    #[error("no connection to Smartpay could be made")]
    NoConnection(#[source] legacy::Error),
    #[error("there was no time left to call Smartpay")]
    NoTime,
}

/// Why nobody knows.
#[derive(Debug, Error)]
pub enum Unknown {
    #[error("it may have been sent before, and no answer of now says what came of that")]
    SentEarlier,
    #[error("Smartpay did not answer in time")]
    TimedOut,
    #[error("the connection to Smartpay broke before the whole answer was there")]
    Cut(#[source] Box<dyn StdError + Send + Sync>),
    #[error("Smartpay's answer was larger than anything it should send")]
    TooLarge,
    #[error("Smartpay answered with status {0}, which settles nothing")]
    NotFinal(u16),
}

impl Answer {
    /// For the readers of [`crate::smartpay::client::answer`].
    pub fn received(&self) -> Received<'_> {
        Received { status: self.status, body: &self.body }
    }
}

/// Shows nothing of the body: it may hold token ids.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("replayed", &self.replayed)
            .field("earlier", &self.earlier)
            .finish_non_exhaustive()
    }
}
