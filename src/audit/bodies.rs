//! Opening the bodies of inputs, which lie sealed.

use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Salt;
use crate::vault::Vault;

/// A sealed body, and the salts that it may be sealed with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed<'a> {
    pub input: i64,
    /// The token it is about, when it is sealed with that token's salt.
    pub reference: Option<&'a str>,
    pub own_salt: Option<&'a [u8]>,
    pub token_salt: Option<&'a [u8]>,
    pub bytes: &'a [u8],
}

/// The body, or in words why it does not open.
pub(super) fn open(vault: Option<&Vault>, sealed: &Sealed<'_>) -> Result<Vec<u8>, String> {
    let vault = vault.ok_or("the vault has no keys")?;
    let salt = sealed.own_salt.or(sealed.token_salt).ok_or("the vault has no salt for it")?;
    let salt = Salt::try_from(salt).map_err(|error| error.to_string())?;
    let row = sealed.input.to_string();
    let place = Place { table: "sealed_bodies", row: &row, field: "body" };
    let subject = sealed.reference.unwrap_or(NO_TOKEN);
    vault.unseal(&place, subject, &salt, sealed.bytes).map_err(|error| error.to_string())
}
