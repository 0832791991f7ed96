//! The master key: 32 bytes from outside, as a text in which a typing error is noticed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use secrecy::SecretBox;
use secrecy::SecretString;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::vault::cipher;
use crate::vault::cipher::KEY_BYTES;
use crate::vault::cipher::Key;

const MASTER_KEY_PREFIX: &str = "tlmk_";
const CHECKSUM_BYTES: usize = 4;

/// Wraps the ledger's own keys and does nothing else. Nothing prints it.
pub struct MasterKey(Key);

/// Why a text is no master key. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAMasterKey {
    #[error(
        "a master key begins with {MASTER_KEY_PREFIX}: check that it is the master key and that nothing stands before it"
    )]
    Prefix,
    #[error(
        "a master key has 48 characters after {MASTER_KEY_PREFIX}, this one has {0}: check that all of it was copied and no white space with it"
    )]
    Length(usize),
    #[error(
        "a master key holds only letters, digits, - and _ after {MASTER_KEY_PREFIX}: check for quotes and white space"
    )]
    Characters,
    #[error(
        "the master key's checksum is wrong, so that a character of it is: copy it again from where it is kept"
    )]
    Checksum,
}

impl MasterKey {
    pub fn generate() -> MasterKey {
        MasterKey(cipher::random_key())
    }

    pub fn parse(text: &str) -> Result<MasterKey, NotAMasterKey> {
        let body = text.strip_prefix(MASTER_KEY_PREFIX).ok_or(NotAMasterKey::Prefix)?;
        let chars = body.chars().count();
        if chars != (KEY_BYTES + CHECKSUM_BYTES) / 3 * 4 {
            return Err(NotAMasterKey::Length(chars));
        }
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| NotAMasterKey::Characters)?;
        let (key, sum) = bytes.split_first_chunk().ok_or(NotAMasterKey::Length(chars))?;
        if !bool::from(checksum(key).ct_eq(sum)) {
            return Err(NotAMasterKey::Checksum);
        }
        Ok(MasterKey(SecretBox::new(Box::new(*key))))
    }

    /// The form in which it is kept: for the file or escrow, never for an output.
    pub fn to_text(&self) -> SecretString {
        let key = self.0.expose_secret();
        let body = URL_SAFE_NO_PAD.encode([key.as_slice(), &checksum(key)].concat());
        format!("{MASTER_KEY_PREFIX}{body}").into()
    }

    /// For the vault, which opens keys that are made while it is open.
    pub(crate) fn copy(&self) -> MasterKey {
        MasterKey(SecretBox::new(Box::new(*self.0.expose_secret())))
    }

    /// Whether it is the same key.
    pub fn is(&self, other: &MasterKey) -> bool {
        self.0.expose_secret().ct_eq(other.0.expose_secret()).into()
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

fn checksum(key: &[u8; KEY_BYTES]) -> [u8; CHECKSUM_BYTES] {
    let digest =
        Sha256::new().chain_update("tokenledger/master-key/1").chain_update(key).finalize();
    *digest.first_chunk().expect("a digest has 32 bytes")
}
