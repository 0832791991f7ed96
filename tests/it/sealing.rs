//! The vault: refs are for ever, what is sealed opens in its own place only, and nothing prints.

use secrecy::ExposeSecret;

use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use tokenledger::smartpay::Mode;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::TokenId;
use tokenledger::vault::MasterKey;
use tokenledger::vault::Place;
use tokenledger::vault::Ref;
use tokenledger::vault::Salt;
use tokenledger::vault::UnsealError;
use tokenledger::vault::Vault;
use tokenledger::vault::VaultError;
use tokenledger::vault::WrappedKey;
use tokenledger::vault::master::NotAMasterKey;

const LEDGER: &str = "shop";
const TOKEN: &str = "paytok_test_zAo001ZRfyjz1F4rMyYPnL";
const SUBJECT: &str = "tok_test_0000000000000000000000";
const PLACE: Place<'_> = Place { table: "inputs", row: "17", field: "body" };

fn new_vault() -> Vault {
    Vault::create(LEDGER, &MasterKey::generate()).0
}

fn token() -> TokenId {
    TokenId::parse(TOKEN).unwrap()
}

fn key_text(master: &MasterKey) -> String {
    master.to_text().expose_secret().to_owned()
}

fn of(keys: &[WrappedKey], purpose: &str) -> WrappedKey {
    keys.iter().find(|key| key.purpose == purpose).unwrap().clone()
}

#[test]
fn a_vault_opened_again_gives_the_same_refs_and_opens_what_was_sealed() {
    let master = MasterKey::generate();
    let (first, keys) = Vault::create(LEDGER, &master);
    let salt = Salt::random();
    let sealed = first.seal(&PLACE, SUBJECT, &salt, b"{}");

    let master = MasterKey::parse(&key_text(&master)).unwrap();
    let again = Vault::open(LEDGER, &master, &keys).unwrap();
    assert_eq!(again.reference(&token()), first.reference(&token()));
    let salt = Salt::try_from(salt.as_bytes().as_slice()).unwrap();
    assert_eq!(again.unseal(&PLACE, SUBJECT, &salt, &sealed), Ok(b"{}".to_vec()));
}

#[test]
fn a_vault_written_long_ago_opens() {
    let master = MasterKey::parse("tlmk_wpW1hug-gBab3Y8VPOFk6mQGUi_cI_BdEnU9jbedy1M-S8Q5").unwrap();
    let wrapped = |purpose: &str, hex_text: &str| WrappedKey {
        purpose: purpose.to_owned(),
        version: 1,
        wrapped: hex::decode(hex_text).unwrap(),
    };
    let keys = [
        wrapped(
            "ref",
            "45ad2f7cd2ebaeeec6e4d1730fc75925a58bfc0829549ce955b58e895eed20fe971bf95699175fe0937683d1dcbe3a1c5472bf151900f4c13583dac1fd6703fb5c5249741be930e1",
        ),
        wrapped(
            "data",
            "4effc6b0497e9d4fc68f25d4e0cb2da594233ebb99d27dc7015a78d5469f3b29cef2c4e0cb9b2225abd562cf708b353a7b81bd115618d48642a64e378314b6ed9f6b457976fd8895",
        ),
    ];
    let vault = Vault::open(LEDGER, &master, &keys).unwrap();
    assert_eq!(vault.reference(&token()).as_str(), "tok_test_6EkWDHsVvDlEZdxPbiwXBK");
    let sealed = hex::decode("01000000018f3ed6aea0db54906b67ca7d8b4e9530d78f57720cc2864b9fb35ad12e4cfb2e4c1df32df80950032d72eb67d42f0d45f5a9b1e58ae87ad2f57cdd707b3ad73748fd0077c012ecb1dba5").unwrap();
    let salt = Salt::from_bytes([7; 16]);
    assert_eq!(vault.unseal(&PLACE, SUBJECT, &salt, &sealed), Ok(TOKEN.as_bytes().to_vec()));
}

#[test]
fn a_ref_belongs_to_its_id_mode_and_ledger() {
    let (vault, other) = (new_vault(), new_vault());
    let reference = vault.reference(&token());
    assert_eq!(reference, vault.reference(&token()));
    assert_ne!(reference, other.reference(&token()));
    assert_eq!(reference.mode(), Mode::Test);
    let live = TokenId::parse(&TOKEN.replace("test", "live")).unwrap();
    let live = vault.reference(&live);
    assert_eq!(live.mode(), Mode::Live);
    assert_ne!(live.as_str().replace("live", "test"), reference.as_str());
    assert_eq!(Ref::parse(reference.as_str()), Ok(reference));
}

#[test]
fn what_is_sealed_opens_nowhere_else() {
    let master = MasterKey::generate();
    let (vault, keys) = Vault::create(LEDGER, &master);
    let salt = Salt::random();
    let sealed = vault.seal(&PLACE, SUBJECT, &salt, b"secret");
    let opened =
        |place: Place<'_>, subject: &str, salt: &Salt| vault.unseal(&place, subject, salt, &sealed);
    assert!(opened(PLACE, SUBJECT, &salt).is_ok());
    let moved = [
        opened(Place { table: "vault", ..PLACE }, SUBJECT, &salt),
        opened(Place { row: "18", ..PLACE }, SUBJECT, &salt),
        opened(Place { field: "id", ..PLACE }, SUBJECT, &salt),
        // The same letters, divided differently.
        opened(Place { table: "input", row: "s17", field: "body" }, SUBJECT, &salt),
        opened(Place { table: "inputs", row: "17b", field: "ody" }, SUBJECT, &salt),
        opened(PLACE, "-", &salt),
        opened(PLACE, "", &salt),
        opened(PLACE, SUBJECT, &Salt::random()),
        new_vault().unseal(&PLACE, SUBJECT, &salt, &sealed),
    ];
    for outcome in moved {
        assert_eq!(outcome, Err(UnsealError::DoesNotOpen));
    }
    // Another ledger does not even get the keys.
    assert!(Vault::open("other", &master, &keys).is_err());
}

#[test]
fn no_bit_of_sealed_bytes_can_be_changed_and_none_left_out() {
    let vault = new_vault();
    let salt = Salt::random();
    let sealed = vault.seal(&PLACE, "-", &salt, b"secret");
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.unseal(&PLACE, "-", &salt, &changed).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(vault.unseal(&PLACE, "-", &salt, &sealed[..length]).is_err());
    }
    let mut longer = sealed.clone();
    longer.push(0);
    assert_eq!(vault.unseal(&PLACE, "-", &salt, &longer), Err(UnsealError::DoesNotOpen));
    let mut newer = sealed.clone();
    newer[0] = 2;
    assert_eq!(vault.unseal(&PLACE, "-", &salt, &newer), Err(UnsealError::UnknownForm));
    let mut rotated = sealed;
    rotated[4] = 9;
    assert_eq!(vault.unseal(&PLACE, "-", &salt, &rotated), Err(UnsealError::KeyMissing(9)));
}

#[test]
fn the_same_text_is_never_sealed_the_same_way_twice() {
    let vault = new_vault();
    let salt = Salt::random();
    let sealed = || vault.seal(&PLACE, SUBJECT, &salt, TOKEN.as_bytes());
    assert_ne!(sealed(), sealed());
    assert_ne!(Salt::random(), Salt::random());
    assert!(!sealed().windows(6).any(|window| window == b"paytok"));
}

#[test]
fn a_wrong_master_key_says_what_to_do() {
    let (_, keys) = Vault::create(LEDGER, &MasterKey::generate());
    let refusal = Vault::open(LEDGER, &MasterKey::generate(), &keys).unwrap_err();
    assert_eq!(refusal, VaultError::WrongMasterKey { ledger: LEDGER.to_owned() });
    assert!(refusal.to_string().contains("TOKENLEDGER_MASTER_KEY"));
}

#[test]
fn a_vault_opens_only_when_it_is_whole() {
    let master = MasterKey::generate();
    let (_, keys) = Vault::create(LEDGER, &master);
    let (ref_key, data_key) = (of(&keys, "ref"), of(&keys, "data"));
    let refusal = |keys: &[WrappedKey]| Vault::open(LEDGER, &master, keys).unwrap_err();
    let ledger = || LEDGER.to_owned();

    assert_eq!(refusal(&[]), VaultError::RefKeyMissing { ledger: ledger() });
    let only_data = [data_key.clone()];
    assert_eq!(refusal(&only_data), VaultError::RefKeyMissing { ledger: ledger() });
    let only_ref = [ref_key.clone()];
    assert_eq!(refusal(&only_ref), VaultError::DataKeyMissing { ledger: ledger() });
    let twice = [ref_key.clone(), ref_key.clone(), data_key.clone()];
    assert_eq!(refusal(&twice), VaultError::RefKeyTwice { ledger: ledger() });
    // A key in the place of another, or under another version, is a damaged one.
    let swapped = WrappedKey { purpose: "ref".to_owned(), ..data_key.clone() };
    let damaged = VaultError::KeyDamaged { purpose: "ref".to_owned(), version: 1 };
    assert_eq!(refusal(&[swapped, data_key.clone()]), damaged);
    let renumbered = WrappedKey { version: 2, ..data_key };
    let damaged = VaultError::KeyDamaged { purpose: "data".to_owned(), version: 2 };
    assert_eq!(refusal(&[ref_key, renumbered]), damaged);
}

#[test]
fn a_typing_error_in_a_master_key_is_noticed_at_every_place() {
    let text = key_text(&MasterKey::generate());
    assert!(text.starts_with("tlmk_") && text.len() == 53);
    for place in 5..text.len() {
        let mut typed = text.clone().into_bytes();
        typed[place] = if typed[place] == b'x' { b'y' } else { b'x' };
        let typed = String::from_utf8(typed).unwrap();
        assert_eq!(MasterKey::parse(&typed).unwrap_err(), NotAMasterKey::Checksum);
    }
    assert_eq!(MasterKey::parse(&text[..52]).unwrap_err(), NotAMasterKey::Length(47));
    assert_eq!(MasterKey::parse(&format!("{text}\n")).unwrap_err(), NotAMasterKey::Length(49));
    assert_eq!(MasterKey::parse(&text[5..]).unwrap_err(), NotAMasterKey::Prefix);
    let quoted = format!("{}\"", &text[..52]);
    assert_eq!(MasterKey::parse(&quoted).unwrap_err(), NotAMasterKey::Characters);
}

#[test]
fn nothing_secret_is_printed() {
    let signing_text = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
    let master = MasterKey::generate();
    let printed = [
        format!("{:?}", SigningSecret::parse(signing_text).unwrap()),
        format!("{:?}", token()),
        format!("{master:?}"),
        format!("{:?}", master.to_text()),
        format!("{:?}", new_vault()),
        format!("{:?}", Salt::from_bytes([171; 16])),
        format!("{:?}", MasterKey::parse(&key_text(&master)[..20]).unwrap_err()),
        format!("{:?}", TokenId::parse("paytok_test_zAo001-").unwrap_err()),
    ];
    let body = key_text(&master)[5..15].to_owned();
    for text in printed {
        for secret in [signing_text, "zAo001", "paytok_", "171", "abab", &body] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_sealed_comes_back(
        plaintext in prop::collection::vec(any::<u8>(), 0..2000),
        parts in prop::array::uniform4(".{0,20}"),
        salt in any::<[u8; 16]>(),
    ) {
        let vault = new_vault();
        let [table, row, field, subject] = &parts;
        let place = Place { table, row, field };
        let salt = Salt::from_bytes(salt);
        let sealed = vault.seal(&place, subject, &salt, &plaintext);
        prop_assert_eq!(vault.unseal(&place, subject, &salt, &sealed), Ok(plaintext));
    }

    #[test]
    fn any_bytes_are_refused_and_not_a_panic(
        sealed in prop::collection::vec(any::<u8>(), 0..200),
        text in "(tlmk_)?.{0,60}",
    ) {
        let vault = new_vault();
        let salt = Salt::from_bytes([0; 16]);
        prop_assert!(vault.unseal(&PLACE, "-", &salt, &sealed).is_err());
        let framed = [&[1, 0, 0, 0, 1], sealed.as_slice()].concat();
        let outcome = vault.unseal(&PLACE, "-", &salt, &framed);
        prop_assert_eq!(outcome, Err(UnsealError::DoesNotOpen));
        prop_assert!(MasterKey::parse(&text).is_err());
        prop_assert!(Ref::parse(&text).is_err());
    }
}
