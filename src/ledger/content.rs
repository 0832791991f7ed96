//! From what a body says to what the door takes: ids get their refs.

use crate::ledger::Content;
use crate::ledger::Identified;
use crate::smartpay::Mode;
use crate::smartpay::TokenId;
use crate::smartpay::notice::Message;
use crate::smartpay::notice::Quarantined;
use crate::vault::Vault;

impl Content {
    /// Names tokens of this ledger's mode only: others have no ref here.
    pub fn of(read: Result<Message, Quarantined>, mode: Mode, vault: &Vault) -> Self {
        let identify = |id: TokenId| Identified { reference: vault.reference(&id), id };
        let message = match read {
            Ok(message) => message,
            Err(quarantined) => {
                let ours = quarantined.token.clone().filter(|id| id.mode() == mode);
                return Self::Quarantined { quarantined, token: ours.map(identify) };
            }
        };
        let kind = message.kind().to_owned();
        match message {
            Message::Token { event_id, token, notice } => {
                Self::Notice { event_id, kind, token: identify(token), notice }
            }
            Message::Used { event_id, token, used_at, .. } => {
                Self::Used { event_id, kind, token: identify(token), used_at }
            }
            Message::Ignored { event_id, kind } => Self::Ignored { event_id, kind },
        }
    }
}
