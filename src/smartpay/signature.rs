//! The MAC over a delivery: HMAC-SHA256 of the timestamp text, a dot, and the raw body.

use hmac::Hmac;
use hmac::Mac;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::smartpay::keys::KeyVariant;
use crate::smartpay::keys::SigningSecret;
use crate::token::ProviderTime;

const MAC_BYTES: usize = 32;
const TIMESTAMP_DIGITS: usize = 13;

/// Which secret a signature was made with, and by which reading of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// Place in the list that was asked about.
    pub secret: usize,
    pub variant: KeyVariant,
}

/// When a delivery was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// A timestamp header that is not of the one accepted form. Anything looser would let the dot
/// between timestamp and body move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a signature timestamp is exactly {TIMESTAMP_DIGITS} digits")]
pub struct NotATimestamp;

impl Timestamp {
    pub fn parse(text: &str) -> Result<Timestamp, NotATimestamp> {
        if text.len() != TIMESTAMP_DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotATimestamp);
        }
        Ok(Timestamp(text.parse().expect("thirteen digits fit an i64")))
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whether a delivery signed then may be taken now; both ends belong to the window.
    pub fn within(self, window_ms: i64, now: ProviderTime) -> bool {
        now.millis().abs_diff(self.0) <= window_ms.unsigned_abs()
    }
}

/// The MAC itself. The timestamp goes in as it came, without parsing.
pub fn mac(key: &[u8], timestamp_text: &str, body: &[u8]) -> [u8; MAC_BYTES] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(timestamp_text.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// Finds the secret a delivery was signed with. Every secret and variant is tried whatever matched
/// before, and compared in constant time, so that the time taken tells nothing.
pub fn verify(
    secrets: &[SigningSecret],
    signature_text: &str,
    timestamp_text: &str,
    body: &[u8],
) -> Option<Matched> {
    let claimed = decode(signature_text)?;
    let mut matched = None;
    for (secret, signing) in secrets.iter().enumerate() {
        for (variant, key) in signing.keys() {
            let equal = bool::from(mac(key, timestamp_text, body).ct_eq(&claimed));
            if equal && matched.is_none() {
                matched = Some(Matched { secret, variant });
            }
        }
    }
    matched
}

/// Whether a kept signature still matches, by the reading of the secret that matched in its day.
pub fn matches_again(
    secret: &SigningSecret,
    variant: KeyVariant,
    signature_text: &str,
    timestamp_text: &str,
    body: &[u8],
) -> bool {
    let Some(claimed) = decode(signature_text) else { return false };
    secret
        .keys()
        .filter(|(known, _)| *known == variant)
        .any(|(_, key)| bool::from(mac(key, timestamp_text, body).ct_eq(&claimed)))
}

/// What Smartpay's side puts into the signature header.
pub fn sign(secret: &SigningSecret, timestamp_text: &str, body: &[u8]) -> String {
    let (_, key) = secret.keys().next().expect("a secret has at least one key");
    hex::encode(mac(key, timestamp_text, body))
}

/// Exactly 64 lower-case hexadecimal digits: the only form the vendor sends.
fn decode(signature_text: &str) -> Option<[u8; MAC_BYTES]> {
    if signature_text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; MAC_BYTES];
    hex::decode_to_slice(signature_text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use crate::smartpay::signature::Timestamp;
    use crate::token::ProviderTime;

    #[test]
    fn a_timestamp_is_thirteen_digits_and_nothing_else() {
        assert_eq!(Timestamp::parse("1653028612220").unwrap().millis(), 1_653_028_612_220);
        let bad = [
            "",
            "1653028612",
            "+653028612220",
            "16530286122201",
            "1653028612220.0",
            " 653028612220",
        ];
        for text in bad.into_iter().chain(["0x180E2C1A27C", "-653028612220", "165302861222\u{665}"])
        {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_window_reaches_equally_far_both_ways() {
        let signed = Timestamp::parse("1653028612220").unwrap();
        let at = |offset: i64| ProviderTime::from_millis(1_653_028_612_220 + offset);
        assert!(signed.within(300_000, at(300_000)) && signed.within(300_000, at(-300_000)));
        assert!(!signed.within(300_000, at(300_001)) && !signed.within(300_000, at(-300_001)));
        assert!(!signed.within(300_000, ProviderTime::from_millis(i64::MIN)));
    }
}
