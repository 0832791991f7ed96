//! `register`: one endpoint, live without a restart, its secret nowhere in clear.

use tokenledger::database::SERVICE;
use tokenledger::smartpay::SigningSecret;
use tokenledger::webhooks::Endpoints;
use tokenledger::webhooks::Error;
use tokenledger::webhooks::Outcome;
use tokenledger::webhooks::Run;

use crate::webhooks::LIMITS;
use crate::webhooks::Site;
use crate::webhooks::at_rest;
use crate::webhooks::until;
use crate::world::SECRET;

#[tokio::test]
async fn smartpay_sends_and_a_running_service_records() {
    let site = Site::new().await;
    let made = site.registers().await;
    assert!(!made.resumed && made.ending.is_empty() && made.strangers.is_empty(), "{made:?}");
    assert_eq!(site.ids_there().await, [made.subscription_id.as_str()]);
    site.becomes(&site.served, &made.subscription_id, 200).await;
    let before = site.world.count("inputs").await;
    site.shops().await;
    until(async || site.world.count("inputs").await == before + 2).await;
    let verdict: bool = site.world.one("SELECT bool_and(verdict = 'applied') FROM inputs").await;
    assert!(verdict);
    let by = "SELECT asked_by || ' ' || (valid_until IS NULL)::text FROM webhook_endpoints";
    assert_eq!(site.world.one::<String>(by).await, "a test true");
    let secret = site.secret(&made.subscription_id).await;
    assert!(!at_rest(&site.world, &secret).await, "the secret can be read in the ledger");
    assert!(at_rest(&site.world, &made.subscription_id).await, "what is there is found");
}

#[tokio::test]
async fn again_it_changes_nothing() {
    let site = Site::new().await;
    let id = site.registers().await.subscription_id;
    let again = site.registers_with(&site.client()).await.unwrap();
    let already = Outcome::Already { subscription_id: id, of_configuration: false };
    assert_eq!(again, already);
    assert_eq!(site.ids_there().await.len(), 1);
    assert_eq!(site.world.count("webhook_endpoints").await, 1);
}

#[tokio::test]
async fn looking_only_changes_nothing_there_or_here() {
    let site = Site::new().await;
    let wanted = site.wanted("main");
    let client = site.client();
    let looked = site.at_desk(&client, async |desk| desk.register(&wanted, Run::Look).await).await;
    assert_eq!(looked.unwrap(), Outcome::Would { resume: false });
    assert_eq!(site.ids_there().await.len(), 0);
    assert_eq!(site.world.count("webhook_endpoints").await, 0);
}

#[tokio::test]
async fn an_endpoint_whose_secret_is_not_known_is_not_doubled() {
    let site = Site::new().await;
    let url = site.wanted("main").url;
    let there = site.asks("POST", "/v1/webhook-endpoints", &serde_json::json!({"url": url})).await;
    let error = site.registers_with(&site.client()).await.unwrap_err();
    let said = error.to_string();
    assert!(matches!(error, Error::Stranger { .. }), "{said}");
    assert!(said.contains("webhooks rotate --name main"), "{said}");
    assert!(said.contains(there["id"].as_str().unwrap()), "{said}");
    assert_eq!(site.ids_there().await.len(), 1);
    assert_eq!(site.world.count("webhook_endpoints").await, 0);
}

#[tokio::test]
async fn one_of_the_configuration_is_known() {
    let mut configured = Endpoints::default();
    configured.add("main", SigningSecret::parse(SECRET).unwrap(), None);
    let site = Site::with(configured).await;
    let url = site.wanted("main").url;
    site.asks("POST", "/v1/webhook-endpoints", &serde_json::json!({"url": url})).await;
    let outcome = site.registers_with(&site.client()).await.unwrap();
    assert!(matches!(outcome, Outcome::Already { of_configuration: true, .. }), "{outcome:?}");
    // One that is configured by its id is not any that sends there.
    let mut configured = Endpoints::default();
    let id = Some("webhookendpoint_test_another".to_owned());
    configured.add("main", SigningSecret::parse(SECRET).unwrap(), id);
    let site = Site { configured, ..site };
    let error = site.registers_with(&site.client()).await.unwrap_err();
    assert!(matches!(error, Error::Stranger { .. }), "{error}");
}

#[tokio::test]
async fn one_that_somebody_deleted_at_smartpay_is_made_anew() {
    let site = Site::new().await;
    let first = site.registers().await.subscription_id;
    let path = format!("/v1/webhook-endpoints/{first}");
    site.asks("DELETE", &path, &serde_json::Value::Null).await;
    let second = site.registers().await;
    assert_ne!(second.subscription_id, first);
    assert_eq!(site.ids_there().await, [second.subscription_id.as_str()]);
    assert_eq!(second.ending.len(), 1, "what the first signed may still be under way: {second:?}");
}

#[tokio::test]
async fn only_one_command_works_at_a_time() {
    let site = Site::new().await;
    let mut other = site.world.sql_as(SERVICE).await;
    let lock = "SELECT pg_try_advisory_lock(
        hashtextextended('tokenledger/webhooks/1/ledger', 0))";
    assert!(crate::webhooks::one::<bool>(&mut other, lock).await);
    let error = site.registers_with(&site.client()).await.unwrap_err();
    assert!(matches!(error, Error::Busy), "{error}");
    assert_eq!(site.ids_there().await.len(), 0);
    drop(other);
    let made = async || !matches!(site.registers_with(&site.client()).await, Err(Error::Busy));
    until(made).await;
    assert_eq!(site.ids_there().await.len(), 1);
    // Whether it did something or not, it leaves the turn to the next.
    site.registers_with(&site.client()).await.unwrap();
    site.rotates(tokenledger::webhooks::OVERLAP).await.unwrap();
}

#[tokio::test]
async fn without_smartpay_or_with_the_wrong_key_nothing_is_begun() {
    let site = Site::new().await;
    let nowhere = site.client_at("http://127.0.0.1:1/v1", crate::webhooks::KEY, LIMITS);
    let error = site.registers_with(&nowhere).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)), "{error}");
    let live = "sk_live_5f0c1d9e7a3b486295ce8d17f4a06b3c";
    let wrong = site.client_at(&format!("http://{}/v1", site.smartpay), live, LIMITS);
    let error = site.registers_with(&wrong).await.unwrap_err();
    assert!(matches!(error, Error::KeyRefused(_)), "{error}");
    assert_eq!(site.world.count("webhook_endpoints").await, 0);
}
