//! The pretend Smartpay beside a `dev`, and alone on what the `dev` left.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::time::Instant;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::Value;
use serde_json::json;

use crate::home::DEADLINE;
use crate::home::Home;
use crate::home::signal;
use crate::running::Running;
use crate::running::run;
use crate::running::spawn_piped;

struct Shop {
    client: Client,
    sandbox: String,
    key: String,
}

impl Shop {
    fn of(running: &Running) -> Shop {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let key = format!("Basic {}", running.text("smartpay_secret_key"));
        Shop { client, sandbox: running.text("sandbox_url").to_owned(), key }
    }

    async fn session(&self) -> Value {
        let request = self.client.post(format!("{}/v1/checkout-sessions", self.sandbox));
        let body = json!({
            "mode": "token",
            "successUrl": "https://shop.example/ok",
            "cancelUrl": "https://shop.example/back",
            "customerInfo": {"reference": "C-1"},
        });
        let request = request.header("authorization", &self.key).json(&body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn presses(&self, session: &Value, button: &str) -> u16 {
        let url = session.get("url").and_then(Value::as_str).unwrap();
        self.client.post(format!("{url}/{button}")).send().await.unwrap().status().as_u16()
    }

    /// Moves the sandbox's clock.
    async fn moves(&self, to: Value) -> (u16, Value) {
        let request = self.client.put(format!("{}/sandbox/clock", self.sandbox)).json(&to);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn now(&self) -> DateTime<Utc> {
        let request = self.client.get(format!("{}/sandbox/clock", self.sandbox));
        let shown: Value = request.send().await.unwrap().json().await.unwrap();
        shown.get("now").and_then(Value::as_str).unwrap().parse().unwrap()
    }

    async fn statuses(&self) -> Vec<Value> {
        let request = self.client.get(format!("{}/sandbox/tokens", self.sandbox));
        let all: Value = request.send().await.unwrap().json().await.unwrap();
        let tokens = all.get("tokens").and_then(Value::as_array).unwrap();
        tokens.iter().map(|token| token.get("status").unwrap().clone()).collect()
    }
}

/// The ledger's tokens by their status, once there are so many.
async fn ledger(running: &Running, count: usize) -> Vec<Value> {
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < DEADLINE, "the webhooks do not arrive");
        let tokens = running.gets("/v1/tokens?limit=200").await;
        let data = tokens.get("data").and_then(Value::as_array).unwrap();
        let status = |token: &Value| token.get("status").unwrap().clone();
        let statuses: Vec<Value> = data.iter().map(status).collect();
        let settled = statuses.iter().filter(|status| **status != "awaiting_authorization");
        if settled.count() >= count {
            return statuses;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_shopper_confirms_and_the_ledger_knows_also_after_a_kill() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let shop = Shop::of(&running);
    let data = home.dir.path().to_str().unwrap();
    let shown = run(&["--data", data, "config", "show", "-o", "plain"], &[]).stdout;
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains(&format!("{}/v1", shop.sandbox)), "{shown}");
    let session = shop.session().await;
    assert_eq!(shop.presses(&session, "confirm").await, 303);
    assert_eq!(ledger(&running, 1).await, ["active"]);
    let running = running.start_again_after_kill(&home, &["--empty"]);
    let shop = Shop::of(&running);
    assert_eq!(shop.statuses().await, ["active"]);
    shop.presses(&shop.session().await, "reject").await;
    assert_eq!(ledger(&running, 2).await.len(), 2);
    assert!(running.stop().success());
}

#[tokio::test]
async fn the_demos_tokens_are_at_the_pretend_smartpay_too() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--tokens", "12", "--days", "20"]);
    let shop = Shop::of(&running);
    let statuses = shop.statuses().await;
    assert_eq!(statuses.len(), 12);
    let mut ours = ledger(&running, 0).await;
    let mut theirs: Vec<Value> = statuses
        .into_iter()
        .map(|status| match status.as_str() {
            Some("requires_authorization") => json!("awaiting_authorization"),
            _ => status,
        })
        .collect();
    // A session that ended unused is canceled for us; Smartpay's token goes on waiting.
    for ours in &mut ours {
        if ours == "canceled" {
            *ours = json!("awaiting_authorization");
        }
    }
    ours.sort_by_key(Value::to_string);
    theirs.sort_by_key(Value::to_string);
    assert_eq!(ours, theirs);
    assert!(running.stop().success());
}

/// The sandbox alone, on the data of a `dev` that has ended.
fn alone(home: &Home, shop: &mut Shop) -> Child {
    let data = home.dir.path().to_str().unwrap();
    let mut alone = spawn_piped(&["--data", data, "sandbox", "--port", "0"]);
    let mut line = String::new();
    BufReader::new(alone.stdout.take().unwrap()).read_line(&mut line).unwrap();
    line.trim_end().strip_prefix("ready ").unwrap().clone_into(&mut shop.sandbox);
    alone
}

fn ends(mut alone: Child) {
    signal("-TERM", alone.id());
    assert!(alone.wait().unwrap().success());
}

#[tokio::test]
async fn alone_it_goes_on_with_the_tokens_of_a_dev_and_its_clock_can_be_moved() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let mut shop = Shop::of(&running);
    shop.session().await;
    let data = home.dir.path().to_str().unwrap();
    let refused = run(&["--data", data, "sandbox", "--port", "0"], &[]);
    assert_eq!(refused.status.code(), Some(2), "both would have the directory");
    let (status, told) = shop.moves(json!({"advance_ms": 1})).await;
    assert_eq!((status, &told["errorCode"]), (409, &json!("clock.fixed")), "{told}");
    assert!(running.stop().success());

    let child = alone(&home, &mut shop);
    assert_eq!(shop.statuses().await, ["requires_authorization"]);
    let session = shop.session().await;
    assert_eq!(shop.statuses().await.len(), 2);
    let before = shop.now().await;
    for wrong in [
        json!({}),
        json!({"advance_ms": -1}),
        json!({"advance_ms": 1, "now": before}),
        json!({"now": before - TimeDelta::seconds(1)}),
        json!({"now": before + TimeDelta::days(4_000)}),
        json!({"hours": 1}),
    ] {
        assert_eq!(shop.moves(wrong.clone()).await.0, 400, "{wrong}");
    }
    assert_eq!(shop.moves(json!({"advance_ms": 3_600_000})).await.0, 200);
    let there = shop.now().await + TimeDelta::days(2);
    assert_eq!(shop.moves(json!({"now": there})).await.0, 200);
    assert!(shop.now().await >= there, "it went on");
    assert_eq!(shop.presses(&session, "confirm").await, 303);
    assert_eq!(shop.statuses().await, ["requires_authorization"; 2], "its day is over");
    ends(child);
    let child = alone(&home, &mut shop);
    assert!(shop.now().await >= there, "also after a restart");
    ends(child);
}
