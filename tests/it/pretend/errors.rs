//! Refusals: every one as JSON, 401 in its odd shape.

use serde_json::Value;
use serde_json::json;

use crate::pretend::Pretend;
use crate::pretend::asked;
use crate::pretend::call;
use crate::pretend::text;
use crate::request::Request;

#[tokio::test]
async fn without_a_test_key_there_is_the_odd_401() {
    let pretend = Pretend::new().await;
    let get = |path: &str| Request::new("GET", path);
    for path in ["/v1/tokens", "/v1/none", "/api.smartpay/v1/checkout-sessions"] {
        for authorization in [
            "",
            "Basic sk_live_abc",
            "Basic pk_test_abc",
            "Basic sk_test_",
            "Basic sk_test_a-b",
            "Basic c2tfdGVzdF9hYmM6",
            "Bearer sk_test_abc",
            "sk_test_abc",
        ] {
            let answer = pretend.sends(&get(path).with("Authorization", authorization)).await;
            assert_eq!(answer.status, 401, "{authorization}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            let shape = json!({"statusCode": 401, "scheme": "Basic", "realm": "smartpay"});
            assert_eq!(answer.json(), shape);
        }
        let twice = get(path).with("Authorization", "Basic sk_test_a");
        let twice = twice.with("Authorization", "Basic sk_test_a");
        assert_eq!(pretend.sends(&twice).await.status, 401);
    }
    let lower = get("/v1/tokens").with("Authorization", "basic sk_test_a");
    assert_eq!(pretend.sends(&lower).await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_the_vendors_shape() {
    let pretend = Pretend::new().await;
    for (method, path, status, code) in [
        ("GET", "/v1/orders", 404, "route.not-found"),
        ("GET", "/v1", 404, "route.not-found"),
        ("GET", "/", 404, "route.not-found"),
        ("POST", "/v1/tokens", 405, "request.method-not-allowed"),
        ("GET", "/v1/tokens/paytok_test_none", 404, "token.not-found"),
        ("GET", "/v1/tokens/paytok_live_none", 404, "token.not-found"),
        ("GET", "/v1/tokens/paytok_test_none%0A", 404, "token.not-found"),
        ("GET", "/v1/tokens/%ff", 400, "request.malformed"),
        ("GET", "/v1/checkout-sessions/x", 404, "checkout-session.not-found"),
        ("GET", "/v1/webhook-endpoints/x", 404, "webhook-endpoint.not-found"),
        ("GET", "/v1/tokens?maxResults=0", 400, "request.invalid"),
        ("GET", "/v1/tokens?maxResults=x", 400, "request.invalid"),
        ("GET", "/v1/tokens?pageToken=x", 400, "request.invalid"),
    ] {
        let answer = pretend.calls(method, path).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
        let body = answer.json();
        assert_eq!(body["statusCode"], status);
        assert_eq!(text(&body, "/errorCode"), code, "{path}");
        assert!(body["message"].is_string() && body["details"].is_array(), "{body}");
    }
}

#[tokio::test]
async fn a_session_that_is_not_valid_says_what_is_wrong_and_makes_nothing() {
    let pretend = Pretend::new().await;
    let path = "/v1/checkout-sessions";
    for body in ["", "{", "[]", "null", "{\"mode\":\"token\",\"mode\":\"token\"}", "\"\\u0000\""] {
        let answer = pretend.calls_with("POST", path, body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.json()["errorCode"], "request.malformed", "{body}");
    }
    let many: Value = (0..21).map(|n| (n.to_string(), json!("x"))).collect();
    for (field, value) in [
        ("mode", Value::Null),
        ("mode", json!("order")),
        ("successUrl", Value::Null),
        ("successUrl", json!("javascript:alert(1)")),
        ("successUrl", json!("https://shop.example/a\r\nb")),
        ("cancelUrl", json!(7)),
        ("customerInfo", Value::Null),
        ("customerInfo", json!("C-1")),
        ("locale", json!("fr")),
        ("reference", json!("r".repeat(41))),
        ("reference", json!("")),
        ("description", json!("d".repeat(81))),
        ("metadata", many),
        ("metadata", json!({"a": []})),
    ] {
        let mut body = asked();
        body[field] = value;
        let answer = pretend.calls_with("POST", path, &body.to_string()).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        let details = answer.json()["details"].clone();
        assert_eq!(details.as_array().unwrap().len(), 1, "{details}");
        assert!(text(&details, "/0").starts_with(field), "{details}");
    }
    assert!(pretend.truth().await.is_empty());
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let pretend = Pretend::new().await;
    let mut body = asked();
    body["filler"] = json!("x".repeat(70_000));
    let answer = pretend.sends(&call("POST", "/v1/checkout-sessions", &body.to_string())).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(pretend.truth().await.is_empty());
}
