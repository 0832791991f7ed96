//! Starting: `dev` on nothing, again on the same data, and every wrong start, which says what to do.
#![expect(clippy::disallowed_methods, reason = "tests look at tables in their own words")]

use std::fs;

use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::Connection;
use sqlx::Executor;
use tokenledger::vault::MasterKey;

use crate::home::Home;
use crate::postgres;
use crate::running::Running;
use crate::running::free_port;
use crate::running::run;
use crate::running::said;

const DEMO: [&str; 6] = ["--tokens", "12", "--days", "20", "--seed", "7"];
const KEY: &str = "tl_test_0123456789abcdefghijklmnopqrstuvwxyz";
const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";

/// A consumer's tokens, each with its version.
async fn sequences(running: &Running) -> Vec<(String, String, i64)> {
    let tokens = running.gets("/v1/consumers/C-20418/tokens").await;
    let text = |token: &Value, name: &str| token[name].as_str().unwrap().to_owned();
    let data = tokens.get("data").unwrap().as_array().unwrap().iter();
    data.map(|t| (text(t, "ref"), text(t, "status"), t["sequence"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn a_second_start_keeps_every_position_and_makes_nothing_again() {
    let home = Home::new();
    let running = Running::start(&home, 0, &DEMO);
    let tokens = sequences(&running).await;
    assert!(!tokens.is_empty());
    let first = running.leaves().await;
    assert!(running.stop().success());

    let running = Running::start(&home, 0, &DEMO);
    assert_eq!(running.leaves().await, first);
    assert_eq!(sequences(&running).await, tokens);
    let copies: i64 = sqlx::query_scalar("SELECT count(*) FROM copies")
        .fetch_one(&mut running.owner().await)
        .await
        .unwrap();
    let again = Running::start_again_after_kill(running, &home, &DEMO);
    assert_eq!(again.leaves().await, first);
    let copies_after: i64 = sqlx::query_scalar("SELECT count(*) FROM copies")
        .fetch_one(&mut again.owner().await)
        .await
        .unwrap();
    assert_eq!(copies, copies_after);
    assert!(again.stop().success());
}

#[tokio::test]
async fn a_second_dev_on_the_same_data_and_a_port_in_use_are_refused() {
    let home = Home::new();
    let port = free_port();
    let running = Running::start(&home, port, &["--empty"]);
    let data = home.dir.path().to_str().unwrap();
    let second = run(&["--data", data, "dev", "--port", "0"], &[]);
    assert_eq!(second.status.code(), Some(2));
    let holder = format!("process {}", running.pid());
    assert!(said(&second).contains(&holder), "{}", said(&second));
    assert!(said(&second).contains("another --data"), "{}", said(&second));

    let other = Home::new();
    let data = other.dir.path().to_str().unwrap();
    let taken = run(&["--data", data, "dev", "--port", &port.to_string()], &[]);
    assert_eq!(taken.status.code(), Some(2));
    assert!(said(&taken).contains("another --port"), "{}", said(&taken));
    assert!(running.stop().success());
}

#[tokio::test]
async fn serve_refuses_what_does_not_fit_and_says_what_to_do() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let master_key = fs::read_to_string(running.text("master_key_file")).unwrap();
    let other_key = MasterKey::generate().to_text();
    let url = running.text("database_url").to_owned();
    let base = [
        ("TOKENLEDGER_DATABASE_URL", url.as_str()),
        ("TOKENLEDGER_LISTEN", "127.0.0.1:0"),
        ("TOKENLEDGER_MODE", "test"),
        ("TOKENLEDGER_LEDGER", "tokenledger"),
        ("TOKENLEDGER_WEBHOOK_SECRETS", SECRET),
        ("TOKENLEDGER_API_KEY", KEY),
        ("TOKENLEDGER_MASTER_KEY", master_key.trim()),
    ];
    let unreachable = "postgres://someone:hunter2@127.0.0.1:1/ledger";
    let live_key = "tl_live_0123456789abcdefghijklmnopqrstuvwxyz";
    let cases: [(&str, &str, i32, &[&str]); 8] = [
        ("TOKENLEDGER_DATABASE_URL", unreachable, 6, &["nothing listens there"]),
        ("TOKENLEDGER_MASTER_KEY", other_key.expose_secret(), 1, &["TOKENLEDGER_MASTER_KEY"]),
        ("TOKENLEDGER_WEBHOOK_SECRETS", "AAAAAAAAAA", 2, &["TOKENLEDGER_WEBHOOK_SECRETS"]),
        ("TOKENLEDGER_WEBHOOK_SECRETS", "", 2, &["TOKENLEDGER_WEBHOOK_SECRETS"]),
        ("TOKENLEDGER_API_KEY", live_key, 2, &["TOKENLEDGER_API_KEY"]),
        ("TOKENLEDGER_API_KEY", "short", 2, &["TOKENLEDGER_API_KEY"]),
        ("TOKENLEDGER_MODE", "live", 2, &["TOKENLEDGER_API_KEY"]),
        ("TOKENLEDGER_LEDGER", "elsewhere", 1, &["tokenledger migrate"]),
    ];
    for (name, value, code, words) in cases {
        let environment: Vec<(&str, &str)> =
            base.iter().map(|pair| if pair.0 == name { (name, value) } else { *pair }).collect();
        let output = run(&["serve"], &environment);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{name}={value}: {text}");
        for word in words {
            assert!(text.contains(word), "{name}={value}: {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains(SECRET) && !text.contains(KEY));
    }
    let misspelt = run(&["serve"], &[("TOKENLEDGER_DATABASE_ULR", "x")]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(said(&misspelt).contains("TOKENLEDGER_DATABASE_URL"), "{}", said(&misspelt));

    let live = base.map(|pair| match pair.0 {
        "TOKENLEDGER_MODE" => (pair.0, "live"),
        "TOKENLEDGER_API_KEY" => (pair.0, live_key),
        _ => pair,
    });
    let output = run(&["serve"], &live);
    assert!(said(&output).contains("is a test ledger"), "{}", said(&output));

    let mut owner = running.owner().await;
    owner
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'from the future', true, '', 0)",
        )
        .await
        .unwrap();
    let output = run(&["serve"], &base);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("9999"), "{}", said(&output));
    assert!(said(&output).contains("newer"), "{}", said(&output));
    owner.close().await.unwrap();
    assert!(running.stop().success());
}

#[tokio::test]
async fn dev_works_on_a_database_that_was_named() {
    let address = postgres::cluster().await;
    let mut superuser =
        sqlx::PgConnection::connect(&address.url("postgres", "postgres")).await.unwrap();
    let name = format!("named_{:016x}", rand::random::<u64>());
    superuser.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
    let home = Home::new();
    let url = address.url(&name, "postgres");
    let named = [&["--database-url", &url], &DEMO[..]].concat();
    let running = Running::start(&home, 0, &named);
    let first = running.leaves().await;
    let again = Running::start_again_after_kill(running, &home, &named);
    assert_eq!(again.leaves().await, first);
    let data = home.dir.path().to_str().unwrap();
    let shown = run(&["--data", data, "-q", "consumer", "tokens", "C-20418"], &[]);
    assert!(shown.status.success(), "{}", said(&shown));
    assert!(again.stop().success());
    superuser.execute(format!("DROP DATABASE {name} (FORCE)").as_str()).await.unwrap();
}
