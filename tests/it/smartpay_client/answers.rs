//! What answers say, and what is wrong with the odd ones.

use secrecy::ExposeSecret;
use serde_json::Value;
use serde_json::json;

use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::Reason;
use tokenledger::smartpay::client::PageToken;
use tokenledger::smartpay::client::answer::Received;
use tokenledger::smartpay::client::answer::TokenAnswer;
use tokenledger::smartpay::client::answer::Wrong;
use tokenledger::smartpay::client::answer::changed;
use tokenledger::smartpay::client::answer::endpoint;
use tokenledger::smartpay::client::answer::session;
use tokenledger::smartpay::client::answer::sessions;
use tokenledger::smartpay::client::answer::token;
use tokenledger::smartpay::client::answer::tokens;
use tokenledger::smartpay::json::NotStrict;
use tokenledger::smartpay::keys::SecretError;
use tokenledger::token::ProviderTime;
use tokenledger::token::Said;
use tokenledger::token::SessionId;

use crate::smartpay_client::TOKEN;
use crate::smartpay_client::token as asked;

const NOW_MS: i64 = 1_700_000_000_000;

pub(super) fn expected() -> Expected {
    let received_at = ProviderTime::from_millis(NOW_MS);
    Expected { mode: Mode::Test, received_at, window_ms: 1_000 }
}

pub(super) fn a_token() -> Value {
    json!({
        "id": TOKEN, "object": "token", "status": "active", "test": true,
        "createdAt": NOW_MS - 5_000, "updatedAt": NOW_MS - 1_000, "unknown": [1],
    })
}

pub(super) fn a_session() -> Value {
    json!({
        "id": "checkout_test_9a", "object": "checkoutSession", "test": true, "token": a_token(),
        "url": "https://checkout.smartpay.co/checkout_test_9a.b.c?x=1", "customerInfo": {},
        "expiresAt": NOW_MS + 86_400_000, "metadata": {"tokenledger_intent": "i1"},
    })
}

pub(super) fn an_endpoint() -> Value {
    json!({
        "id": "webhookendpoint_test_9a", "object": "webhookEndpoint", "active": true, "test": true,
        "url": "https://ledger.example/webhooks/smartpay/main", "eventSubscriptions": [],
        "signingSecret": "9AbcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q",
    })
}

/// An object, with one field set.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    object.as_object_mut().unwrap().insert(name.to_owned(), value);
    object
}

/// An object, without one field.
fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn read_token(status: u16, body: &str) -> Result<TokenAnswer, Wrong> {
    token(Received { status, body: body.as_bytes() }, &asked(), &expected())
}

#[test]
fn a_token_reads_and_odd_ones_are_wrong_each_in_its_way() {
    let Ok(TokenAnswer::Found(object)) = read_token(200, &a_token().to_string()) else { panic!() };
    assert_eq!((object.token, object.said), (asked(), Said::Active));
    let not_json = |status, cause| Wrong::NotJson { status, cause };
    for (status, body, wrong) in [
        (200, String::new(), not_json(200, NotStrict::Empty)),
        (200, "<html></html>".to_owned(), not_json(200, NotStrict::Syntax)),
        (200, format!("{}{{}}", a_token()), not_json(200, NotStrict::TrailingData)),
        (200, r#"{"id":1,"id":2}"#.to_owned(), not_json(200, NotStrict::DuplicateKey)),
        (200, "[]".to_owned(), Wrong::NotAnObject),
        (200, "{}".to_owned(), Wrong::Missing("id")),
        (200, with(a_token(), "id", json!(null)).to_string(), Wrong::Missing("id")),
        (200, with(a_token(), "id", json!("paytok_test_other")).to_string(), Wrong::WrongId),
        (200, with(a_token(), "test", json!(false)).to_string(), Wrong::WrongMode),
        (200, with(a_token(), "id", json!("paytok_live_a")).to_string(), Wrong::WrongMode),
        (
            200,
            with(a_token(), "id", json!(7)).to_string(),
            Wrong::NotAReading(Reason::TokenIdInvalid),
        ),
        (
            200,
            with(a_token(), "status", json!("?")).to_string(),
            Wrong::NotAReading(Reason::UnknownStatus),
        ),
        (
            200,
            without(a_token(), "updatedAt").to_string(),
            Wrong::NotAReading(Reason::ImplausibleTime),
        ),
        (
            200,
            with(a_token(), "object", json!("order")).to_string(),
            Wrong::NotAReading(Reason::UnknownShape),
        ),
        (201, a_token().to_string(), Wrong::Status(201)),
        (302, String::new(), Wrong::Status(302)),
        (404, "<html>not found</html>".to_owned(), not_json(404, NotStrict::Syntax)),
        (404, String::new(), not_json(404, NotStrict::Empty)),
        (404, "{}".to_owned(), Wrong::Missing("statusCode")),
        (404, r#"{"statusCode":404,"message":"x"}"#.to_owned(), Wrong::Missing("errorCode")),
        (
            404,
            r#"{"statusCode":400,"errorCode":"token.not-found"}"#.to_owned(),
            Wrong::Shape("statusCode"),
        ),
        (404, format!(r#"{{"statusCode":404,"errorCode":"{TOKEN}"}}"#), Wrong::Shape("errorCode")),
        (
            404,
            r#"{"statusCode":404,"errorCode":{"token.not-found":1}}"#.to_owned(),
            Wrong::Shape("errorCode"),
        ),
        (401, r#"{"statusCode":401,"scheme":"Basic","realm":"api"}"#.to_owned(), Wrong::KeyRefused),
        (
            403,
            r#"{"statusCode":403,"scheme":"Basic","realm":"api"}"#.to_owned(),
            Wrong::Missing("errorCode"),
        ),
    ] {
        assert_eq!(read_token(status, &body), Err(wrong), "{status} {body}");
    }
}

#[test]
fn one_404_means_that_there_is_no_such_token_and_no_other() {
    let error = |code: &str| format!(r#"{{"statusCode":404,"errorCode":"{code}","details":[]}}"#);
    assert_eq!(read_token(404, &error("token.not-found")), Ok(TokenAnswer::NotFound));
    for code in ["route.not-found", "order.not-found", "Token.not-found"] {
        let Err(Wrong::Error(error)) = read_token(404, &error(code)) else { panic!("{code}") };
        assert_eq!((error.status, error.code.as_str()), (404, code));
        assert!(!error.says_token_not_found());
    }
    let gone = r#"{"statusCode":410,"errorCode":"token.not-found"}"#;
    assert!(matches!(read_token(410, gone), Err(Wrong::Error(_))));
}

#[test]
fn a_change_is_answered_by_an_empty_200_and_nothing_else() {
    assert_eq!(changed(Received { status: 200, body: b"" }), Ok(()));
    let body = a_token().to_string();
    for (status, body, wrong) in [
        (200, body.as_bytes(), Wrong::BodyNotEmpty),
        (200, b" ", Wrong::BodyNotEmpty),
        (204, b"", Wrong::Status(204)),
        (202, b"", Wrong::Status(202)),
    ] {
        assert_eq!(changed(Received { status, body }), Err(wrong));
    }
}

#[test]
fn a_session_names_its_token_by_an_object_or_an_id() {
    let read = |object: &Value, id: Option<&str>| {
        let id = id.map(|id| SessionId::parse(id).unwrap());
        let body = object.to_string();
        session(Received { status: 200, body: body.as_bytes() }, id.as_ref(), &expected())
    };
    let created = read(&a_session(), None).unwrap();
    assert_eq!((created.id.as_str(), &created.token), ("checkout_test_9a", &asked()));
    assert!(matches!(created.object, Some(Ok(_))) && created.expires_at.is_some());
    assert_eq!(created.metadata["tokenledger_intent"], "i1");
    assert!(created.url.expose_secret().ends_with("x=1"));
    let shown = format!("{created:?}");
    assert!(!shown.contains(TOKEN) && !shown.contains("checkout.smartpay"), "{shown}");

    let found = read(&with(a_session(), "token", json!(TOKEN)), Some("checkout_test_9a")).unwrap();
    assert!(found.token == asked() && found.object.is_none());
    // A session is good without a reading of its token.
    let odd = read(&with(a_session(), "token", without(a_token(), "updatedAt")), None).unwrap();
    assert_eq!(odd.object, Some(Err(Wrong::NotAReading(Reason::ImplausibleTime))));

    for (object, wrong) in [
        (without(a_session(), "id"), Wrong::Missing("id")),
        (with(a_session(), "id", json!("checkout_live_9a")), Wrong::WrongMode),
        (with(a_session(), "id", json!("checkout_test_paytok_test_a")), Wrong::Shape("id")),
        (with(a_session(), "test", json!(false)), Wrong::WrongMode),
        (with(a_session(), "object", json!("order")), Wrong::Shape("object")),
        (without(a_session(), "token"), Wrong::Missing("token")),
        (with(a_session(), "token", json!({})), Wrong::Missing("token.id")),
        (with(a_session(), "token", json!("paytok_live_a")), Wrong::WrongMode),
        (with(a_session(), "token", with(a_token(), "test", json!(false))), Wrong::WrongMode),
        (with(a_session(), "url", json!("javascript:alert(1)")), Wrong::Shape("url")),
        (with(a_session(), "url", json!("http://127.0.0.1.example/")), Wrong::Shape("url")),
        (without(a_session(), "url"), Wrong::Missing("url")),
    ] {
        assert_eq!(read(&object, None).unwrap_err(), wrong, "{object}");
    }
    assert_eq!(read(&a_session(), Some("checkout_test_other")).unwrap_err(), Wrong::WrongId);
}

#[test]
fn an_odd_row_is_one_row_and_an_odd_end_the_whole_page() {
    let rows = json!([a_token(), "?", with(a_token(), "test", json!(false)), a_token()]);
    let page = json!({"object": "collection", "data": rows, "nextPageToken": "p2"});
    let read = |page: &Value, asked: Option<&str>| {
        let asked = asked.map(|text| PageToken::parse(text).unwrap());
        let body = page.to_string();
        tokens(Received { status: 200, body: body.as_bytes() }, asked.as_ref(), &expected())
    };
    let good = read(&page, None).unwrap();
    let wrong: Vec<Option<&Wrong>> = good.rows.iter().map(|row| row.as_ref().err()).collect();
    let odd = Wrong::NotAReading(Reason::UnknownShape);
    assert_eq!(wrong, [None, Some(&odd), Some(&Wrong::WrongMode), None]);
    assert_eq!(good.next, Some(PageToken::parse("p2").unwrap()));
    let last = read(&without(page.clone(), "nextPageToken"), Some("p2")).unwrap();
    assert_eq!(last.next, None);

    for (page, wrong) in [
        (without(page.clone(), "data"), Wrong::Missing("data")),
        (with(page.clone(), "data", json!({})), Wrong::Shape("data")),
        (with(page.clone(), "nextPageToken", json!("")), Wrong::Shape("nextPageToken")),
        (with(page.clone(), "nextPageToken", json!(2)), Wrong::Shape("nextPageToken")),
        (with(page.clone(), "object", json!("token")), Wrong::Shape("object")),
    ] {
        assert_eq!(read(&page, None).unwrap_err(), wrong, "{page}");
    }
    assert_eq!(read(&page, Some("p2")).unwrap_err(), Wrong::PageRepeats);

    let mixed = json!({"data": [a_session(), without(a_session(), "token")]}).to_string();
    let mixed = Received { status: 200, body: mixed.as_bytes() };
    let rows = sessions(mixed, None, &expected()).unwrap().rows;
    assert!(rows[0].is_ok() && matches!(rows[1], Err(Wrong::Missing("token"))));
}

#[test]
fn an_endpoint_comes_with_its_secret_once() {
    let read = |object: &Value| {
        let body = object.to_string();
        endpoint(Received { status: 200, body: body.as_bytes() }, None, Mode::Test)
    };
    let created = read(&an_endpoint()).unwrap();
    assert!(created.active && created.signing_secret.is_some());
    assert!(!format!("{created:?}").contains("9Abcsj"));
    assert!(read(&without(an_endpoint(), "signingSecret")).unwrap().signing_secret.is_none());
    let weak = read(&with(an_endpoint(), "signingSecret", json!("AAAA"))).unwrap();
    assert_eq!(weak.signing_secret.unwrap().unwrap_err(), SecretError::Zero);
    for (name, value, wrong) in [
        ("signingSecret", json!(["AAAA"]), Wrong::Shape("signingSecret")),
        ("active", json!("yes"), Wrong::Shape("active")),
        ("eventSubscriptions", json!([1]), Wrong::Shape("eventSubscriptions")),
        ("id", json!("webhookendpoint_live_9a"), Wrong::WrongMode),
        ("id", json!("webhookendpoint_test_../a"), Wrong::Shape("id")),
    ] {
        assert_eq!(read(&with(an_endpoint(), name, value)).unwrap_err(), wrong, "{name}");
    }
}
