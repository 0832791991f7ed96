//! Disable, enable, delete: done at Smartpay, read back, one right history.

use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::text;

#[tokio::test]
async fn a_change_is_read_back_and_its_webhook_is_a_witness() {
    for merchant in [Merchant::new().await, Merchant::deaf().await] {
        let session = merchant.creates().await;
        let reference = text(&session, "/token/ref").to_owned();
        merchant.shopper(&session, "approve").await;
        for (how, status) in [
            ("disable", "disabled"),
            ("disable", "disabled"),
            ("enable", "active"),
            ("delete", "deleted"),
        ] {
            merchant.waits(chrono::TimeDelta::seconds(10));
            let answer = merchant.changes(how, &reference).await;
            assert_eq!(answer.status, 200, "{how}: {answer:?}");
            let token = answer.json();
            assert_eq!(text(&token, "/status"), status);
            assert_eq!(token.get("usable"), Some(&json!(status == "active")));
        }
        assert_eq!(merchant.world.one::<i64>("SELECT count(*) FROM intents").await, 5);
        merchant.world.until("count(*) = 5 FROM intents WHERE state = 'settled'").await;
        let types = merchant.types(&reference).await;
        let told: Vec<&str> =
            types.iter().map(String::as_str).filter(|t| *t != "Activated").collect();
        assert_eq!(told.first(), Some(&"SessionCreated"));
        assert_eq!(told.iter().filter(|told| **told == "Disabled").count(), 1, "{types:?}");
        assert_eq!(told.iter().filter(|told| **told == "Enabled").count(), 1, "{types:?}");
    }
}

#[tokio::test]
async fn a_pending_token_cannot_be_disabled_and_is_told_so() {
    let merchant = Merchant::new().await;
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    let answer = merchant.changes("disable", reference).await;
    answer.refuses(409, "token_state_conflict");
    assert_eq!(merchant.types(reference).await, ["SessionCreated"]);
    assert_eq!(
        text(&merchant.token(reference).await, "/unusable_reason"),
        "awaiting_authorization"
    );
}
