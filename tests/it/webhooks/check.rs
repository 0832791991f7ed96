//! `check`: whatever is amiss is found, with what to do.

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use tokenledger::smartpay::SigningSecret;
use tokenledger::webhooks::Endpoints;
use tokenledger::webhooks::Hurry;
use tokenledger::webhooks::Run;
use tokenledger::webhooks::Wanted;

use crate::webhooks::Site;
use crate::webhooks::made;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;

const HOUR: Option<TimeDelta> = Some(TimeDelta::hours(1));

#[tokio::test]
async fn with_a_sound_endpoint_nothing_is_amiss() {
    let site = Site::new().await;
    let id = site.registers().await.subscription_id;
    site.becomes(&site.served, &id, 200).await;
    assert_eq!(site.finds(HOUR).await, []);
    let checked = site.checks(HOUR).await;
    assert_eq!(checked[0].last, Some(site.world.clock.now()));
    assert_eq!((checked.len(), checked[0].active), (1, Some(true)));
}

#[tokio::test]
async fn each_thing_amiss_with_one_that_was_made_is_found() {
    let site = Site::new().await;
    assert_eq!(site.finds(HOUR).await, [(None, "none")]);
    let id = site.registers().await.subscription_id;
    let url = site.wanted("main").url;
    let path = format!("/v1/webhook-endpoints/{id}");
    let of = |code| [(Some(id.clone()), code)];
    let planted = async |change: Value, code, undo: Value| {
        site.asks("PATCH", &path, &change).await;
        assert_eq!(site.finds(HOUR).await, of(code), "{change}");
        site.asks("PATCH", &path, &undo).await;
        assert_eq!(site.finds(HOUR).await, [], "{undo}");
    };
    planted(json!({"active": false}), "inactive", json!({"active": true})).await;
    planted(json!({"url": "https://old.example/x"}), "url", json!({"url": url})).await;
    let part = json!({"eventSubscriptions": ["token.approved", "token.deleted"]});
    planted(part, "events", json!({"eventSubscriptions": []})).await;
    let all = json!({"eventSubscriptions": ["token.created", "token.approved", "token.rejected",
        "token.deleted", "token.disabled", "token.enabled", "token.used", "order.authorized"]});
    site.asks("PATCH", &path, &all).await;
    assert_eq!(site.finds(HOUR).await, []);

    site.passes(TimeDelta::hours(2));
    assert_eq!(site.finds(HOUR).await, of("silent"), "never heard");
    assert_eq!(site.finds(None).await, []);
    site.becomes(&site.served, &id, 200).await;
    assert_eq!(site.finds(HOUR).await, []);
    site.passes(TimeDelta::minutes(61));
    assert_eq!(site.finds(HOUR).await, of("silent"));

    site.world.execute("UPDATE vault_secrets SET sealed = sealed || 'x'::bytea").await;
    assert_eq!(site.finds(None).await, of("secret"));
    site.asks("DELETE", &path, &Value::Null).await;
    let codes: Vec<&str> = site.finds(None).await.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["missing", "secret"]);
}

#[tokio::test]
async fn what_sends_here_and_is_not_known_is_found_and_what_sends_elsewhere_is_not() {
    let site = Site::new().await;
    site.registers().await;
    let elsewhere = json!({"url": "https://other.example/webhooks/smartpay/main"});
    site.asks("POST", "/v1/webhook-endpoints", &elsewhere).await;
    assert_eq!(site.finds(HOUR).await, []);
    let here = json!({"url": site.wanted("other").url});
    let stranger = site.asks("POST", "/v1/webhook-endpoints", &here).await;
    let id = stranger["id"].as_str().map(str::to_owned);
    assert_eq!(site.finds(HOUR).await, [(id, "unknown")]);
}

/// Another address than below the public one, such as that of a proxy.
#[tokio::test]
async fn a_second_one_to_an_address_of_its_own_is_found_too() {
    let site = Site::new().await;
    let url = "https://proxy.example/hook".to_owned();
    let wanted = Wanted { url: url.clone(), ..site.wanted("main") };
    let client = site.client();
    site.at_desk(&client, async |desk| desk.register(&wanted, Run::Do).await.unwrap()).await;
    assert_eq!(site.finds(HOUR).await, []);
    let stranger = site.asks("POST", "/v1/webhook-endpoints", &json!({"url": url})).await;
    let id = stranger["id"].as_str().map(str::to_owned);
    assert_eq!(site.finds(HOUR).await, [(id, "unknown")]);
}

#[tokio::test]
async fn a_rotation_is_no_finding_until_the_overlap_is_over() {
    let site = Site::new().await;
    let old = site.registers().await.subscription_id;
    made(site.rotates(TimeDelta::hours(1)).await.unwrap());
    assert_eq!(site.finds(HOUR).await, []);
    site.passes(TimeDelta::hours(1));
    assert_eq!(site.finds(HOUR).await, [(Some(old), "over")]);
    site.finishes(Hurry::Confirmed, Run::Do).await.unwrap();
    assert_eq!(site.finds(HOUR).await, []);
}

#[tokio::test]
async fn an_attempt_that_is_open_is_found_with_what_it_left() {
    let site = Site::new().await;
    site.world.execute("REVOKE INSERT ON vault_secrets FROM tokenledger_service").await;
    site.registers_with(&site.client()).await.unwrap_err();
    let there = site.ids_there().await.remove(0);
    assert_eq!(site.finds(HOUR).await, [(None, "open"), (Some(there.clone()), "unknown")]);
    let remedy =
        |checked: &[tokenledger::webhooks::check::Checked]| checked[0].findings[0].remedy.clone();
    assert!(remedy(&site.checks(HOUR).await).contains("secret included"));
    site.passes(TimeDelta::hours(7));
    assert!(remedy(&site.checks(HOUR).await).starts_with("too late"));
}

#[tokio::test]
async fn those_of_the_configuration_are_compared_too() {
    let mut configured = Endpoints::default();
    let secret = || SigningSecret::parse(SECRET).unwrap();
    configured.add("main", secret(), Some(SUBSCRIPTION.to_owned()));
    configured.add("any", secret(), None);
    let site = Site::with(configured).await;
    let missing = [(Some(SUBSCRIPTION.to_owned()), "missing"), (None, "missing")];
    let found = site.finds(HOUR).await;
    assert!(missing.iter().all(|one| found.contains(one)), "{found:?}");
    let any = json!({"url": site.wanted("any").url});
    let any =
        site.asks("POST", "/v1/webhook-endpoints", &any).await["id"].as_str().map(str::to_owned);
    assert_eq!(site.finds(HOUR).await, [(Some(SUBSCRIPTION.to_owned()), "missing")]);
    let path = format!("/v1/webhook-endpoints/{}", any.as_deref().unwrap());
    site.asks("PATCH", &path, &json!({"active": false})).await;
    assert!(site.finds(HOUR).await.contains(&(any, "inactive")));
}
