//! Where the shopper goes: kept sealed, because whoever has it can be that shopper.

use secrecy::SecretString;

use crate::ledger::intents::Intent;
use crate::outbox::Outbox;

impl Outbox {
    /// The page of a session that was made. None before that, and once it is too old.
    pub fn page(&self, intent: &Intent) -> anyhow::Result<Option<SecretString>> {
        let Some(sealed) = &intent.sealed_page else { return Ok(None) };
        let text = String::from_utf8(self.unseal(intent, "page", sealed)?)?;
        Ok(Some(text.into()))
    }
}
