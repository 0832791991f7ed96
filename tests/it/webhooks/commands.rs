//! `webhooks register|rotate|check` as commands, on a `dev` and beside a `serve`.

use std::process::Output;
use std::process::Stdio;

use reqwest::StatusCode;
use serde_json::Value;

use crate::home::Home;
use crate::home::signal;
use crate::running::Running;
use crate::running::free_port;
use crate::running::run;
use crate::running::said;
use crate::running::spawn_logging;
use crate::site::becomes;

/// A secret has forty characters, an id at most twenty-two.
const CHARS_TOLD_MAX: usize = 30;

struct Dev {
    home: Home,
    running: Running,
}

impl Dev {
    fn start() -> Dev {
        let home = Home::new();
        let running = Running::start(&home, 0, &["--empty"]);
        Dev { home, running }
    }

    /// Ends with this code, and shows no secret.
    fn runs(&self, arguments: &[&str], code: i32) -> Output {
        let data = self.home.dir.path().to_str().unwrap();
        let output = run(&[&["--data", data, "webhooks"], arguments].concat(), &[]);
        let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), said(&output));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {all}");
        let words = all.split(|c: char| !c.is_ascii_alphanumeric());
        let longest = words.max_by_key(|word| word.len()).unwrap();
        assert!(longest.len() <= CHARS_TOLD_MAX, "{longest} looks like a secret: {all}");
        output
    }

    fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.runs(&[arguments, &["-o", "json"]].concat(), code);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn trigger(&self) {
        let data = self.home.dir.path().to_str().unwrap();
        let triggered = run(&["--data", data, "trigger", "token.created"], &[]);
        assert!(triggered.status.success(), "{}", said(&triggered));
    }

    /// The settings of a `serve` on the same ledger, without webhook secrets.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |field: &str| self.running.text(field).to_owned();
        vec![
            ("TOKENLEDGER_DATABASE_URL", text("database_url")),
            ("TOKENLEDGER_LEDGER", text("ledger")),
            ("TOKENLEDGER_MODE", text("mode")),
            ("TOKENLEDGER_API_KEY", text("api_key")),
            ("TOKENLEDGER_MASTER_KEY_FILE", text("master_key_file")),
        ]
    }
}

#[tokio::test]
async fn an_endpoint_is_made_checked_rotated_and_the_old_one_deleted() {
    let dev = Dev::start();
    let would = dev.runs(&["register", "--dry-run"], 0);
    assert!(said(&would).contains("nothing was changed"), "{}", said(&would));
    let made = dev.json(&["register"], 0);
    assert_eq!(made["outcome"], "made", "{made}");
    let id = made["subscription_id"].as_str().unwrap();
    let again = dev.runs(&["register"], 0);
    assert_eq!(String::from_utf8(again.stdout.clone()).unwrap().trim_end(), id);
    assert!(said(&again).contains("already registered"), "{}", said(&again));

    let checked = dev.json(&["check"], 0);
    assert_eq!(checked["findings"], 0, "{checked}");
    assert_eq!(checked["data"].as_array().unwrap().len(), 2, "the dev's own and this: {checked}");

    let rotated = dev.json(&["rotate", "--overlap", "0h"], 0);
    assert_eq!(rotated["outcome"], "made");
    let found = dev.json(&["check"], 3);
    assert!(found.to_string().contains("--finish"), "{found}");
    let under_way = dev.runs(&["rotate"], 1);
    assert!(said(&under_way).contains("--finish"), "{}", said(&under_way));
    let unheard = dev.runs(&["rotate", "--finish"], 7);
    assert!(said(&unheard).contains("--yes"), "{}", said(&unheard));
    dev.runs(&["rotate", "--finish", "--yes", "--dry-run"], 0);
    let finished = dev.json(&["rotate", "--finish", "--yes"], 0);
    assert_eq!(finished["deleted"], serde_json::json!([id]));
    dev.runs(&["check"], 0);

    dev.runs(&["rotate", "--name", "nosuch"], 4);
    dev.runs(&["rotate", "--finish", "--name", "nosuch"], 4);
    for wrong in [
        &["register", "--name", "a b"][..],
        &["register", "--url", "ftp://x"],
        &["rotate", "--overlap", "-1h"],
        &["rotate", "--finish", "--overlap", "1h"],
        &["rotate", "--yes"],
    ] {
        dev.runs(wrong, 2);
    }
    assert!(dev.running.stop().success());
}

#[tokio::test]
async fn a_serve_without_configured_secrets_starts_once_one_was_registered() {
    let dev = Dev::start();
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let environment = dev.environment();
    let mut environment: Vec<(&str, &str)> =
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    environment.push(("TOKENLEDGER_LISTEN", &listen));
    let refused = run(&["serve"], &environment);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    let words = said(&refused);
    assert!(words.contains("TOKENLEDGER_WEBHOOK_SECRETS is not set"), "{words}");
    assert!(words.contains("`tokenledger webhooks register`"), "{words}");

    let url = format!("http://{listen}/webhooks/smartpay/main");
    dev.runs(&["register", "--url", &url], 0);
    let mut serve = spawn_logging(&["serve"], &environment, Stdio::null());
    becomes(&format!("http://{listen}/readyz"), StatusCode::OK).await;
    dev.trigger();
    dev.running.gets_from("/v1/events", 1).await;
    let began = std::time::Instant::now();
    // One delivery of the dev's own endpoint, one through the `serve`.
    while !both_came(&dev).await {
        assert!(began.elapsed() < crate::home::DEADLINE, "nothing came through the serve");
        tokio::task::yield_now().await;
    }
    signal("-TERM", serve.id());
    assert!(serve.wait().unwrap().success());

    let mut away = environment.clone();
    away.extend([
        ("TOKENLEDGER_PUBLIC_URL", "https://ledger.example"),
        ("TOKENLEDGER_SMARTPAY_API_URL", "http://127.0.0.1:1/v1"),
        ("TOKENLEDGER_SMARTPAY_SECRET_KEY", "sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c"),
    ]);
    for command in [&["register"][..], &["rotate"], &["rotate", "--finish"], &["check"]] {
        let output = run(&[&["webhooks"], command].concat(), &away);
        assert_eq!(output.status.code(), Some(6), "{command:?}: {}", said(&output));
    }
    assert!(dev.running.stop().success());
}

async fn both_came(dev: &Dev) -> bool {
    let deliveries = dev.running.gets("/v1/deliveries").await;
    let data = deliveries.get("data").and_then(Value::as_array).unwrap();
    let came = |name: &str| data.iter().any(|one| one.get("endpoint").unwrap() == name);
    came("dev") && came("main")
}
