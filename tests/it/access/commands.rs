//! `keys create`, `keys list`, `keys revoke` and `inbox reprocess` as commands.

use serde_json::Value;

use crate::home::Home;
use crate::running::Running;
use crate::running::run;
use crate::running::said;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_key_is_made_shown_once_listed_without_its_secret_and_revoked() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let data = home.dir.path().to_str().unwrap();
    let keys = |arguments: &[&str]| run(&[&["--data", data, "keys"], arguments].concat(), &[]);

    let created = keys(&["create", "--name", "billing", "--scopes", "tokens:read,events:read"]);
    assert!(created.status.success(), "{}", said(&created));
    let key = text(&created.stdout).trim_end().to_owned();
    let (named, secret) = key.rsplit_once('_').unwrap();
    let id = named.strip_prefix("tl_test_").unwrap();
    assert!(!said(&created).contains(secret));

    let url = format!("{}/v1/tokens", running.text("url"));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).bearer_auth(&key).send().await.unwrap();
    assert_eq!(answer.status(), 200);

    let listed = keys(&["list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed["data"][0]["id"], id);
    assert_eq!(listed["data"][0]["name"], "billing");
    assert_eq!(listed["data"][0]["revoked_at"], Value::Null);
    assert!(!listed.to_string().contains(secret));

    let expiring = keys(&["create", "--name", "x", "--scopes", "reconcile", "--expires", "90d"]);
    assert!(expiring.status.success(), "{}", said(&expiring));
    assert!(text(&keys(&["list"]).stdout).contains("live until"));

    assert!(keys(&["revoke", id]).status.success());
    assert!(text(&keys(&["list"]).stdout).contains("revoked"));
    assert_eq!(keys(&["revoke", "unknown"]).status.code(), Some(4));
    let wrong = keys(&["create", "--name", "x", "--scopes", "tokens:own"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("tokens:read"), "{}", said(&wrong));
    for wrong in [
        &["create", "--name", "", "--scopes", "reconcile"][..],
        &["create", "--name", "x"],
        &["create", "--name", "x", "--scopes", "reconcile", "--expires", "0d"],
    ] {
        assert_eq!(keys(wrong).status.code(), Some(2), "{wrong:?}");
    }

    let inbox = |number: &str| run(&["--data", data, "inbox", "reprocess", number], &[]);
    assert_eq!(inbox("in_1").status.code(), Some(4));
    let triggered = run(&["--data", data, "trigger", "token.created"], &[]);
    assert!(triggered.status.success(), "{}", said(&triggered));
    let deliveries = running.gets("/v1/deliveries").await;
    let delivery = deliveries["data"][0]["id"].as_str().unwrap();
    let again = inbox(delivery);
    assert!(again.status.success(), "{}", said(&again));
    assert!(text(&again.stdout).contains("applied"), "{}", text(&again.stdout));
    assert!(running.stop().success());
}
