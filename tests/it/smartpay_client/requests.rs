//! What goes over the wire.

use tokenledger::smartpay::EndpointId;
use tokenledger::smartpay::client::Call;
use tokenledger::smartpay::client::Locale;
use tokenledger::smartpay::client::NewSession;
use tokenledger::smartpay::client::PageSize;
use tokenledger::smartpay::client::PageToken;
use tokenledger::token::Reference;
use tokenledger::token::SessionId;

use crate::smartpay_client::PATIENT;
use crate::smartpay_client::SECRET;
use crate::smartpay_client::TOKEN;
use crate::smartpay_client::client;
use crate::smartpay_client::key;
use crate::smartpay_client::server::Server;
use crate::smartpay_client::server::answer;
use crate::smartpay_client::token;

#[tokio::test]
async fn every_call_has_its_method_and_path() {
    let session = SessionId::parse("checkout_test_a/../b?c.d").unwrap();
    let endpoint = EndpointId::parse("webhookendpoint_test_e1").unwrap();
    let page = PageToken::parse("a+b/c=&d").unwrap();
    let size = PageSize::of(50);
    let calls = [
        (Call::create_session(b"{}".to_vec(), &key()), "POST /v1/checkout-sessions"),
        (Call::get_session(&session), "GET /v1/checkout-sessions/checkout_test_a%2F..%2Fb%3Fc.d"),
        (Call::list_sessions(size, None), "GET /v1/checkout-sessions?maxResults=50"),
        (Call::get_token(&token()), "GET /v1/tokens/TOKEN"),
        (
            Call::list_tokens(size, Some(&page)),
            "GET /v1/tokens?maxResults=50&pageToken=a%2Bb%2Fc%3D%26d",
        ),
        (Call::disable(&token(), &key()), "PUT /v1/tokens/TOKEN/disable"),
        (Call::enable(&token(), &key()), "PUT /v1/tokens/TOKEN/enable"),
        (Call::delete(&token()), "DELETE /v1/tokens/TOKEN"),
        (Call::create_endpoint(b"{}".to_vec(), &key()), "POST /v1/webhook-endpoints"),
        (Call::get_endpoint(&endpoint), "GET /v1/webhook-endpoints/webhookendpoint_test_e1"),
        (Call::list_endpoints(PageSize::of(0), None), "GET /v1/webhook-endpoints?maxResults=1"),
        (Call::delete_endpoint(&endpoint), "DELETE /v1/webhook-endpoints/webhookendpoint_test_e1"),
    ];
    let server = Server::of(vec![answer(200, "", "")]).await;
    let client = client(&server.url());
    for (call, _) in &calls {
        client.send(call, PATIENT).await;
        assert!(!format!("{call:?}").contains("tok_"), "{call:?}");
    }
    let requests = server.requests();
    assert_eq!(requests.len(), calls.len());
    for (request, (call, line)) in requests.iter().zip(&calls) {
        let line = format!("{} HTTP/1.1", line.replace("TOKEN", TOKEN));
        assert_eq!(request.lines().next(), Some(line.as_str()), "{}", call.name());
        assert!(request.contains(&format!("\r\nauthorization: Basic {SECRET}\r\n")));
        let keyed = ["POST", "PUT"].iter().any(|method| request.starts_with(method));
        assert_eq!(
            request.contains(&format!("\r\nidempotency-key: {}\r\n", key().as_str())),
            keyed
        );
        let posts = request.starts_with("POST");
        assert_eq!(request.contains("\r\ncontent-type: application/json\r\n"), posts);
        assert_eq!(request.ends_with("\r\n\r\n{}"), posts, "{}", call.name());
        for absent in ["accept-encoding", "cookie", "referer"] {
            assert!(!request.contains(absent), "{absent}");
        }
        if request.starts_with("PUT") {
            assert!(request.contains("\r\ncontent-length: 0\r\n"), "{}", call.name());
        }
    }
}

#[test]
fn a_session_is_asked_for_as_the_sdks_do_and_shows_nothing_of_its_shopper() {
    let mut session = NewSession {
        success_url: "https://shop.example/s?state=hidden".to_owned(),
        cancel_url: "https://shop.example/c?state=hidden".to_owned(),
        customer_info: serde_json::Map::new(),
        reference: None,
        metadata: serde_json::Map::new(),
        locale: None,
    };
    let expected = r#"{"mode":"token","successUrl":"https://shop.example/s?state=hidden","cancelUrl":"https://shop.example/c?state=hidden","customerInfo":{},"metadata":{}}"#;
    assert_eq!(String::from_utf8(session.to_body()).unwrap(), expected);
    session.locale = Some(Locale::Ja);
    session.reference = Some(Reference::parse("sub-993").unwrap());
    session.customer_info.insert("emailAddress".to_owned(), "who@shop.example".into());
    let body: serde_json::Value = serde_json::from_slice(&session.to_body()).unwrap();
    assert_eq!((&body["locale"], &body["reference"]), (&"ja".into(), &"sub-993".into()));
    let shown = format!("{session:?}");
    assert!(!shown.contains("hidden") && !shown.contains("who@"), "{shown}");
}
