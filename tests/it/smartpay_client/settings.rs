//! Where Smartpay is, and the key for it: what the configuration takes.

use crate::place::Place;

#[test]
fn without_settings_the_address_is_smartpays_and_there_is_no_key() {
    let place = Place::new();
    let shown = place.shown("TOKENLEDGER_SMARTPAY_API_URL");
    assert_eq!(shown, ("https://api.smartpay.co/v1".into(), "default".to_owned()));
    let shown = place.shown("TOKENLEDGER_SMARTPAY_SECRET_KEY");
    assert_eq!(shown, (serde_json::Value::Null, "not set".to_owned()));
}

#[test]
fn a_key_from_a_file_is_checked_and_hidden() {
    let place = Place::new()
        .with("MODE", "test")
        .with("SMARTPAY_SECRET_KEY_FILE", "key")
        .with_file("key", "sk_test_9Hidden\n");
    let (value, source) = place.shown("TOKENLEDGER_SMARTPAY_SECRET_KEY");
    assert_eq!((value, source), ("••••".into(), "file key".to_owned()));
    for bad in ["", "sk_test_", "sk_test_9-Hidden", "pk_test_9Hidden", "sk_test_9Hidden\n\n"] {
        let said = place_with_key(bad).refused();
        assert!(said.contains("TOKENLEDGER_SMARTPAY_SECRET_KEY (file key)"), "{said}");
        assert!(said.contains("sk_test_ or sk_live_") && !said.contains("9Hidden"), "{said}");
    }
    assert!(place_with_key("sk_live_9a").refused().contains("use the test key"));
}

fn place_with_key(text: &str) -> Place {
    let place = Place::new().with("MODE", "test").with("SMARTPAY_SECRET_KEY_FILE", "key");
    place.with_file("key", text)
}

#[test]
fn the_key_goes_in_clear_to_this_machine_alone() {
    let with = |url| Place::new().with("SMARTPAY_API_URL", url);
    for url in ["http://127.0.0.1:8788/v1", "https://proxy.example/smartpay"] {
        assert_eq!(with(url).shown("TOKENLEDGER_SMARTPAY_API_URL").0, url);
    }
    assert!(
        with("http://api.smartpay.co/v1").refused().contains("would go over the network in clear")
    );
    let said = with("https://user:hunter2@api.smartpay.co/v1").refused();
    assert!(said.contains("no address of an API") && !said.contains("hunter2"), "{said}");
}
