//! Signing secrets: base62 text that stands for the HMAC key of a webhook endpoint.

use std::fmt;

use secrecy::ExposeSecret;
use secrecy::SecretSlice;
use secrecy::SecretString;
use sha2::Digest;
use sha2::Sha256;
use thiserror::Error;

/// Decoding takes quadratic time; the vendor's secrets have 40 characters.
const SECRET_CHARS_MAX: usize = 1024;
/// Fewer bytes could be guessed.
const KEY_BYTES_MIN: usize = 16;
/// The length the vendor's Java example fixes the key at.
const PADDED_KEY_BYTES: usize = 30;
const FINGERPRINT_BYTES: usize = 8;

/// How a secret with leading `A`s (digit 0) becomes a key. The official SDKs differ, and which of
/// them the server follows is not known, so that each is tried: all derive from the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyVariant {
    /// One zero byte per leading `A`, then the number (node, go, php). The rule for every other secret.
    BaseX,
    /// The number's own bytes (python).
    Minimal,
    /// The number, padded on the left to 30 bytes (java, ruby).
    Padded30,
}

/// A secret that verifies and makes signatures. Nothing prints it.
#[derive(Clone)]
pub struct SigningSecret {
    text: SecretString,
    keys: Vec<(KeyVariant, SecretSlice<u8>)>,
}

/// Why a text is no signing secret to work with. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecretError {
    #[error(
        "the signing secret is empty, and anyone could sign with it: copy `signingSecret` of the webhook endpoint from Smartpay"
    )]
    Empty,
    #[error(
        "the signing secret consists of `A` only, which is the empty key, and anyone could sign with it: copy `signingSecret` of the webhook endpoint from Smartpay"
    )]
    Zero,
    #[error(
        "the signing secret is too short to be one ({0} bytes of key, at least {KEY_BYTES_MIN} are needed): copy `signingSecret` of the webhook endpoint from Smartpay, all 40 characters of it"
    )]
    Short(usize),
    #[error(transparent)]
    NotBase62(#[from] NotBase62),
}

/// A text that does not decode to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotBase62 {
    #[error(
        "the signing secret has a character other than A-Z, a-z and 0-9 at place {0}: remove quotes, white space and line ends around it"
    )]
    Character(usize),
    #[error(
        "the signing secret has more than {SECRET_CHARS_MAX} characters: copy `signingSecret` of one webhook endpoint only"
    )]
    Long,
}

impl SigningSecret {
    /// Refuses what decodes but must never be signed with.
    pub fn parse(text: &str) -> Result<SigningSecret, SecretError> {
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        let number = number(text)?;
        if number.is_empty() {
            return Err(SecretError::Zero);
        }
        // Leading zero bytes add length but nothing to guess.
        if number.len() < KEY_BYTES_MIN {
            return Err(SecretError::Short(number.len()));
        }
        let keys = variants(text, number).into_iter().map(|(variant, key)| (variant, key.into()));
        Ok(SigningSecret { text: text.into(), keys: keys.collect() })
    }

    /// Names the secret in logs and records without giving it away.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::new()
            .chain_update("tokenledger/secret/1")
            .chain_update(self.text.expose_secret())
            .finalize();
        hex::encode(digest.get(..FINGERPRINT_BYTES).expect("a digest has 32 bytes"))
    }

    /// Whether the text begins with the digit on which the vendor's own libraries disagree.
    pub fn has_variants(&self) -> bool {
        self.keys.len() > 1
    }

    /// The text itself: for the vault, never for an output.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Every key this secret may stand for, the likeliest first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (KeyVariant, &[u8])> {
        self.keys.iter().map(|(variant, key)| (*variant, key.expose_secret()))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(redacted)")
    }
}

impl KeyVariant {
    pub const ALL: [KeyVariant; 3] = [KeyVariant::BaseX, KeyVariant::Minimal, KeyVariant::Padded30];

    pub const fn as_str(self) -> &'static str {
        match self {
            KeyVariant::BaseX => "base_x",
            KeyVariant::Minimal => "minimal",
            KeyVariant::Padded30 => "padded_30",
        }
    }

    pub fn parse(word: &str) -> Option<KeyVariant> {
        KeyVariant::ALL.into_iter().find(|variant| variant.as_str() == word)
    }
}

/// The key by the base-x rule, weak ones too: to recompute signatures. To verify with a secret,
/// use [`SigningSecret::parse`].
pub fn decode_key(text: &str) -> Result<Vec<u8>, NotBase62> {
    Ok(base_x(text, &number(text)?))
}

/// The distinct keys of a secret.
fn variants(text: &str, number: Vec<u8>) -> Vec<(KeyVariant, Vec<u8>)> {
    let mut keys = vec![(KeyVariant::BaseX, base_x(text, &number))];
    if !text.starts_with('A') {
        return keys;
    }
    let padding = PADDED_KEY_BYTES.checked_sub(number.len());
    let padded = padding.map(|count| [vec![0; count], number.clone()].concat());
    let more = [(KeyVariant::Minimal, Some(number)), (KeyVariant::Padded30, padded)];
    for (variant, key) in more {
        if let Some(key) = key.filter(|key| keys.iter().all(|(_, known)| known != key)) {
            keys.push((variant, key));
        }
    }
    keys
}

fn base_x(text: &str, number: &[u8]) -> Vec<u8> {
    let zeros = text.bytes().take_while(|byte| *byte == b'A').count();
    [&vec![0; zeros], number].concat()
}

/// The number a text stands for, big-endian, without leading zero bytes.
fn number(text: &str) -> Result<Vec<u8>, NotBase62> {
    if text.len() > SECRET_CHARS_MAX {
        return Err(NotBase62::Long);
    }
    let mut little_endian: Vec<u8> = Vec::with_capacity(text.len());
    for (index, character) in text.chars().enumerate() {
        let mut carry = digit(character).ok_or(NotBase62::Character(index + 1))?;
        for byte in &mut little_endian {
            carry += u32::from(*byte) * 62;
            let [low, ..] = carry.to_le_bytes();
            *byte = low;
            carry >>= 8;
        }
        let [low, ..] = carry.to_le_bytes();
        if low > 0 {
            little_endian.push(low);
        }
    }
    little_endian.reverse();
    Ok(little_endian)
}

fn digit(character: char) -> Option<u32> {
    let character = u32::from(character);
    match character {
        0x41..=0x5a => Some(character - 0x41),
        0x61..=0x7a => Some(character - 0x61 + 26),
        0x30..=0x39 => Some(character - 0x30 + 52),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::smartpay::keys::KeyVariant;
    use crate::smartpay::keys::NotBase62;
    use crate::smartpay::keys::SecretError;
    use crate::smartpay::keys::SigningSecret;
    use crate::smartpay::keys::decode_key;

    #[test]
    fn decoding_keeps_a_zero_byte_for_each_leading_a() {
        assert_eq!(decode_key(""), Ok(vec![]));
        assert_eq!(decode_key("AAA"), Ok(vec![0, 0, 0]));
        assert_eq!(decode_key("AB"), Ok(vec![0, 1]));
        assert_eq!(decode_key("BA"), Ok(vec![62]));
        assert_eq!(decode_key("99"), Ok(vec![15, 3]));
        assert_eq!(decode_key("EI"), Ok(vec![1, 0]));
        assert_eq!(decode_key("B\n"), Err(NotBase62::Character(2)));
    }

    #[test]
    fn a_secret_is_weak_by_what_can_be_guessed_and_not_by_its_length() {
        let refused = |text: &str| SigningSecret::parse(text).unwrap_err();
        assert_eq!(refused(""), SecretError::Empty);
        assert_eq!(refused(&"A".repeat(40)), SecretError::Zero);
        assert_eq!(refused(&format!("{}B", "A".repeat(39))), SecretError::Short(1));
        assert_eq!(refused("abcdefgh"), SecretError::Short(6));
        assert_eq!(refused(&"b".repeat(1025)), SecretError::NotBase62(NotBase62::Long));
    }

    #[test]
    fn only_distinct_keys_of_a_leading_a_are_variants() {
        let variants = |text: &str| -> Vec<(KeyVariant, usize)> {
            let secret = SigningSecret::parse(text).unwrap();
            secret.keys().map(|(variant, key)| (variant, key.len())).collect()
        };
        let small = "ABbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
        assert_eq!(variants(small), [(KeyVariant::BaseX, 30), (KeyVariant::Minimal, 29)]);
        let big = "A9bcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
        assert_eq!(variants(big), [(KeyVariant::BaseX, 31), (KeyVariant::Minimal, 30)]);
        let two = "AA9csjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
        let all = [(KeyVariant::BaseX, 31), (KeyVariant::Minimal, 29), (KeyVariant::Padded30, 30)];
        assert_eq!(variants(two), all);
        for plain in ["9AbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q", "9AbcsjixKyBW2d4z6iNPla"] {
            assert_eq!(variants(plain).len(), 1);
        }
    }
}
