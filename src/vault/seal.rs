//! Sealing of single fields: what is sealed opens in its own place only, and while its salt exists.

use std::fmt;

use hkdf::Hkdf;
use secrecy::ExposeSecret;
use secrecy::SecretBox;
use sha2::Sha256;
use thiserror::Error;

use crate::vault::cipher;
use crate::vault::cipher::KEY_BYTES;
use crate::vault::cipher::Key;
use crate::vault::keys::Vault;
use crate::vault::random;

/// The subject of what belongs to no token.
pub const NO_TOKEN: &str = "-";

const FORMAT: u8 = 1;
const SALT_BYTES: usize = 16;
const VERSION_BYTES: usize = 4;

/// Where a sealed field lies. Moved anywhere else it does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub table: &'a str,
    pub row: &'a str,
    pub field: &'a str,
}

/// Half of what a field's key is derived from. Destroying it destroys what was sealed with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; SALT_BYTES]);

/// Why sealed bytes do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UnsealError {
    #[error(
        "the sealed bytes are not of a form this version knows: they are damaged, or a newer version wrote them"
    )]
    UnknownForm,
    #[error(
        "the bytes were sealed with data key {0}, which this process has not: if it was just made, it is loaded within seconds; else restore the table vault_keys from a backup"
    )]
    KeyMissing(i32),
    #[error(
        "the sealed bytes do not open: they were changed, or moved from another place, or their salt is not the right one"
    )]
    DoesNotOpen,
}

impl Salt {
    pub fn random() -> Salt {
        Salt(random::bytes())
    }

    pub const fn from_bytes(bytes: [u8; SALT_BYTES]) -> Salt {
        Salt(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; SALT_BYTES] {
        &self.0
    }
}

impl Vault {
    /// Seals for one place. The subject is the ref of the token it is about, or `-`.
    pub fn seal(&self, place: &Place<'_>, subject: &str, salt: &Salt, plaintext: &[u8]) -> Vec<u8> {
        let (version, data_key) = self.sealing_key();
        let key = derive(&data_key, salt, subject);
        let head = head(version);
        let sealed = cipher::encrypt(key.expose_secret(), &self.about(&head, place), plaintext);
        [head.as_slice(), &sealed].concat()
    }

    pub fn unseal(
        &self,
        place: &Place<'_>,
        subject: &str,
        salt: &Salt,
        sealed: &[u8],
    ) -> Result<Vec<u8>, UnsealError> {
        let (format, rest) = sealed.split_first().ok_or(UnsealError::UnknownForm)?;
        let (version, rest) = rest.split_first_chunk().ok_or(UnsealError::UnknownForm)?;
        if *format != FORMAT {
            return Err(UnsealError::UnknownForm);
        }
        let version = i32::from_be_bytes(*version);
        let data_key = self.data_key(version).ok_or(UnsealError::KeyMissing(version))?;
        let key = derive(&data_key, salt, subject);
        cipher::decrypt(key.expose_secret(), &self.about(&head(version), place), rest)
            .ok_or(UnsealError::DoesNotOpen)
    }

    /// What sealed bytes are bound to besides their key.
    fn about(&self, head: &[u8], place: &Place<'_>) -> Vec<u8> {
        let Place { table, row, field } = place;
        let ledger = self.ledger();
        cipher::fields(&[
            head,
            ledger.as_bytes(),
            table.as_bytes(),
            row.as_bytes(),
            field.as_bytes(),
        ])
    }
}

impl TryFrom<&[u8]> for Salt {
    type Error = UnsealError;

    fn try_from(bytes: &[u8]) -> Result<Salt, UnsealError> {
        bytes.try_into().map(Salt).map_err(|_| UnsealError::UnknownForm)
    }
}

/// A salt is half a key.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(redacted)")
    }
}

fn head(version: i32) -> [u8; 1 + VERSION_BYTES] {
    let [a, b, c, d] = version.to_be_bytes();
    [FORMAT, a, b, c, d]
}

fn derive(data_key: &Key, salt: &Salt, subject: &str) -> Key {
    let info = cipher::fields(&[b"tokenledger/seal/1", subject.as_bytes()]);
    let hkdf = Hkdf::<Sha256>::new(Some(&salt.0), data_key.expose_secret());
    SecretBox::init_with_mut(|key: &mut [u8; KEY_BYTES]| {
        hkdf.expand(&info, key).expect("32 bytes are within what HKDF gives");
    })
}
