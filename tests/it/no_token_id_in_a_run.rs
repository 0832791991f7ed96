//! No token id can be read in what a whole run says: not in its most talkative log, not in its
//! metrics, its answers or its commands' output.

use serde_json::Value;
use serde_json::json;

use crate::home::Home;
use crate::no_token_id_at_rest::found;
use crate::running::Running;
use crate::running::log;
use crate::running::run;

const DEMO: [&str; 4] = ["--tokens", "12", "--days", "20"];

#[tokio::test]
async fn neither_the_log_nor_the_metrics_of_a_run_hold_a_token_id() {
    let home = Home::new();
    let data = home.dir.path().to_str().unwrap();
    let running = Running::start_with(&home, 0, &DEMO, &[("TOKENLEDGER_LOG", "trace")]);
    let mut said = Vec::new();
    for event in ["token.created", "token.approved", "token.used", "token.disabled"] {
        let output = run(&["--data", data, "trigger", event, "--consumer", "C-1"], &[]);
        assert!(output.status.success(), "{output:?}");
        said.extend([output.stdout, output.stderr].concat());
    }
    run(&["--data", data, "trigger", "token.enabled", "--bad-signature"], &[]);
    run(&["--data", data, "trigger", "token.enabled", "--skew", "900000"], &[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ids = token_ids(&client, running.text("sandbox_url")).await;
    call_smartpay(&client, &running, &ids).await;
    let url = running.text("url");
    for body in [json!({"token_id": ids[0]}).to_string(), format!("{{\"token_id\":{}", ids[1])] {
        let request = client
            .post(format!("{url}/v1/tokens/lookup?x={}", ids[2]))
            .bearer_auth(running.text("api_key"))
            .header("content-type", "application/json");
        said.extend(request.body(body).send().await.unwrap().bytes().await.unwrap());
    }
    for path in ["/v1/events?limit=200", "/v1/consumers/C-1/tokens"] {
        said.extend(running.gets(path).await.to_string().into_bytes());
    }
    let metrics = client.get(format!("{url}/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("tokenledger_deliveries_total"), "{metrics}");
    said.extend(metrics.into_bytes());
    for command in [["inbox", "list"], ["events", "list"], ["config", "show"]] {
        let output = run(&[&["--data", data], &command[..]].concat(), &[]);
        said.extend([output.stdout, output.stderr].concat());
    }
    assert!(running.stop().success());
    said.extend(log(&home));
    assert!(said.len() > 100_000, "the log was not talkative");
    assert!(found(&said, &ids).is_empty());
    said.extend(ids[0].as_bytes());
    assert_eq!(found(&said, &ids), ["clear"].into());
}

/// Token ids stand in the paths of Smartpay's API.
async fn call_smartpay(client: &reqwest::Client, running: &Running, ids: &[String]) {
    let key = format!("Basic {}", running.text("smartpay_secret_key"));
    for (index, id) in ids.iter().take(4).enumerate() {
        let path = if index == 0 { format!("/v1/none/{id}") } else { format!("/v1/tokens/{id}") };
        let url = format!("{}{path}", running.text("sandbox_url"));
        let request = client.get(url).header("authorization", &key);
        assert!(request.send().await.unwrap().status().as_u16() <= 404);
    }
}

/// What the pretend Smartpay knows, and nobody may say.
async fn token_ids(client: &reqwest::Client, sandbox: &str) -> Vec<String> {
    let answer = client.get(format!("{sandbox}/sandbox/tokens")).send().await.unwrap();
    let state: Value = answer.json().await.unwrap();
    let tokens = state.get("tokens").and_then(Value::as_array).unwrap();
    let id = |token: &Value| token.get("id").and_then(Value::as_str).unwrap().to_owned();
    tokens.iter().map(id).collect()
}
