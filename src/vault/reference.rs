//! The ref: a keyed hash that names a token everywhere outside of the vault.

use std::fmt;
use std::str::FromStr;

use hmac::Hmac;
use hmac::Mac;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::Serialize;
use sha2::Sha256;
use thiserror::Error;

use crate::smartpay::Mode;
use crate::smartpay::TokenId;
use crate::vault::keys::Vault;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 62²² is just above 2¹²⁸.
const BODY_CHARS: usize = 22;

/// Names a token: `tok_(test|live)_` and 22 letters and digits. Equal ids of one ledger have equal
/// refs, and nobody without the ref key can tell an id from its ref.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ref {
    mode: Mode,
    text: String,
}

/// A text that is no ref.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a ref is tok_test_ or tok_live_ followed by {BODY_CHARS} letters and digits")]
pub struct NotARef;

impl Ref {
    pub fn parse(text: &str) -> Result<Ref, NotARef> {
        let (mode, body) = Mode::split(text, "tok_").ok_or(NotARef)?;
        if body.len() != BODY_CHARS || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotARef);
        }
        Ok(Ref { mode, text: text.to_owned() })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Vault {
    /// The ref of a token id. What goes into it is for ever.
    pub fn reference(&self, token: &TokenId) -> Ref {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.ref_key().expose_secret())
            .expect("HMAC takes keys of any length");
        mac.update(b"tokenledger/ref/1\0");
        mac.update(token.expose().as_bytes());
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let (half, _) = digest.split_first_chunk::<16>().expect("a digest has 32 bytes");
        let mode = token.mode();
        Ref { mode, text: format!("tok_{mode}_{}", base62(u128::from_be_bytes(*half))) }
    }
}

impl Vault {
    /// A MAC under the ledger's own key, for texts that leave us and come back: cursors, states.
    /// `purpose` keeps one kind from passing for another.
    pub fn mac(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.ref_key().expose_secret())
            .expect("HMAC takes keys of any length");
        mac.update(b"tokenledger/mac/1\0");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl FromStr for Ref {
    type Err = NotARef;

    fn from_str(text: &str) -> Result<Ref, NotARef> {
        Ref::parse(text)
    }
}

impl TryFrom<String> for Ref {
    type Error = NotARef;

    fn try_from(text: String) -> Result<Ref, NotARef> {
        Ref::parse(&text)
    }
}

impl From<Ref> for String {
    fn from(reference: Ref) -> String {
        reference.text
    }
}

/// Always of the same width, so that the length tells nothing.
fn base62(mut number: u128) -> String {
    let mut digits = [b'0'; BODY_CHARS];
    for place in digits.iter_mut().rev() {
        let digit = usize::try_from(number % 62).expect("a remainder is below 62");
        *place = *ALPHABET.get(digit).expect("a remainder is below 62");
        number /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use crate::smartpay::TokenId;
    use crate::vault::keys::Vault;
    use crate::vault::reference::Ref;
    use crate::vault::reference::base62;

    #[test]
    fn a_ref_is_the_beginning_of_an_hmac_and_stays_what_it_is() {
        let vault = Vault::of_keys([7; 32], [8; 32]);
        let token = TokenId::parse("paytok_test_zAo001ZRfyjz1F4rMyYPnL").unwrap();
        assert_eq!(vault.reference(&token).as_str(), "tok_test_2QByZW0FlQyK4GBEIRZLzE");
    }

    #[test]
    fn every_number_has_twenty_two_digits() {
        assert_eq!(base62(0), "0".repeat(22));
        assert_eq!(base62(61), format!("{}z", "0".repeat(21)));
        assert_eq!(base62(u128::MAX), "7n42DGM5Tflk9n8mt7Fhc7");
    }

    #[test]
    fn a_ref_has_one_form() {
        let good = format!("tok_live_{}", "a".repeat(22));
        assert_eq!(Ref::parse(&good).unwrap().to_string(), good);
        for body in ["a".repeat(21), "a".repeat(23), format!("{}-", "a".repeat(21))] {
            assert!(Ref::parse(&format!("tok_live_{body}")).is_err());
        }
        assert!(Ref::parse(&format!("paytok_live_{}", "a".repeat(22))).is_err());
        assert!(serde_json::from_str::<Ref>("\"tok_test_\"").is_err());
    }
}
