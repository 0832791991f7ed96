//! Whatever Smartpay, or what stands in its place, answers: a clear refusal, and nothing half done.

use serde_json::Value;
use serde_json::json;
use tokenledger::smartpay::client::Limits;
use tokenledger::webhooks::Error;

use crate::smartpay_client::server::Server;
use crate::smartpay_client::server::Then;
use crate::smartpay_client::server::answer;
use crate::smartpay_client::server::cut;
use crate::webhooks::KEY;
use crate::webhooks::LIMITS;
use crate::webhooks::Site;
use crate::webhooks::made;

const GOOD: &str = "Vn6yGt2kQz8mXb4cLw0pRj9dHs5fUe3aTi7oKq1v";
const ONCE: Limits = Limits { tries_max: 1, ..LIMITS };

fn empty_list() -> Then {
    answer(200, "", &json!({"object": "collection", "data": []}).to_string())
}

fn endpoint(site: &Site) -> Value {
    json!({
        "id": "webhookendpoint_test_e1", "object": "webhookEndpoint", "test": true, "active": true,
        "url": site.wanted("main").url, "eventSubscriptions": [], "signingSecret": GOOD,
    })
}

/// The error of `register` with these answers, and what was asked.
async fn told(site: &Site, script: Vec<Then>) -> (Error, Vec<String>) {
    let server = Server::of(script).await;
    let client = site.client_at(&server.url(), KEY, ONCE);
    let error = site.registers_with(&client).await.unwrap_err();
    (error, server.requests())
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_used_is_not_registered() {
    let site = Site::new().await;
    let with = |field: &str, value: Value| {
        let mut endpoint = endpoint(&site);
        endpoint[field] = value;
        endpoint.to_string()
    };
    let mut without = endpoint(&site);
    without.as_object_mut().unwrap().remove("signingSecret");
    let good = endpoint(&site).to_string();
    let double = good.replacen('{', r#"{"signingSecret":"x","#, 1);
    for (what, body) in [
        ("came without its signingSecret", without.to_string()),
        ("came without its signingSecret", with("signingSecret", Value::Null)),
        ("is empty, and anyone could sign", with("signingSecret", json!(""))),
        ("consists of `A` only", with("signingSecret", json!("A".repeat(40)))),
        ("too short", with("signingSecret", json!("abc"))),
        ("a character other than", with("signingSecret", json!(format!("{GOOD}\n")))),
        ("more than 1024 characters", with("signingSecret", json!("b".repeat(2_000)))),
        ("signingSecret", with("signingSecret", json!(7))),
        ("another URL", with("url", json!("https://evil.example/"))),
        ("the field id", with("id", json!("paytok_test_zAo001ZRfyjz1F4rMyYPnL"))),
        ("mode", with("id", json!("webhookendpoint_live_e1"))),
        ("mode", with("test", json!(false))),
        ("the field active is missing", good.replace("\"active\"", "\"actif\"")),
        ("not JSON to rely on", double),
        ("not JSON to rely on", "<html>welcome</html>".to_owned()),
        ("not JSON to rely on", String::new()),
        ("no object", "[]".to_owned()),
    ] {
        let (error, requests) = told(&site, vec![empty_list(), answer(200, "", &body)]).await;
        let said = error.to_string();
        assert!(matches!(error, Error::NotUsable(_)), "{body}: {said}");
        assert!(said.contains(what) && said.contains("webhooks check"), "{what}: {said}");
        assert!(!said.contains(GOOD) && !said.contains("zAo001"), "{said}");
        assert_eq!(requests.len(), 2, "{body}");
    }
    let left = "SELECT count(*) FROM webhook_endpoints
        WHERE subscription_id IS NOT NULL OR given_up_at IS NULL";
    assert_eq!(site.world.one::<i64>(left).await, 0);
    assert_eq!(site.world.count("vault_secrets").await, 0);
}

#[tokio::test]
async fn a_refusal_is_told_and_nothing_stays_open() {
    let site = Site::new().await;
    let refused = json!({"statusCode": 400, "errorCode": "request.invalid", "message": "no"});
    let denied = json!({"statusCode": 401, "scheme": "Basic", "realm": "Smartpay"});
    let script = vec![empty_list(), answer(400, "", &refused.to_string())];
    let (error, _) = told(&site, script).await;
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(error.to_string().contains("request.invalid"), "{error}");
    let script = vec![empty_list(), answer(401, "", &denied.to_string())];
    let (error, _) = told(&site, script).await;
    assert!(matches!(error, Error::KeyRefused(_)), "{error}");
    let (error, requests) = told(&site, vec![answer(401, "", &denied.to_string())]).await;
    assert!(matches!(error, Error::KeyRefused(_)), "{error}");
    assert_eq!(requests.len(), 1, "nothing is made when the list is refused");
    let open = "SELECT count(*) FROM webhook_endpoints WHERE given_up_at IS NULL";
    assert_eq!(site.world.one::<i64>(open).await, 0);
}

#[tokio::test]
async fn a_list_that_cannot_be_relied_on_stops_everything() {
    let site = Site::new().await;
    let page = |data: Value, next: &str| {
        json!({"object": "collection", "data": data, "nextPageToken": next}).to_string()
    };
    for list in [
        "<html></html>".to_owned(),
        json!({"object": "collection"}).to_string(),
        json!({"object": "collection", "data": [{"id": 7}]}).to_string(),
        json!({"object": "collection", "data": ["x"]}).to_string(),
    ] {
        let (error, requests) = told(&site, vec![answer(200, "", &list)]).await;
        assert!(matches!(error, Error::Odd(_)), "{list}: {error}");
        assert_eq!(requests.len(), 1);
    }
    // Pages that never end.
    let two = [page(json!([]), "a"), page(json!([]), "b")];
    let endless: Vec<Then> =
        two.iter().cycle().take(200).map(|page| answer(200, "", page)).collect();
    let (error, requests) = told(&site, endless).await;
    assert!(matches!(error, Error::TooManyThere), "{error}");
    assert_eq!(requests.len(), 50);
    assert!(requests.iter().all(|request| request.starts_with("GET ")));
    assert_eq!(site.world.count("webhook_endpoints").await, 0);
}

#[tokio::test]
async fn an_unknown_outcome_is_asked_for_again_with_the_same_key_and_bytes() {
    let site = Site::new().await;
    let good = answer(200, "", &endpoint(&site).to_string());
    let denied = json!({"statusCode": 401, "scheme": "Basic", "realm": "Smartpay"}).to_string();
    let server = Server::of(vec![
        empty_list(),
        cut(),
        empty_list(),
        answer(401, "", &denied),
        empty_list(),
        good,
    ])
    .await;
    let client = site.client_at(&server.url(), KEY, ONCE);
    let error = site.registers_with(&client).await.unwrap_err();
    assert!(matches!(error, Error::Unknown { .. }), "{error}");
    let error = site.registers_with(&client).await.unwrap_err();
    assert!(matches!(error, Error::KeyRefused(_)), "it says nothing of the first try: {error}");
    assert!(made(site.registers_with(&client).await.unwrap()).resumed);
    let requests = server.requests();
    let creations: Vec<&String> = requests.iter().filter(|r| r.starts_with("POST ")).collect();
    let key = |request: &str| {
        let line = request.lines().find(|line| line.starts_with("idempotency-key: whe-"));
        (line.unwrap().to_owned(), request.split_once("\r\n\r\n").unwrap().1.to_owned())
    };
    assert_eq!(creations.len(), 3);
    assert_eq!(key(creations[0]), key(creations[1]));
    assert_eq!(key(creations[0]), key(creations[2]));
    let sealed: i64 = site.world.one("SELECT count(*) FROM vault_secrets").await;
    assert_eq!(sealed, 1);
}

/// A second endpoint with the secret of the first would rotate nothing.
#[tokio::test]
async fn a_secret_that_is_in_use_is_no_new_one() {
    let site = Site::new().await;
    let first = answer(200, "", &endpoint(&site).to_string());
    let server = Server::of(vec![empty_list(), first]).await;
    let client = site.client_at(&server.url(), KEY, ONCE);
    made(site.registers_with(&client).await.unwrap());
    let mut second = endpoint(&site);
    second["id"] = json!("webhookendpoint_test_e2");
    let (error, _) = told(&site, vec![empty_list(), answer(200, "", &second.to_string())]).await;
    assert!(error.to_string().contains("a secret that another endpoint has"), "{error}");
    let (error, _) =
        told(&site, vec![empty_list(), answer(200, "", &endpoint(&site).to_string())]).await;
    assert!(error.to_string().contains("was made before"), "{error}");
}
