//! The hosted page: what it shows, and where its buttons lead.

use crate::pretend::Pretend;
use crate::pretend::asked;
use crate::pretend::text;
use crate::request::Request;
use crate::wire::Answer;
use serde_json::Value;
use serde_json::json;

/// Only what follows the address of the sandbox.
fn path(session: &Value) -> String {
    let (_, path) = text(session, "/url").split_once("/checkout/").unwrap();
    format!("/checkout/{path}")
}

async fn shows(pretend: &Pretend, path: &str) -> String {
    let answer = pretend.sends(&Request::new("GET", path)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
    answer.text()
}

async fn presses(pretend: &Pretend, session: &Value, button: &str) -> Answer {
    let html = shows(pretend, &path(session)).await;
    let (_, rest) = html.split_once("<form").unwrap();
    let action = rest
        .split("action=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .find(|action| action.ends_with(button))
        .unwrap_or_else(|| panic!("no button {button}: {html}"));
    pretend.sends(&Request::new("POST", action)).await
}

fn leads_to(answer: &Answer, url: &str) {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("location"), Some(url));
}

async fn status(pretend: &Pretend, session: &Value) -> Value {
    let path = format!("/v1/tokens/{}", text(session, "/token/id"));
    pretend.reads(&path).await.get("status").unwrap().clone()
}

#[tokio::test]
async fn confirm_approves_and_leads_to_the_shop() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    let pressed = presses(&pretend, &session, "/confirm").await;
    leads_to(&pressed, "https://shop.example/ok?order=1");
    assert_eq!(status(&pretend, &session).await, "active");
    let html = shows(&pretend, &path(&session)).await;
    assert!(!html.contains("<form") && html.contains("登録が完了しています"), "{html}");
    // A second press, from a page that was open before.
    let late = Request::new("POST", &format!("{}/cancel", path(&session)));
    leads_to(&pretend.sends(&late).await, &path(&session));
}

#[tokio::test]
async fn cancel_leads_back_and_leaves_the_token_as_it_is() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    let pressed = presses(&pretend, &session, "/cancel").await;
    leads_to(&pressed, "https://shop.example/back");
    assert_eq!(status(&pretend, &session).await, "requires_authorization");
    let html = shows(&pretend, &format!("{}?lang=en", path(&session))).await;
    assert!(html.contains("You canceled last time"), "{html}");
    presses(&pretend, &session, "/confirm").await;
    assert_eq!(status(&pretend, &session).await, "active");
}

#[tokio::test]
async fn reject_and_time_end_it() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    leads_to(&presses(&pretend, &session, "/reject").await, "https://shop.example/back");
    assert_eq!(status(&pretend, &session).await, "rejected");
    assert!(shows(&pretend, &path(&session)).await.contains("登録できませんでした"));
    let session = pretend.session().await;
    pretend.waits(24 * 3_600_000);
    let html = shows(&pretend, &path(&session)).await;
    assert!(!html.contains("<form") && html.contains("有効期限が切れています"), "{html}");
}

#[tokio::test]
async fn it_speaks_the_sessions_language_and_shows_text_as_text() {
    let pretend = Pretend::new().await;
    let mut body = asked();
    body["locale"] = json!("en");
    body["reference"] = json!("<b>\"'&");
    body["successUrl"] = json!("https://shop.example/\"><script>");
    let create = pretend.calls_with("POST", "/v1/checkout-sessions", &body.to_string()).await;
    let session = create.json();
    let html = shows(&pretend, &path(&session)).await;
    assert!(html.contains("<html lang=\"en\">") && html.contains(">Confirm</button>"), "{html}");
    assert!(html.contains("&lt;b&gt;&quot;&#39;&amp;"), "{html}");
    presses(&pretend, &session, "/confirm").await;
    let html = shows(&pretend, &path(&session)).await;
    for wrong in ["<b>", "<script", "http://", "src="] {
        assert!(!html.contains(wrong), "{wrong}: {html}");
    }
    let japanese = shows(&pretend, &format!("{}?lang=ja", path(&session))).await;
    assert!(japanese.contains("<html lang=\"ja\">"));
}

#[tokio::test]
async fn a_page_is_found_by_its_whole_address_or_the_sessions_id() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    shows(&pretend, &format!("/checkout/{}", text(&session, "/id"))).await;
    for wrong in [format!("{}x", path(&session)), "/checkout/none".to_owned()] {
        let answer = pretend.sends(&Request::new("GET", &wrong)).await;
        assert_eq!(answer.status, 404, "{wrong}");
        let answer = pretend.sends(&Request::new("POST", &format!("{wrong}/confirm"))).await;
        assert_eq!(answer.status, 404, "{wrong}");
    }
    assert_eq!(status(&pretend, &session).await, "requires_authorization");
}
