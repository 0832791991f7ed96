//! Where the shopper goes: kept sealed, because whoever has it can be that shopper.

use secrecy::SecretString;

use crate::ledger::intents::Intent;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Vault;

/// The page of a session that was made. None before that, and once it is too old.
pub fn page(vault: &Vault, intent: &Intent) -> anyhow::Result<Option<SecretString>> {
    let Some(sealed) = &intent.sealed_page else { return Ok(None) };
    let place = Place { table: "intents", row: intent.id.as_str(), field: "page" };
    let text = String::from_utf8(vault.unseal(&place, NO_TOKEN, &intent.salt, sealed)?)?;
    Ok(Some(text.into()))
}
