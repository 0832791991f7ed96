//! The words of the wire, what prints and what must not, and signatures that are checked again.

use tokenledger::smartpay::EventId;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::Reason;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::keys::KeyVariant;
use tokenledger::smartpay::keys::SecretError;
use tokenledger::smartpay::keys::decode_key;
use tokenledger::smartpay::signature::mac;
use tokenledger::smartpay::signature::matches_again;

const TIMESTAMP: &str = "1664522080123";
const PLAIN: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
/// Smartpay's own libraries read it in three ways.
const LEADING: &str = "AA9csjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";

#[test]
fn modes_and_key_variants_read_back_from_their_words() {
    for (mode, word, flag) in [(Mode::Test, "test", true), (Mode::Live, "live", false)] {
        assert_eq!((mode.as_str(), mode.to_string(), mode.test_flag()), (word, word.into(), flag));
        assert_eq!(word.parse(), Ok(mode));
        assert_eq!(TokenId::parse(&format!("paytok_{word}_a")).unwrap().mode(), mode);
        assert_eq!(EventId::parse(&format!("evt_{word}_a")).unwrap().mode(), mode);
    }
    assert!("Test".parse::<Mode>().is_err());
    let words = KeyVariant::ALL.map(KeyVariant::as_str);
    assert_eq!(words, ["base_x", "minimal", "padded_30"]);
    assert_eq!(words.map(KeyVariant::parse), KeyVariant::ALL.map(Some));
    assert_eq!(KeyVariant::parse("padded"), None);
}

#[test]
fn ids_print_unless_they_can_be_charged_and_secrets_never() {
    let event_id = EventId::parse("evt_test_a-b").unwrap();
    assert_eq!((event_id.as_str(), event_id.to_string()), ("evt_test_a-b", "evt_test_a-b".into()));
    assert_eq!(String::from(event_id), "evt_test_a-b");
    let token = TokenId::parse("paytok_live_zAo001ZRfyjz").unwrap();
    assert_eq!(format!("{token:?}"), "TokenId(live, redacted)");
    assert_eq!(token.expose(), "paytok_live_zAo001ZRfyjz");
    let secret = SigningSecret::parse(PLAIN).unwrap();
    assert_eq!(format!("{secret:?}"), "SigningSecret(redacted)");
    assert_eq!((secret.expose(), secret.has_variants()), (PLAIN, false));
    assert!(SigningSecret::parse(LEADING).unwrap().has_variants());
}

#[test]
fn every_reason_explains_itself_in_words_of_its_own() {
    for (place, reason) in Reason::ALL.into_iter().enumerate() {
        assert_eq!(reason.to_string(), reason.as_str());
        let earlier = Reason::ALL.into_iter().take(place);
        assert!(reason.explain().len() > 40);
        assert!(earlier.into_iter().all(|other| other.explain() != reason.explain()));
    }
    assert_eq!(Reason::parse("unknown"), None);
}

#[test]
fn a_kept_signature_matches_again_by_the_reading_that_matched_and_by_no_other() {
    let secret = SigningSecret::parse(LEADING).unwrap();
    let natural = decode_key(LEADING).unwrap();
    let minimal = natural.get(2..).unwrap().to_vec();
    let padded = [vec![0; 30 - minimal.len()], minimal.clone()].concat();
    let keys = [natural, minimal, padded];
    for (key, own) in keys.iter().zip(KeyVariant::ALL) {
        let signature = hex::encode(mac(key, TIMESTAMP, b"{}"));
        for variant in KeyVariant::ALL {
            let again = matches_again(&secret, variant, &signature, TIMESTAMP, b"{}");
            assert_eq!(again, variant == own, "{own:?} by {variant:?}");
        }
        assert!(!matches_again(&secret, own, &signature, TIMESTAMP, b"{ }"));
        assert!(!matches_again(&secret, own, &signature, "1664522080124", b"{}"));
        assert!(!matches_again(&secret, own, &signature.to_uppercase(), TIMESTAMP, b"{}"));
        assert!(!matches_again(&secret, own, "", TIMESTAMP, b"{}"));
    }
}

#[test]
fn a_secret_has_16_bytes_at_least_and_1_024_characters_at_most() {
    let bytes = |text: &str| decode_key(text).unwrap().len();
    let (fifteen, sixteen) = ("gybcsjixKyBW2d4z6iNP", "gybcsjixKyBW2d4z6iNPl");
    assert_eq!((bytes(fifteen), bytes(sixteen)), (15, 16));
    assert_eq!(SigningSecret::parse(fifteen).unwrap_err(), SecretError::Short(15));
    assert!(SigningSecret::parse(sixteen).is_ok());
    assert!(SigningSecret::parse(&"b".repeat(1_024)).is_ok(), "the longest");
}
