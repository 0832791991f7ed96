//! Crashes between Smartpay's doing and our sealing: run again, there is one endpoint, and its
//! secret is here.

use chrono::TimeDelta;
use serde_json::json;
use tokenledger::webhooks::Error;
use tokenledger::webhooks::OVERLAP;
use tokenledger::webhooks::Outcome;
use tokenledger::webhooks::Run;

use crate::webhooks::Site;
use crate::webhooks::made;
use crate::webhooks::until;

#[tokio::test]
async fn a_secret_that_could_not_be_kept_is_had_again() {
    let site = Site::new().await;
    site.world.execute("REVOKE INSERT ON vault_secrets FROM tokenledger_service").await;
    let error = site.registers_with(&site.client()).await.unwrap_err();
    assert!(error.to_string().contains("run the same command again"), "{error}");
    let there = site.ids_there().await;
    assert_eq!(there.len(), 1, "Smartpay has made it");
    assert!(!error.to_string().contains(&site.secret(&there[0]).await));
    site.world.execute("GRANT INSERT ON vault_secrets TO tokenledger_service").await;
    let made = site.registers().await;
    assert!(made.resumed, "{made:?}");
    assert_eq!(site.ids_there().await, there, "it is still one");
    assert_eq!(there, [made.subscription_id.as_str()]);
    site.becomes(&site.served, &made.subscription_id, 200).await;
}

#[tokio::test]
async fn a_rotation_that_died_on_the_way_is_gone_on_with() {
    let site = Site::new().await;
    let old = site.registers().await.subscription_id;
    site.world.execute("REVOKE INSERT ON vault_secrets FROM tokenledger_service").await;
    site.rotates(TimeDelta::hours(1)).await.unwrap_err();
    let row = "SELECT bool_and(valid_until IS NULL) FROM webhook_endpoints";
    assert!(site.world.one::<bool>(row).await, "the old secret stays until the new one is here");
    site.world.execute("GRANT INSERT ON vault_secrets TO tokenledger_service").await;
    site.passes(TimeDelta::hours(5));
    let rotated = made(site.rotates(OVERLAP).await.unwrap());
    assert!(rotated.resumed);
    assert_eq!(site.ids_there().await.len(), 2);
    let ends = site.world.clock.now() + TimeDelta::hours(1);
    assert_eq!(rotated.ending, [(old, Some(ends))], "as it was asked for, from when it was done");
}

/// Dropped while Smartpay holds its answer back, as at the end of a process.
#[tokio::test]
async fn a_command_that_ends_in_the_middle_of_the_call_leaves_one_endpoint() {
    let site = Site::new().await;
    let faults = json!({"api": {"latency_ms": 2_000}});
    site.asks("PUT", "/sandbox/faults", &faults).await;
    let client = site.client();
    {
        let registering = site.registers_with(&client);
        tokio::select! {
            biased;
            () = until(async || site.world.count("webhook_endpoints").await == 1) => {}
            outcome = registering => panic!("it was too fast: {outcome:?}"),
        }
    }
    site.asks("PUT", "/sandbox/faults", &json!({})).await;
    let mut outcome = None;
    until(async || match site.registers_with(&client).await {
        // The server has not noticed yet that the other one is gone.
        Err(Error::Busy) => false,
        done => {
            outcome = Some(done.unwrap());
            true
        }
    })
    .await;
    let made = made(outcome.unwrap());
    assert!(made.resumed);
    assert_eq!(site.ids_there().await, [made.subscription_id.as_str()]);
    site.becomes(&site.served, &made.subscription_id, 200).await;
}

#[tokio::test]
async fn what_smartpay_no_longer_knows_by_its_key_is_not_asked_for_again() {
    let site = Site::new().await;
    site.world.execute("REVOKE INSERT ON vault_secrets FROM tokenledger_service").await;
    site.registers_with(&site.client()).await.unwrap_err();
    site.world.execute("GRANT INSERT ON vault_secrets TO tokenledger_service").await;
    site.passes(TimeDelta::hours(6));
    let error = site.registers_with(&site.client()).await.unwrap_err();
    assert!(matches!(error, Error::Stranger { .. }), "it cannot be read any more: {error}");
    assert_eq!(site.ids_there().await.len(), 1);
    let wanted = site.wanted("main");
    let client = site.client();
    let looked = site.at_desk(&client, async |desk| desk.rotate(&wanted, Run::Look).await).await;
    assert_eq!(looked.unwrap(), Outcome::Would { resume: false });
    let rotated = made(site.rotates(OVERLAP).await.unwrap());
    assert_eq!(rotated.strangers.len(), 1);
    site.becomes(&site.served, &rotated.subscription_id, 200).await;
}
