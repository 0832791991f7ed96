//! XChaCha20-Poly1305 with a random nonce in front of what it encrypts.

use chacha20poly1305::KeyInit;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::aead::Payload;
use secrecy::SecretBox;

use crate::vault::random;

pub(crate) const KEY_BYTES: usize = 32;
pub(crate) const NONCE_BYTES: usize = 24;

pub(crate) type Key = SecretBox<[u8; KEY_BYTES]>;

pub(crate) fn random_key() -> Key {
    SecretBox::new(Box::new(random::bytes()))
}

/// Nonce, then ciphertext with its tag.
pub(crate) fn encrypt(key: &[u8; KEY_BYTES], about: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let nonce = random::bytes::<NONCE_BYTES>();
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(&nonce.into(), Payload { msg: plaintext, aad: about })
        .expect("what fits in memory is below the cipher's limit");
    [nonce.as_slice(), &ciphertext].concat()
}

/// `None` unless key, `about` and bytes are those of the encryption.
pub(crate) fn decrypt(key: &[u8; KEY_BYTES], about: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(nonce.into(), Payload { msg: ciphertext, aad: about })
        .ok()
}

/// Fields in a row, each with its length before it, so that no two lists give the same bytes.
pub(crate) fn fields(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for field in fields {
        let length = u64::try_from(field.len()).expect("a length fits 64 bits");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}
