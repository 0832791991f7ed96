//! Signatures: the vendor's vectors, and that nothing but the signed bytes is accepted.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::TestCaseError;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::proptest;
use serde::Deserialize;

use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::keys::KeyVariant;
use tokenledger::smartpay::keys::decode_key;
use tokenledger::smartpay::signature::Matched;
use tokenledger::smartpay::signature::mac;
use tokenledger::smartpay::signature::sign;
use tokenledger::smartpay::signature::verify;

const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
const OTHER_SECRET: &str = "MgUfJaMacS7r5JxGxdqFiZ1hpGY9a5lZcVQZDo6s";
const TIMESTAMP: &str = "1664522080123";

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
    #[serde(default)]
    must_reject_secrets: Vec<String>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    secret: String,
    timestamp: String,
    body_base64: String,
    signature: String,
}

impl Vector {
    fn body(&self) -> Vec<u8> {
        STANDARD.decode(&self.body_base64).unwrap()
    }
}

/// The vectors kept here, and those of further files, colon-separated.
fn all_vectors() -> Vec<Vectors> {
    let own = PathBuf::from("tests/vectors/smartpay-signature.json");
    let further = std::env::var_os("TOKENLEDGER_TEST_VECTORS").unwrap_or_default();
    let further = std::env::split_paths(&further).filter(|path| !path.as_os_str().is_empty());
    let read = |path: PathBuf| serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    std::iter::once(own).chain(further).map(read).collect()
}

fn secret(text: &str) -> SigningSecret {
    SigningSecret::parse(text).unwrap()
}

fn is_accepted(signature: &str, timestamp: &str, body: &[u8]) -> bool {
    verify(&[secret(SECRET)], signature, timestamp, body).is_some()
}

/// Every text that differs in one bit and is still a text.
fn texts_one_bit_away(text: &str) -> impl Iterator<Item = String> {
    let flipped = (0..text.len() * 8).map(|bit| flip(text.as_bytes(), bit));
    flipped.filter_map(|bytes| String::from_utf8(bytes).ok())
}

fn flip(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    *bytes.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
    bytes
}

#[test]
fn every_vector_holds_for_the_mac() {
    let files = all_vectors();
    assert!(files[0].vectors.len() >= 20);
    for vector in files.iter().flat_map(|file| &file.vectors) {
        let key = decode_key(&vector.secret).unwrap();
        let made = hex::encode(mac(&key, &vector.timestamp, &vector.body()));
        assert_eq!(made, vector.signature, "{}", vector.name);
    }
}

#[test]
fn every_vector_of_a_strong_secret_is_verified_by_the_first_key() {
    let matched = Some(Matched { secret: 1, variant: KeyVariant::BaseX });
    let mut verified = 0;
    for vector in all_vectors().iter().flat_map(|file| &file.vectors) {
        let Ok(strong) = SigningSecret::parse(&vector.secret) else {
            continue;
        };
        let secrets = [secret("0000000000000000000000000000000000000000"), strong];
        let (signature, timestamp) = (&vector.signature, &vector.timestamp);
        let found = verify(&secrets, signature, timestamp, &vector.body());
        assert_eq!(found, matched, "{}", vector.name);
        assert_eq!(&sign(&secrets[1], timestamp, &vector.body()), signature, "{}", vector.name);
        verified += 1;
    }
    assert!(verified >= 18);
}

#[test]
fn secrets_with_a_stray_character_are_refused_and_not_repeated() {
    for text in all_vectors().iter().flat_map(|file| &file.must_reject_secrets) {
        let refusal = SigningSecret::parse(text).unwrap_err().to_string();
        if text.bytes().any(|byte| !byte.is_ascii_alphanumeric()) {
            assert!(decode_key(text).is_err() && refusal.contains("remove"), "{refusal}");
        }
        let telling = text.get(..16).unwrap_or("a short one tells nothing");
        assert!(!refusal.contains(telling), "{refusal}");
    }
}

#[test]
fn weak_secrets_are_refused_with_what_to_do() {
    let zeros = "A".repeat(40);
    let nearly_zeros = format!("{}999", "A".repeat(37));
    for text in ["", "A", &zeros, &nearly_zeros, "short", "gybcsjixKyBW2d4z6iNP"] {
        let refusal = SigningSecret::parse(text).unwrap_err().to_string();
        assert!(refusal.contains("copy `signingSecret`"), "{refusal}");
    }
    assert!(SigningSecret::parse("gybcsjixKyBW2d4z6iNPla").is_ok());
}

#[test]
fn each_official_reading_of_a_leading_a_is_accepted_and_named() {
    let number = |text: &str| decode_key(text.trim_start_matches('A')).unwrap();
    let padded = |text: &str| [vec![0; 30 - number(text).len()], number(text)].concat();
    let small = "ABbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
    let two = "AAbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
    let table = [
        (small, decode_key(small).unwrap(), KeyVariant::BaseX),
        (small, number(small), KeyVariant::Minimal),
        (small, padded(small), KeyVariant::BaseX),
        (two, decode_key(two).unwrap(), KeyVariant::BaseX),
        (two, number(two), KeyVariant::Minimal),
        (two, padded(two), KeyVariant::Padded30),
    ];
    for (text, key, variant) in table {
        let signature = hex::encode(mac(&key, TIMESTAMP, b"{}"));
        let found = verify(&[secret(text)], &signature, TIMESTAMP, b"{}");
        assert_eq!(found, Some(Matched { secret: 0, variant }));
    }
    let plain = secret(SECRET);
    let padded = [vec![0], decode_key(SECRET).unwrap()].concat();
    let signature = hex::encode(mac(&padded, TIMESTAMP, b"{}"));
    assert_eq!(verify(&[plain], &signature, TIMESTAMP, b"{}"), None);
}

#[test]
fn the_first_of_several_secrets_that_match_is_named() {
    let secrets = [SECRET, OTHER_SECRET, SECRET, OTHER_SECRET].map(secret);
    let at = |index: usize| {
        let signature = sign(&secrets[index], TIMESTAMP, b"{}");
        verify(&secrets, &signature, TIMESTAMP, b"{}").unwrap().secret
    };
    assert_eq!([at(0), at(1), at(2), at(3)], [0, 1, 0, 1]);
    let signature = sign(&secrets[0], TIMESTAMP, b"{}");
    assert_eq!(verify(&[], &signature, TIMESTAMP, b"{}"), None);
    assert_eq!(verify(&secrets[1..2], &signature, TIMESTAMP, b"{}"), None);
}

#[test]
fn a_signature_has_one_form() {
    let right = sign(&secret(SECRET), TIMESTAMP, b"{}");
    assert!(is_accepted(&right, TIMESTAMP, b"{}"));
    let zeros = "0".repeat(64);
    let wrong = [
        String::new(),
        right[..63].to_owned(),
        right[..62].to_owned(),
        format!("{right}0"),
        format!("{right}00"),
        right.to_uppercase(),
        format!("0x{right}"),
        format!("sha256={right}"),
        format!(" {right} "),
        format!("{right}\n"),
        format!("{zeros},{right}"),
        zeros,
        "é".repeat(32),
        STANDARD.encode(hex::decode(&right).unwrap()),
    ];
    for signature in wrong {
        assert!(!is_accepted(&signature, TIMESTAMP, b"{}"), "{signature}");
    }
}

#[test]
fn macs_made_in_other_ways_are_refused() {
    let key = decode_key(SECRET).unwrap();
    let dotless = hex::encode(mac(&key, "", b"{}"));
    let ascii_key = hex::encode(mac(SECRET.as_bytes(), TIMESTAMP, b"{}"));
    let moved_dot = sign(&secret(SECRET), "1664522080123", b"1.{}");
    for signature in [dotless, ascii_key, moved_dot] {
        assert!(!is_accepted(&signature, TIMESTAMP, b"{}"));
    }
}

#[test]
fn any_one_bit_change_of_a_delivery_is_refused() {
    let files = all_vectors();
    let vector = &files[0].vectors[0];
    let (body, timestamp, signature) = (vector.body(), &vector.timestamp, &vector.signature);
    let secrets = [secret(&vector.secret)];
    assert!(verify(&secrets, signature, timestamp, &body).is_some());
    for bit in 0..body.len() * 8 {
        assert_eq!(verify(&secrets, signature, timestamp, &flip(&body, bit)), None, "bit {bit}");
    }
    for changed in texts_one_bit_away(timestamp) {
        assert_eq!(verify(&secrets, signature, &changed, &body), None, "{changed}");
    }
    for changed in texts_one_bit_away(signature) {
        assert_eq!(verify(&secrets, &changed, timestamp, &body), None, "{changed}");
    }
}

#[test]
fn fingerprints_tell_secrets_apart_and_stay_the_same() {
    let fingerprint = secret(SECRET).fingerprint();
    assert_eq!(fingerprint, "d6c12f744c6e4584");
    assert_ne!(fingerprint, secret(OTHER_SECRET).fingerprint());
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_what_differs_in_one_bit_does_not(
        text in "[A-Za-z0-9]{30,60}",
        timestamp in "[0-9]{13}",
        body in prop::collection::vec(any::<u8>(), 1..300),
        bit in any::<prop::sample::Index>(),
    ) {
        let Ok(secret) = SigningSecret::parse(&text) else {
            return Err(TestCaseError::reject("a weak secret"));
        };
        let secrets = [secret];
        let signature = sign(&secrets[0], &timestamp, &body);
        prop_assert!(verify(&secrets, &signature, &timestamp, &body).is_some());

        let changed = flip(&body, bit.index(body.len() * 8));
        prop_assert!(verify(&secrets, &signature, &timestamp, &changed).is_none());
        for changed in texts_one_bit_away(&timestamp) {
            prop_assert!(verify(&secrets, &signature, &changed, &body).is_none());
        }
        for changed in texts_one_bit_away(&signature) {
            prop_assert!(verify(&secrets, &changed, &timestamp, &body).is_none());
        }
    }

    #[test]
    fn any_texts_and_bytes_are_answered(
        secret_text in ".{0,60}",
        signature in ".{0,70}",
        timestamp in ".{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        prop_assert!(SigningSecret::parse(&secret_text).is_err() || secret_text.is_ascii());
        prop_assert!(!is_accepted(&signature, &timestamp, &body));
    }
}
