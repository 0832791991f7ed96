//! `rotate`: both secrets for a while, then only the new one, in every process.

use chrono::TimeDelta;
use serde_json::json;
use tokenledger::smartpay::SigningSecret;
use tokenledger::webhooks::Endpoints;
use tokenledger::webhooks::Error;
use tokenledger::webhooks::Hurry;
use tokenledger::webhooks::OVERLAP;
use tokenledger::webhooks::Run;

use crate::webhooks::Site;
use crate::webhooks::made;
use crate::webhooks::until;
use crate::world::SECRET;
use crate::world::Serving;

#[tokio::test]
async fn both_secrets_are_live_during_the_overlap_and_the_new_one_after_it() {
    let site = Site::new().await;
    let old = site.registers().await.subscription_id;
    let second = site.world.serving();
    let second = Serving { endpoints: Endpoints::default(), ..second };
    let second = site.world.serves_with(second).await;
    let both = [&site.served, &second];
    for served in both {
        site.becomes(served, &old, 200).await;
    }
    let rotated = made(site.rotates(TimeDelta::hours(1)).await.unwrap());
    let new = rotated.subscription_id;
    let ends = site.world.clock.now() + TimeDelta::hours(1);
    assert_eq!(rotated.ending, [(old.clone(), Some(ends))]);
    for served in both {
        site.becomes(served, &new, 200).await;
        assert_eq!(site.delivers(served, &old).await, 200, "the overlap is not over");
    }
    let (old_secret, new_secret) = (site.secret(&old).await, site.secret(&new).await);
    let crossed = site.delivers_signed(&site.served, &old, &new_secret).await;
    assert_eq!(crossed, 401, "each secret goes with its own subscription");
    site.passes(TimeDelta::milliseconds(3_599_999));
    assert_eq!(site.delivers(&site.served, &old).await, 200);
    site.passes(TimeDelta::milliseconds(1));
    for served in both {
        assert_eq!(site.delivers_signed(served, &old, &old_secret).await, 401, "its end is sharp");
        assert_eq!(site.delivers(served, &new).await, 200);
    }
}

/// The same event through both: one has its effect, the other is a copy of equal bytes.
#[tokio::test]
async fn what_comes_twice_during_the_overlap_counts_once() {
    let site = Site::new().await;
    let old = site.registers().await.subscription_id;
    let new = made(site.rotates(OVERLAP).await.unwrap()).subscription_id;
    for id in [&old, &new] {
        site.becomes(&site.served, id, 200).await;
    }
    let (inputs, copies) = (site.world.count("inputs").await, site.world.count("copies").await);
    site.shops().await;
    until(async || site.world.count("copies").await == copies + 2).await;
    assert_eq!(site.world.count("inputs").await, inputs + 2);
}

#[tokio::test]
async fn finishing_deletes_the_old_one_when_the_overlap_is_over_and_the_new_one_was_heard() {
    let site = Site::new().await;
    let old = site.registers().await.subscription_id;
    let new = made(site.rotates(TimeDelta::hours(1)).await.unwrap()).subscription_id;
    let early = site.finishes(Hurry::Refused, Run::Do).await.unwrap_err();
    assert!(early.to_string().contains("the overlap of main lasts until"), "{early}");
    site.passes(TimeDelta::hours(2));
    let unheard = site.finishes(Hurry::Refused, Run::Do).await.unwrap_err();
    assert!(unheard.to_string().contains("has come yet"), "{unheard}");
    assert_eq!(site.ids_there().await.len(), 2);
    site.becomes(&site.served, &new, 200).await;
    let looked = site.finishes(Hurry::Refused, Run::Look).await.unwrap();
    assert_eq!(site.ids_there().await.len(), 2, "looking deletes nothing");
    let finished = site.finishes(Hurry::Refused, Run::Do).await.unwrap();
    assert_eq!(finished, looked);
    assert_eq!((&finished.newest, &finished.deleted), (&new, &vec![old]));
    assert_eq!(site.ids_there().await, [new.as_str()]);
    let again = site.finishes(Hurry::Refused, Run::Do).await.unwrap();
    assert!(again.deleted.is_empty(), "{again:?}");
    let ended = "SELECT count(*) FROM webhook_endpoints WHERE deleted_at IS NOT NULL";
    assert_eq!(site.world.one::<i64>(ended).await, 1);
}

#[tokio::test]
async fn in_a_hurry_the_old_secret_ends_at_once_in_every_process() {
    let site = Site::new().await;
    let old = site.registers().await.subscription_id;
    site.becomes(&site.served, &old, 200).await;
    let secret = site.secret(&old).await;
    site.rotates(OVERLAP).await.unwrap();
    let finished = site.finishes(Hurry::Confirmed, Run::Do).await.unwrap();
    assert_eq!(finished.deleted, [old.as_str()]);
    until(async || site.delivers_signed(&site.served, &old, &secret).await == 401).await;
}

#[tokio::test]
async fn no_third_one_is_made_while_a_rotation_is_under_way() {
    let site = Site::new().await;
    let error = site.rotates(OVERLAP).await.unwrap_err();
    assert!(matches!(error, Error::NothingToRotate { .. }), "{error}");
    let error = site.finishes(Hurry::Refused, Run::Do).await.unwrap_err();
    assert!(matches!(error, Error::NothingToFinish { .. }), "{error}");
    site.registers().await;
    site.rotates(OVERLAP).await.unwrap();
    let error = site.rotates(OVERLAP).await.unwrap_err();
    assert!(matches!(error, Error::UnderWay { .. }), "{error}");
    assert_eq!(site.ids_there().await.len(), 2);
}

/// The way out where the secret was lost, and the one from the configuration into the vault.
#[tokio::test]
async fn one_that_was_not_made_from_here_is_replaced() {
    let mut configured = Endpoints::default();
    configured.add("main", SigningSecret::parse(SECRET).unwrap(), None);
    let site = Site::with(configured).await;
    let url = site.wanted("main").url;
    let stranger = site.asks("POST", "/v1/webhook-endpoints", &json!({"url": url})).await;
    let stranger = stranger["id"].as_str().unwrap().to_owned();
    let rotated = made(site.rotates(OVERLAP).await.unwrap());
    assert_eq!(rotated.strangers, [stranger.as_str()]);
    let new = rotated.subscription_id;
    site.becomes(&site.served, &new, 200).await;
    assert_eq!(site.delivers_signed(&site.served, "any", SECRET).await, 200, "still configured");
    let finished = site.finishes(Hurry::Refused, Run::Do).await.unwrap();
    assert_eq!(finished.deleted, [stranger]);
    assert_eq!(site.ids_there().await, [new]);
}

#[tokio::test]
async fn the_old_one_stays_while_the_new_one_is_switched_off() {
    let site = Site::new().await;
    site.registers().await;
    let new = made(site.rotates(OVERLAP).await.unwrap()).subscription_id;
    let path = format!("/v1/webhook-endpoints/{new}");
    site.asks("PATCH", &path, &json!({"active": false})).await;
    let error = site.finishes(Hurry::Confirmed, Run::Do).await.unwrap_err();
    assert!(matches!(error, Error::NewestAmiss { .. }), "{error}");
    assert_eq!(site.ids_there().await.len(), 2);
}
