//! The text of a key: `tl_test_<id>_<secret><checksum>`.
//!
//! The checksum tells a typo from a wrong key before anything is looked up. It is no protection:
//! everybody can compute it.

use std::fmt;
use std::iter;

use rand::RngExt;
use rand::distr::Alphanumeric;
use secrecy::SecretString;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::smartpay::Mode;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX: &str = "tl_";
/// 71 bits: no two keys of a ledger have the same.
const ID_CHARS: usize = 12;
/// 62⁴³ is just above 2²⁵⁶.
const SECRET_CHARS: usize = 43;
/// 62⁶ is above 2³².
const CHECKSUM_CHARS: usize = 6;

/// A key as it was presented: its id, and the digest that must be the stored one.
pub struct AccessKey {
    pub id: String,
    digest: [u8; 32],
}

/// A key that was just made. Its text is shown once and kept nowhere.
pub struct NewKey {
    pub id: String,
    pub text: SecretString,
    pub digest: [u8; 32],
}

/// Why a text is no key of this ledger. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("an access key is tl_test_ or tl_live_, an id, _ and a secret")]
    Form,
    #[error("the access key has a typo or was cut: its checksum is not right")]
    Checksum,
    #[error("the access key is for a {found} ledger, this is a {mode} ledger")]
    Mode { found: Mode, mode: Mode },
}

impl AccessKey {
    pub fn parse(text: &str, mode: Mode) -> Result<Self, KeyError> {
        let (found, rest) = Mode::split(text, PREFIX).ok_or(KeyError::Form)?;
        let (id, secret) = rest.split_once('_').ok_or(KeyError::Form)?;
        let fits = id.len() == ID_CHARS
            && secret.len() == SECRET_CHARS + CHECKSUM_CHARS
            && id.bytes().chain(secret.bytes()).all(|byte| byte.is_ascii_alphanumeric());
        if !fits {
            return Err(KeyError::Form);
        }
        let (named, sum) = text.split_at(text.len() - CHECKSUM_CHARS);
        if checksum(named) != sum {
            return Err(KeyError::Checksum);
        }
        if found != mode {
            return Err(KeyError::Mode { found, mode });
        }
        Ok(Self { id: id.to_owned(), digest: digest(text) })
    }

    /// Whether this is the key of that digest; takes the same time whatever it finds.
    pub fn is(&self, digest: &[u8; 32]) -> bool {
        self.digest.ct_eq(digest).into()
    }
}

impl NewKey {
    pub fn random(mode: Mode) -> Self {
        let id = letters(ID_CHARS);
        let named = format!("{PREFIX}{mode}_{id}_{}", letters(SECRET_CHARS));
        let text = format!("{named}{}", checksum(&named));
        Self { id, digest: digest(&text), text: text.into() }
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccessKey({}, redacted)", self.id)
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NewKey({}, redacted)", self.id)
    }
}

/// Of a generator that the operating system seeds.
fn letters(count: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(count).map(char::from).collect()
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// 32 bits of a digest, as letters and digits.
fn checksum(named: &str) -> String {
    let digest = digest(&format!("tokenledger/key/1/{named}"));
    let first = digest.first_chunk::<4>().expect("a digest has 32 bytes");
    let mut rest = u32::from_be_bytes(*first);
    let digit = || {
        let place = usize::try_from(rest % 62).expect("below 62");
        rest /= 62;
        char::from(*ALPHABET.get(place).expect("62 letters and digits"))
    };
    iter::repeat_with(digit).take(CHECKSUM_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::access::AccessKey;
    use crate::access::KeyError;
    use crate::access::NewKey;
    use crate::smartpay::Mode;

    #[test]
    fn a_new_key_is_recognised_by_its_digest_and_prints_nothing() {
        let new = NewKey::random(Mode::Test);
        let key = AccessKey::parse(new.text.expose_secret(), Mode::Test).unwrap();
        assert_eq!(key.id, new.id);
        assert!(key.is(&new.digest));
        assert!(!key.is(&NewKey::random(Mode::Test).digest));
        let secret = new.text.expose_secret().rsplit_once('_').unwrap().1;
        assert!(!format!("{new:?} {key:?}").contains(secret));
    }

    #[test]
    fn every_wrong_character_is_caught_before_any_lookup() {
        let new = NewKey::random(Mode::Test);
        let text = new.text.expose_secret();
        for (place, right) in text.char_indices() {
            for wrong in ['0', 'Z', '_'].into_iter().filter(|wrong| *wrong != right) {
                let mut spoiled = text.to_owned();
                spoiled.replace_range(place..=place, &wrong.to_string());
                assert!(AccessKey::parse(&spoiled, Mode::Test).is_err(), "at {place}");
            }
            let cut = text.get(..place).unwrap();
            assert_eq!(AccessKey::parse(cut, Mode::Test).unwrap_err(), KeyError::Form);
        }
    }

    #[test]
    fn a_key_of_the_other_mode_is_refused() {
        let new = NewKey::random(Mode::Live);
        let refused = AccessKey::parse(new.text.expose_secret(), Mode::Test).unwrap_err();
        assert_eq!(refused, KeyError::Mode { found: Mode::Live, mode: Mode::Test });
    }
}
