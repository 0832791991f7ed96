//! The calls about sessions, tokens and endpoints, and what each answers.

use serde_json::Value;
use serde_json::json;

use crate::pretend::Pretend;
use crate::pretend::asked;
use crate::pretend::text;
use crate::request::Request;
use crate::wire::Answer;

fn is_missing(answer: &Answer, code: &str) {
    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(text(&answer.json(), "/errorCode"), code);
}

#[tokio::test]
async fn a_session_shows_its_token_when_made_and_its_id_when_read() {
    let pretend = Pretend::new().await;
    let mut body = asked();
    body["reference"] = json!("sub-7");
    body["metadata"] = json!({"plan": "monthly"});
    body["locale"] = json!("en");
    body["anything"] = json!({"else": null});
    let made = pretend.calls_with("POST", "/v1/checkout-sessions", &body.to_string()).await.json();
    assert_eq!(made["object"], "checkoutSession");
    assert_eq!(made["test"], true);
    assert!(made.get("status").is_none(), "a session has no status: {made}");
    assert_eq!(made["customerInfo"], json!({"reference": "C-1"}));
    let token = &made["token"];
    assert_eq!(token["object"], "token");
    assert_eq!(token["status"], "requires_authorization");
    assert_eq!(token["createdAt"], token["updatedAt"]);
    for shown in [&made, token] {
        assert_eq!(shown["reference"], "sub-7");
        assert_eq!(shown["metadata"], json!({"plan": "monthly"}));
        assert_eq!(shown["createdAt"].as_i64().unwrap().to_string().len(), 13);
    }
    assert!(made["expiresAt"].as_i64() > made["createdAt"].as_i64());
    let id = text(&made, "/id");
    let page = text(&made, "/url").rsplit('/').next().unwrap().to_owned();
    assert_eq!(page.split('.').collect::<Vec<_>>().len(), 3);
    assert!(page.starts_with(id));

    let path = format!("/v1/checkout-sessions/{id}");
    let token_id = token["id"].clone();
    for query in ["", "?expand", "?expand=", "?expand=no", "?dev-lang=nodejs&sdk-version=0.9.1"] {
        let read = pretend.reads(&format!("{path}{query}")).await;
        assert_eq!(read["token"], token_id, "{query}");
    }
    let whole = pretend.reads(&format!("{path}?expand=all")).await;
    assert_eq!(whole, made);
    let read = pretend.reads(&format!("/v1/tokens/{}", text(&made, "/token/id"))).await;
    assert_eq!(&read, token);
}

#[tokio::test]
async fn a_token_lives_as_smartpay_says() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    let token = format!("/v1/tokens/{}", text(&session, "/token/id"));
    let status = async || pretend.reads(&token).await["status"].clone();
    for change in ["disable", "enable"] {
        let answer = pretend.calls("PUT", &format!("{token}/{change}")).await;
        is_missing(&answer, "token.not-found");
    }
    is_missing(&pretend.calls("DELETE", &token).await, "token.not-found");
    assert_eq!(status().await, "requires_authorization");
    let approved = pretend.shopper(&session, "approve").await;
    assert_eq!(approved["token"]["status"], "active");

    let mut last_update = approved["token"]["updatedAt"].as_i64();
    // The second of each changes nothing, and the clock stands still.
    for (change, expected) in [
        ("disable", "disabled"),
        ("disable", "disabled"),
        ("enable", "active"),
        ("enable", "active"),
    ] {
        let answer = pretend.calls("PUT", &format!("{token}/{change}")).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]), "{answer:?}");
        assert_eq!(answer.header("content-type"), None);
        let read = pretend.reads(&token).await;
        assert_eq!(read["status"], expected);
        assert!(read["updatedAt"].as_i64() >= last_update);
        last_update = read["updatedAt"].as_i64();
    }
    let answer = pretend.calls("DELETE", &token).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(answer.header("content-type"), None);
    for (method, path) in [
        ("GET", token.clone()),
        ("DELETE", token.clone()),
        ("PUT", format!("{token}/enable")),
        ("PUT", format!("{token}/disable")),
    ] {
        is_missing(&pretend.calls(method, &path).await, "token.not-found");
    }
    let history = pretend.truth().await[0]["history"].clone();
    let told: Vec<&str> =
        history.as_array().unwrap().iter().map(|change| text(change, "/type")).collect();
    let expected =
        ["token.created", "token.approved", "token.disabled", "token.enabled", "token.deleted"];
    assert_eq!(told, expected);
    let times: Vec<i64> =
        history.as_array().unwrap().iter().map(|change| change["at"].as_i64().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}

#[tokio::test]
async fn a_rejected_token_stays_readable_and_does_nothing() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    pretend.shopper(&session, "reject").await;
    let token = format!("/v1/tokens/{}", text(&session, "/token/id"));
    assert_eq!(pretend.reads(&token).await["status"], "rejected");
    for (method, path) in [("DELETE", token.clone()), ("PUT", format!("{token}/enable"))] {
        is_missing(&pretend.calls(method, &path).await, "token.not-found");
    }
    assert_eq!(pretend.reads("/v1/tokens").await["data"], json!([]));
}

#[tokio::test]
async fn whatever_the_sdks_put_into_a_body_is_taken() {
    let pretend = Pretend::new().await;
    let token = format!("/v1/tokens/{}", pretend.active_token().await);
    for (index, body) in ["", "{}", "[]", "\"x\"", "not json"].into_iter().enumerate() {
        let change = if index % 2 == 0 { "disable" } else { "enable" };
        let answer = pretend.calls_with("PUT", &format!("{token}/{change}?expand="), body).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{body}: {answer:?}");
    }
    let answer = pretend.calls_with("DELETE", &token, "\"an idempotency key\"").await;
    assert_eq!(answer.status, 204);
    // Ruby and PHP send what is not set as null.
    let mut body = asked();
    for name in ["locale", "reference", "metadata", "description"] {
        body[name] = Value::Null;
    }
    let request = Request::new("POST", "/api.smartpay/v1/checkout-sessions?dev-lang=php")
        .with("Authorization", "Basic sk_test_Other9");
    let answer = pretend.sends(&request.body(body.to_string())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn endpoints_are_made_changed_and_deleted_and_show_their_secret_once() {
    let pretend = Pretend::new().await;
    let body = json!({
        "url": "http://127.0.0.1:1/hook",
        "description": "ours",
        "eventSubscriptions": ["token.created"],
        "metadata": {"a": "b"},
    });
    let path = "/v1/webhook-endpoints";
    let made = pretend.calls_with("POST", path, &body.to_string()).await.json();
    assert_eq!(made["object"], "webhookEndpoint");
    assert_eq!(made["active"], true);
    let secret = text(&made, "/signingSecret");
    assert_eq!(secret.len(), 40);
    tokenledger::smartpay::SigningSecret::parse(secret).unwrap();
    let one = format!("{path}/{}", text(&made, "/id"));
    let read = pretend.reads(&one).await;
    assert!(read.get("signingSecret").is_none(), "{read}");
    assert_eq!(pretend.reads(path).await["data"], json!([read]));

    let changes = json!({"active": false, "url": "https://shop.example/hook"});
    let shown = pretend.calls_with("PATCH", &one, &changes.to_string()).await.json();
    assert_eq!(shown["active"], false);
    assert_eq!(shown["url"], "https://shop.example/hook");
    assert_eq!(shown["eventSubscriptions"], json!(["token.created"]));
    assert_eq!(pretend.calls("DELETE", &one).await.status, 204);
    is_missing(&pretend.calls("GET", &one).await, "webhook-endpoint.not-found");
    is_missing(&pretend.calls_with("PATCH", &one, "{}").await, "webhook-endpoint.not-found");
    is_missing(&pretend.calls("DELETE", &one).await, "webhook-endpoint.not-found");
}
