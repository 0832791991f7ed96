//! Signatures: what is signed verifies, any other byte does not, and a second formulation agrees.

use sha2::Digest;
use sha2::Sha256;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::keys::KeyVariant;
use tokenledger::smartpay::keys::decode_key;
use tokenledger::smartpay::signature::Matched;
use tokenledger::smartpay::signature::Timestamp;
use tokenledger::smartpay::signature::sign;
use tokenledger::smartpay::signature::verify;

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const TIMESTAMP_DIGITS: usize = 13;
const SECRET_CHARS_MAX: usize = 64;
const BLOCK_BYTES: usize = 64;
const KEY_BYTES_MIN: usize = 16;

/// A delivery, cut out of the fuzzer's bytes.
struct Delivery<'a> {
    secret: String,
    timestamp: String,
    /// As the sender claims it.
    claimed: String,
    /// Which byte of it is changed, and by which bits.
    place: usize,
    bits: u8,
    body: &'a [u8],
}

/// Panics where a signature is taken that should not be, or the other way round.
pub fn holds(bytes: &[u8]) {
    let Some(delivery) = cut(bytes) else { return };
    let Delivery { secret: text, timestamp, claimed, .. } = &delivery;
    let is_timestamp =
        timestamp.len() == TIMESTAMP_DIGITS && timestamp.chars().all(|c| c.is_ascii_digit());
    assert_eq!(Timestamp::parse(timestamp).is_ok(), is_timestamp, "{timestamp:?}");

    let natural = key(text);
    assert_eq!(decode_key(text).ok(), natural, "decoding");
    let strength = natural.as_deref().map_or(0, |key| significant(key).len());
    let Ok(secret) = SigningSecret::parse(text) else {
        assert!(strength < KEY_BYTES_MIN, "a strong secret is refused");
        return;
    };
    assert!(strength >= KEY_BYTES_MIN, "a weak secret is taken");
    let keys = keys(text, &natural.expect("it was taken"));
    let secrets = [secret];
    let verdict = |claimed: &str| verify(&secrets, claimed, timestamp, delivery.body);
    assert_eq!(verdict(claimed), expected(&keys, claimed, timestamp, delivery.body));
    for (variant, key) in &keys {
        let right = mac(key, timestamp, delivery.body);
        assert_eq!(verdict(&right), Some(Matched { secret: 0, variant: *variant }), "{variant:?}");
    }
    let [secret] = &secrets;
    let right = sign(secret, timestamp, delivery.body);
    assert_eq!(
        Some(&right),
        keys.first().map(|(_, key)| mac(key, timestamp, delivery.body)).as_ref()
    );
    for other in
        [right.to_uppercase(), format!("{right}0"), format!(" {right}"), format!("0x{right}")]
    {
        assert_eq!(verdict(&other).filter(|_| other != right), None, "another form");
    }
    changed(&secrets, &delivery, &right);
}

/// One byte of body, timestamp or signature is another: refused.
fn changed(secrets: &[SigningSecret], delivery: &Delivery<'_>, right: &str) {
    if delivery.bits == 0 {
        return;
    }
    let other = |bytes: &[u8]| -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        let place = delivery.place.checked_rem(bytes.len()).unwrap_or_default();
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= delivery.bits;
        }
        bytes
    };
    let Delivery { timestamp, body, .. } = delivery;
    if !body.is_empty() {
        assert_eq!(verify(secrets, right, timestamp, &other(body)), None, "another body");
    }
    if let Ok(signature) = String::from_utf8(other(right.as_bytes())) {
        assert_eq!(verify(secrets, &signature, timestamp, body), None, "another signature");
    }
    if let Ok(other) = String::from_utf8(other(timestamp.as_bytes()))
        && !timestamp.is_empty()
    {
        assert_eq!(verify(secrets, right, &other, body), None, "another timestamp");
    }
}

/// The first byte says how long secret and timestamp are, and how the claim is made.
fn cut(bytes: &[u8]) -> Option<Delivery<'_>> {
    let (&[form, length, place, bits], rest) = bytes.split_first_chunk()?;
    let (secret, rest) = rest.split_at_checked(usize::from(length) % SECRET_CHARS_MAX)?;
    let (timestamp, body) = rest.split_at_checked(TIMESTAMP_DIGITS)?;
    let letter = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len()).copied();
    let secret = if form & 1 == 0 {
        secret.iter().filter_map(letter).map(char::from).collect()
    } else {
        String::from_utf8_lossy(secret).into_owned()
    };
    let digit = |byte: &u8| char::from(b'0' + byte % 10);
    let timestamp = if form & 2 == 0 {
        timestamp.iter().map(digit).collect()
    } else {
        String::from_utf8_lossy(timestamp).into_owned()
    };
    let claimed = if form & 4 == 0 {
        String::from_utf8_lossy(body).into_owned()
    } else {
        hex::encode(Sha256::digest(body))
    };
    Some(Delivery { secret, timestamp, claimed, place: place.into(), bits, body })
}

/// The first key whose MAC is the claimed text, letter by letter.
fn expected(
    keys: &[(KeyVariant, Vec<u8>)],
    claimed: &str,
    timestamp: &str,
    body: &[u8],
) -> Option<Matched> {
    let right = keys.iter().find(|(_, key)| mac(key, timestamp, body) == claimed)?;
    Some(Matched { secret: 0, variant: right.0 })
}

/// HMAC-SHA256 as RFC 2104 writes it, in hexadecimal digits.
fn mac(key: &[u8], timestamp: &str, body: &[u8]) -> String {
    let mut block =
        if key.len() > BLOCK_BYTES { Sha256::digest(key).to_vec() } else { key.to_vec() };
    block.resize(BLOCK_BYTES, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let message = [timestamp.as_bytes(), b".", body].concat();
    let inner = Sha256::digest([padded(0x36), message].concat());
    hex::encode(Sha256::digest([padded(0x5c), inner.to_vec()].concat()))
}

/// The distinct keys, in their order: as written, without the leading zeros, filled up to 30 bytes.
fn keys(text: &str, natural: &[u8]) -> Vec<(KeyVariant, Vec<u8>)> {
    let mut keys = vec![(KeyVariant::BaseX, natural.to_vec())];
    if text.starts_with('A') {
        let minimal = significant(natural).to_vec();
        let padded = [vec![0; 30_usize.saturating_sub(minimal.len())], minimal.clone()].concat();
        for (variant, key) in [(KeyVariant::Minimal, minimal), (KeyVariant::Padded30, padded)] {
            if keys.iter().all(|(_, known)| *known != key) {
                keys.push((variant, key));
            }
        }
    }
    keys
}

/// Base-x by long division: the digits are divided by 256 until nothing is left.
fn key(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| ALPHABET.iter().position(|known| *known == byte);
    let mut digits: Vec<usize> = text.bytes().map(digit).collect::<Option<_>>()?;
    let mut bytes = Vec::new();
    while digits.iter().any(|digit| *digit > 0) {
        let mut remainder = 0;
        for digit in &mut digits {
            let dividend = remainder * ALPHABET.len() + *digit;
            (*digit, remainder) = (dividend / 256, dividend % 256);
        }
        bytes.push(u8::try_from(remainder).expect("a remainder of 256 is a byte"));
    }
    bytes.extend(text.bytes().take_while(|byte| *byte == b'A').map(|_| 0));
    bytes.reverse();
    Some(bytes)
}

fn significant(key: &[u8]) -> &[u8] {
    let zeros = key.iter().take_while(|byte| **byte == 0).count();
    key.get(zeros..).unwrap_or_default()
}
