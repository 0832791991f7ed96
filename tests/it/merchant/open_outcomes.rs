//! What is unknown stays open, is never usable meanwhile, and gets resolved.

use chrono::TimeDelta;
use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::text;

#[tokio::test]
async fn a_time_out_after_the_effect_is_202_then_settled_by_whoever_is_on_duty() {
    let merchant = Merchant::new().await;
    let reference = merchant.active().await;
    merchant.waits(TimeDelta::seconds(10));
    let hangs = json!({"seed": 1, "api": {"timeout_rate": 1, "timeout_after_effect": true}});
    merchant.faults(hangs).await;
    let answer = merchant.changes("disable", &reference).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let place = answer.header("location").unwrap().to_owned();
    assert_eq!(text(&answer.json(), "/state"), "open");
    let token = merchant.token(&reference).await;
    assert_eq!(text(&token, "/unusable_reason"), "change_in_flight");
    let active = merchant.served.reads("/v1/consumers/C-1/tokens?usable=true").await;
    assert_eq!(active.get("data"), Some(&json!([])));

    merchant.faults(json!({"seed": 1})).await;
    merchant.waits(TimeDelta::minutes(1));
    merchant
        .world
        .until("count(*) = 1 FROM intents WHERE kind = 'disable' AND state = 'settled'")
        .await;
    let intent = merchant.served.gets(&place).await.json();
    assert_eq!(text(&intent, "/state"), "settled");
    assert_eq!(text(&merchant.token(&reference).await, "/unusable_reason"), "disabled");
    let types = merchant.types(&reference).await;
    assert_eq!(types, ["SessionCreated", "Activated", "Disabled"]);
}
