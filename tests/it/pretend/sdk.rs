//! Smartpay's own SDK for node takes the sandbox for the real thing.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use serde_json::json;

use crate::pretend::KEY;
use crate::pretend::Pretend;
use crate::skip::skip;

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_drives_it_and_its_middleware_takes_its_webhooks() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = top.join("target/sdk/node_modules");
    if !modules.join("@smartpay/sdk-node").exists() {
        return skip("Smartpay's SDK for node is not there: scripts/sdk installs it");
    }
    let pretend = Pretend::new().await;
    let url = format!("http://{}", pretend.running().address);
    let mut driver = Command::new("node");
    driver.arg(top.join("tests/sdk/drive.cjs")).arg(url).arg(KEY.trim_start_matches("Basic "));
    driver.env("NODE_PATH", modules);
    let output = tokio::task::spawn_blocking(move || driver.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!({
        "seen": ["active", "disabled", "active", "token.not-found"],
        "webhooks": [
            "token.approved", "token.created", "token.deleted", "token.disabled", "token.enabled",
        ],
        "wrong": 0,
    });
    assert_eq!(told, expected);
}
