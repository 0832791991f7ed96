//! Answers to changes, which have no body: 200 to enabling and disabling, 204 to DELETE (SDKs).

use crate::smartpay::client::answer::OK;
use crate::smartpay::client::answer::Received;
use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::client::outcome::Earlier;

const NO_CONTENT: u16 = 204;

/// How a token came to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    Now,
    /// It is not there, and an earlier try of this call may have deleted it.
    OnAnEarlierTry,
}

/// Reads the answer to `disable` and `enable`. Done is not yet an event: the read-back is.
pub fn changed(received: Received<'_>) -> Result<(), Wrong> {
    received.expect(OK)?;
    empty(received)
}

/// Reads the answer to `delete`. Only after a try of our own is a 404 good news.
pub fn deleted(received: Received<'_>, earlier: Earlier) -> Result<Deleted, Wrong> {
    match (received.expect(NO_CONTENT), earlier) {
        (Ok(()), _) => empty(received).map(|()| Deleted::Now),
        (Err(Wrong::Error(error)), Earlier::MayHaveActed) if error.says_token_not_found() => {
            Ok(Deleted::OnAnEarlierTry)
        }
        (Err(wrong), _) => Err(wrong),
    }
}

fn empty(received: Received<'_>) -> Result<(), Wrong> {
    if received.body.is_empty() { Ok(()) } else { Err(Wrong::BodyNotEmpty) }
}
