//! The configuration as the binary reads it: order of sources, files of secrets, refusals.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use tokenledger::vault::MasterKey;

use crate::place::Place;

const SECRET: &str = "9AbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
const KEY_BODY: &str = "abcdefghijklmnopqrstuvwxyz012345";

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let place = Place::new();
    assert_eq!(place.shown("TOKENLEDGER_LEDGER"), ("tokenledger".into(), "default".to_owned()));
    assert_eq!(place.shown("TOKENLEDGER_MODE"), (Value::Null, "not set".to_owned()));
    let place = place.with_file("tokenledger.toml", "ledger = \"of_file\"\nwebhook_window = 60\n");
    let file = "file tokenledger.toml".to_owned();
    assert_eq!(place.shown("TOKENLEDGER_LEDGER"), ("of_file".into(), file.clone()));
    let place = place.with("LEDGER", "of_environment");
    let environment = "environment".to_owned();
    assert_eq!(place.shown("TOKENLEDGER_LEDGER"), ("of_environment".into(), environment));
    assert_eq!(place.shown("TOKENLEDGER_WEBHOOK_WINDOW"), ("60".into(), file));
}

#[test]
fn another_file_is_named_by_a_flag_and_must_exist() {
    let place = Place::new().with_file("other.toml", "ledger = 'other'");
    let outcome = place.run(&["--config", "other.toml", "-o", "plain", "config", "show"]);
    assert!(outcome.stdout.contains("TOKENLEDGER_LEDGER\tother\tfile other.toml\n"));
    let outcome = place.run(&["--config", "missing.toml", "config", "show"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("reading missing.toml"), "{}", outcome.stderr);
}

#[test]
fn a_file_that_is_no_toml_is_refused_by_its_line_and_never_repeated() {
    let place = Place::new().with_file("tokenledger.toml", "mode = 'test'\nmaster_key = hunter2\n");
    let said = place.refused();
    assert!(said.contains("reading tokenledger.toml: line 2"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn an_unknown_name_is_refused_with_the_one_that_was_meant() {
    let said = Place::new().with("WEBHOOK_SECRET", SECRET).refused();
    assert!(
        said.contains("TOKENLEDGER_WEBHOOK_SECRET (did you mean TOKENLEDGER_WEBHOOK_SECRETS?)")
    );
    let said = Place::new().with("ledger", "x").refused();
    assert!(said.contains("TOKENLEDGER_ledger"), "{said}");
    let said = Place::new().with_file("tokenledger.toml", "ledgr = 'x'").refused();
    assert!(said.contains("ledgr (did you mean ledger?)"), "{said}");
    let said = Place::new().with("LEDGER_FILE", "x").refused();
    assert!(said.contains("TOKENLEDGER_LEDGER_FILE"), "only secrets come from files: {said}");
}

#[test]
fn names_of_the_tests_and_of_strangers_change_nothing() {
    let mut place = Place::new().with("TEST_HISTORIES", "/nowhere");
    place.environment.push(("DATABASE_URL".to_owned(), "postgres://stranger@nowhere/x".to_owned()));
    assert_eq!(place.shown("TOKENLEDGER_DATABASE_URL"), (Value::Null, "not set".to_owned()));
}

#[test]
fn exactly_one_newline_is_removed_from_a_secrets_file() {
    let place = Place::new().with_file("secret", &format!("{SECRET}\n"));
    let path = place.path("secret").display().to_string();
    let place = place.with("WEBHOOK_SECRETS_FILE", &path);
    let (value, source) = place.shown("TOKENLEDGER_WEBHOOK_SECRETS");
    assert!(value.as_str().unwrap().starts_with("•••• main:"));
    assert_eq!(source, format!("file {path}"));
    fs::write(place.path("secret"), format!("{SECRET}\n\n")).unwrap();
    assert!(place.refused().contains("at place 41"));
    fs::write(place.path("secret"), "").unwrap();
    assert!(place.refused().contains("the signing secret is empty"));
}

#[test]
fn a_relative_path_in_the_file_starts_from_the_file() {
    let place = Place::new().with_file("secret", SECRET);
    fs::create_dir(place.path("etc")).unwrap();
    let place = place.with_file("etc/t.toml", "webhook_secrets_file = '../secret'");
    let outcome = place.run(&["--config", "etc/t.toml", "config", "show", "-o", "plain"]);
    assert!(outcome.stdout.contains("file etc/../secret"), "{}{}", outcome.stdout, outcome.stderr);
}

#[test]
fn a_secret_given_directly_and_by_a_file_is_refused() {
    let place = Place::new().with_file("secret", SECRET).with("WEBHOOK_SECRETS", SECRET);
    let said = place.with("WEBHOOK_SECRETS_FILE", "secret").refused();
    assert!(said.contains("TOKENLEDGER_WEBHOOK_SECRETS and TOKENLEDGER_WEBHOOK_SECRETS_FILE"));
    let both = format!("webhook_secrets = '{SECRET}'\nwebhook_secrets_file = 'secret'");
    let said = Place::new().with_file("tokenledger.toml", &both).refused();
    assert!(said.contains("webhook_secrets and webhook_secrets_file are both set"), "{said}");
}

#[test]
fn a_direct_secret_in_the_environment_wins_over_a_file_named_in_the_file() {
    let place = Place::new()
        .with_file("tokenledger.toml", "webhook_secrets_file = 'nowhere'")
        .with("WEBHOOK_SECRETS", SECRET);
    assert_eq!(place.shown("TOKENLEDGER_WEBHOOK_SECRETS").1, "environment");
}

#[test]
fn a_token_id_on_the_command_line_is_refused_and_not_repeated() {
    let outcome = Place::new().run(&["token", "show", "paytok_test_zAo001ZRfyjz1F4rMyYPnL"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("does not belong on a command line"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("zAo001"), "{}", outcome.stderr);
}

#[test]
fn a_secret_that_everybody_may_read_is_warned_about() {
    let place = Place::new().with_file("secret", SECRET).with("WEBHOOK_SECRETS_FILE", "secret");
    assert_eq!(place.run(&["config", "show"]).stderr, "");
    fs::set_permissions(place.path("secret"), fs::Permissions::from_mode(0o644)).unwrap();
    let outcome = place.run(&["config", "show"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.stderr.contains("warning: everybody on this machine may read secret"));
}

#[test]
fn no_secret_is_shown() {
    let master_key = MasterKey::generate();
    let master_key = secrecy::ExposeSecret::expose_secret(&master_key.to_text()).to_owned();
    let api_key = format!("tl_test_{KEY_BODY}");
    let url = "postgres://tokenledger_service:pass%20word@db.example:5433/ledgers";
    let smartpay_key = "sk_test_verysecret";
    let place = Place::new()
        .with("MODE", "test")
        .with("MASTER_KEY", &master_key)
        .with("API_KEY", &api_key)
        .with("DATABASE_URL", url)
        .with("SMARTPAY_SECRET_KEY", smartpay_key)
        .with("WEBHOOK_SECRETS", SECRET);
    for form in ["table", "plain", "json", "jsonl"] {
        let outcome = place.run(&["config", "show", "-o", form]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let said = outcome.stdout + &outcome.stderr;
        for secret in [&master_key, &api_key, "pass", "verysecret", SECRET] {
            assert!(!said.contains(secret), "{form}: {said}");
        }
        assert!(said.contains("postgres://tokenledger_service@db.example:5433/ledgers"), "{said}");
    }
}

#[test]
fn keys_of_the_other_mode_are_refused() {
    let live = format!("tl_live_{KEY_BODY}");
    for (mode, name, key) in [
        ("test", "API_KEY", live.as_str()),
        ("test", "SMARTPAY_SECRET_KEY", "sk_live_abc"),
        ("live", "SMARTPAY_SECRET_KEY", "sk_test_abc"),
    ] {
        let said = Place::new().with("MODE", mode).with(name, key).refused();
        assert!(said.contains(&format!("TOKENLEDGER_{name} (environment)")), "{said}");
        assert!(said.contains(&format!("use the {mode} key")), "{said}");
    }
    assert!(Place::new().with("MODE", "prod").refused().contains("a mode is `test` or `live`"));
}

#[test]
fn what_cannot_be_right_is_refused_with_its_name_and_what_to_write() {
    for (name, value, advice) in [
        ("WEBHOOK_WINDOW", "86401", "from 1 to 86400"),
        ("WEBHOOK_WINDOW", "0", "from 1 to 86400"),
        ("WEBHOOK_WINDOW", "5m", "from 1 to 86400"),
        ("WEBHOOK_SILENCE", "-1", "or 0 for no alarm"),
        ("WEBHOOK_SILENCE", "2592001", "or 0 for no alarm"),
        ("WEBHOOK_SILENCE", "1d", "or 0 for no alarm"),
        ("API_KEY", "tl_test_short", "at least 32 letters and digits"),
        ("API_KEY", "tl_test_abcdefghijklmnopqrstuvwxyz01234-", "at least 32 letters and digits"),
        ("API_KEY", "hunter2", "begins with tl_test_ or tl_live_"),
        ("LISTEN", "8787", "127.0.0.1:8787"),
        ("LEDGER", "Up", "cannot name a ledger"),
        ("PUBLIC_URL", "http://ledger.example", "begins with https://"),
        ("DATABASE_URL", "hunter2", "postgres://"),
        ("MASTER_KEY", "hunter2", "a master key begins with"),
        ("WEBHOOK_SECRETS", "AAAA", "which is the empty key"),
        ("LOG", "tokenledger=loud", "is no filter"),
    ] {
        let said = Place::new().with(name, value).refused();
        assert!(said.contains(&format!("TOKENLEDGER_{name}")) && said.contains(advice), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn serve_says_what_it_needs_one_by_one() {
    let master_key = MasterKey::generate();
    let master_key = secrecy::ExposeSecret::expose_secret(&master_key.to_text()).to_owned();
    let needs = [
        ("DATABASE_URL", "postgres://tokenledger_service@127.0.0.1:1/none".to_owned()),
        ("MODE", "test".to_owned()),
        ("MASTER_KEY", master_key),
        ("API_KEY", format!("tl_test_{KEY_BODY}")),
    ];
    let mut place = Place::new();
    for (name, value) in needs {
        let outcome = place.run(&["serve"]);
        assert_eq!(outcome.code, 2);
        let said = format!("error: TOKENLEDGER_{name} is not set: set it to");
        assert!(outcome.stderr.starts_with(&said), "{}", outcome.stderr);
        place = place.with(name, &value);
    }
}

#[test]
fn an_unreachable_database_is_told_without_its_password() {
    let place = Place::new()
        .with("MODE", "test")
        .with("DATABASE_URL", "postgres://tokenledger_service:hunter2@127.0.0.1:1/none");
    let outcome = place.run(&["events", "list"]);
    assert_eq!(outcome.code, 6, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("at tokenledger_service@127.0.0.1:1/none; nothing listens"));
    assert!(!outcome.stderr.contains("hunter2"));
}

#[test]
fn a_data_directory_replaces_the_configuration() {
    let master_key = MasterKey::generate();
    let master_key = secrecy::ExposeSecret::expose_secret(&master_key.to_text()).to_owned();
    let place = Place::new().with("LEDGER", "not_this");
    fs::create_dir(place.path("data")).unwrap();
    let dev = serde_json::json!({
        "url": "http://127.0.0.1:8787", "sandbox_url": null,
        "database_url": "postgres://tokenledger_service@localhost/dev?host=/tmp/pg",
        "database_owner_url": "postgres://tokenledger_owner@localhost/dev?host=/tmp/pg",
        "api_key": format!("tl_test_{KEY_BODY}"), "smartpay_secret_key": null,
        "webhook_endpoint": "dev", "webhook_secret": SECRET,
        "webhook_subscription_id": "subscription_test_1", "ledger": "demo", "mode": "test",
        "master_key_file": "master.key", "later": "unknown",
    });
    let place = place
        .with_file("data/dev.json", &dev.to_string())
        .with_file("data/master.key", &format!("{master_key}\n"))
        .with("DATA", "data");
    let of_dev = "file data/dev.json".to_owned();
    assert_eq!(place.shown("TOKENLEDGER_LEDGER"), ("demo".into(), of_dev.clone()));
    assert_eq!(
        place.shown("TOKENLEDGER_PUBLIC_URL"),
        ("http://127.0.0.1:8787".into(), of_dev.clone())
    );
    assert_eq!(place.shown("TOKENLEDGER_WEBHOOK_ENDPOINTS"), ("dev".into(), of_dev));
    assert_eq!(place.shown("TOKENLEDGER_MASTER_KEY").1, "file data/master.key");
    let both = place.run(&["--config", "x.toml", "config", "show"]);
    assert!(both.code == 2 && both.stderr.contains("give one of them"), "{}", both.stderr);
    let nowhere = place.run(&["--data", "nowhere", "config", "show"]);
    assert!(nowhere.code == 2 && nowhere.stderr.contains("no dev has run in nowhere"));
}
