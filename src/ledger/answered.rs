//! What Smartpay's API answered about one token, on its way to the door.

use chrono::DateTime;
use chrono::Utc;
use sha2::Digest;
use sha2::Sha256;

use crate::journal::CauseKind;
use crate::journal::Position;
use crate::ledger::Identified;
use crate::ledger::intents::IntentId;
use crate::ledger::intents::IntentState;
use crate::ledger::standing::Standing;
use crate::smartpay::Reason;
use crate::smartpay::object::TokenObject;
use crate::token::Conclusion;
use crate::token::ProviderTime;
use crate::token::Said;

/// An answer as it came, and what it says.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The token that was asked about; none while a session is being made.
    pub token: Option<Identified>,
    /// The call as the vendor writes it, without what fills it, and the status of the answer:
    /// `GET /tokens/{id} 200`.
    pub call: String,
    pub body: Vec<u8>,
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    pub asked: Asked,
    pub received_at: DateTime<Utc>,
    pub asker: Asker,
    pub says: Says,
    pub settles: Option<Settles>,
    /// What we conclude if the object confirms it.
    pub concludes: Option<Conclusion>,
}

/// Where the ledger stood when the request was sent. Not a time: clocks of several processes
/// differ, and what is recorded later has greater numbers for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub position: Position,
    pub input: i64,
}

/// Why it was asked, and by whom.
#[derive(Clone, Debug)]
pub struct Asker {
    pub kind: CauseKind,
    /// Of the request or run.
    pub id: String,
    pub actor: Option<String>,
    pub reason: Option<String>,
    /// The wanted reading that this answer is for.
    pub due: Option<Wanted>,
}

/// A wanted reading as it stood: one that was asked for again meanwhile stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub asked_at: DateTime<Utc>,
    pub asks: i32,
}

#[derive(Clone, Debug)]
pub enum Says {
    /// The token is so.
    Object(TokenObject),
    /// There is no such token, and the 404 has been found to count.
    Absent(Gone),
    /// Nothing can be concluded; it is kept, and asked for again.
    Unclear(Reason),
    /// Nothing about how the token is: that a command was taken, or refused.
    Nothing,
}

/// The intent that the answer may end.
#[derive(Clone, Debug)]
pub struct Settles {
    pub intent: IntentId,
    pub how: How,
}

#[derive(Clone, Debug)]
pub enum How {
    /// Smartpay took the command; what the token is now tells whether it holds. An object that is
    /// dated no later than `lags_until` may be a copy from before the command: it ends nothing.
    ReadBack { wanted: Said, lags_until: Option<ProviderTime> },
    /// Smartpay refused the command, with this code; the token may be as wanted all the same.
    Refused { wanted: Said, error_code: Option<String> },
    /// This answer is a refusal, and there is nothing to be read.
    Ends { state: IntentState, error_code: Option<String> },
}

/// How it was found out that a token is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Read back after our own DELETE, which was answered 204.
    ByUs,
    /// Read. Believed while the ledger records no more than so many absences within 24 hours.
    Found { allowed: u64 },
}

impl Answered {
    pub fn digest(body: &[u8]) -> [u8; 32] {
        Sha256::digest(body).into()
    }
}

impl From<&Standing> for Asked {
    fn from(standing: &Standing) -> Self {
        Self { position: standing.position, input: standing.input }
    }
}
