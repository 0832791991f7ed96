//! `reconcile run|show|list` as processes beside a `dev`.

use std::process::Output;

use reqwest::Client as Http;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use crate::home::Home;
use crate::running::Running;
use crate::running::run;
use crate::running::said;

/// The pretend Smartpay of a `dev`.
struct Elsewhere<'a> {
    running: &'a Running,
    http: Http,
}

impl Elsewhere<'_> {
    async fn calls(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.running.text("sandbox_url"));
        let key = format!("Basic {}", self.running.text("smartpay_secret_key"));
        let request = self.http.request(method, url).header("authorization", key).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// Changes an active token behind the ledger's back.
    async fn disables_one(&self) {
        let all = self.calls(Method::GET, "/v1/tokens?maxResults=100", Value::Null).await;
        let tokens = all.get("data").and_then(Value::as_array).unwrap();
        let active = tokens.iter().find(|token| token.get("status") == Some(&json!("active")));
        let id = active.and_then(|token| token.get("id")).and_then(Value::as_str).unwrap();
        self.calls(Method::PUT, "/sandbox/faults", json!({"webhooks": {"drop": 1}})).await;
        self.calls(Method::PUT, &format!("/v1/tokens/{id}/disable"), Value::Null).await;
    }
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

fn runs(listed: &Output) -> usize {
    json_of(listed).pointer("/data").and_then(Value::as_array).unwrap().len()
}

#[tokio::test]
async fn a_run_says_what_it_found_by_words_and_by_exit_code() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--tokens", "12", "--days", "20"]);
    let data = home.dir.path().to_str().unwrap().to_owned();
    let reconcile = |more: &[&str]| {
        let mut arguments = vec!["--data", data.as_str(), "reconcile"];
        arguments.extend_from_slice(more);
        run(&arguments, &[])
    };
    let before = runs(&reconcile(&["list", "-o", "json"]));
    let equal = reconcile(&["run", "--settle", "0s"]);
    assert_eq!(equal.status.code(), Some(0), "{}", said(&equal));
    let elsewhere =
        Elsewhere { running: &running, http: Http::builder().no_proxy().build().unwrap() };
    elsewhere.disables_one().await;
    for (arguments, done) in [
        (&["run", "-o", "json"][..], "in_flight"),
        (&["run", "--settle", "0s", "--dry-run", "-o", "json"], "reported"),
        (&["run", "--settle", "0s", "-o", "json"], "recorded"),
    ] {
        let found = reconcile(arguments);
        assert_eq!(found.status.code(), Some(3), "{}", said(&found));
        let found = json_of(&found);
        assert_eq!(found.pointer("/different"), Some(&json!(1)), "{found}");
        assert_eq!(found.pointer("/differences/0/done"), Some(&json!(done)), "{found}");
    }
    let last = reconcile(&["list", "-q", "--limit", "1"]);
    let id = String::from_utf8(last.stdout).unwrap().trim().to_owned();
    let shown = String::from_utf8(reconcile(&["show", &id, "--diff"]).stdout).unwrap();
    for words in ["Smartpay disabled", "ledger active", "recorded", "likely: missed webhook", &id] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let again = reconcile(&["run", "--settle", "0s"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    let unknown = reconcile(&["show", "rec_none"]);
    assert_eq!(unknown.status.code(), Some(4), "{}", said(&unknown));
    assert_eq!(runs(&reconcile(&["list", "-o", "json"])), before + 5);
    assert!(running.stop().success());
}

#[test]
fn without_a_key_it_says_which_setting_is_missing() {
    let refused = run(
        &["reconcile", "run"],
        &[
            ("TOKENLEDGER_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
            ("TOKENLEDGER_MODE", "test"),
        ],
    );
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("TOKENLEDGER_SMARTPAY_SECRET_KEY"), "{}", said(&refused));
}
