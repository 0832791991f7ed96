//! The controls: the shopper, time, and something that happens by hand.

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::pretend::Inbox;
use crate::pretend::Pretend;
use crate::pretend::Received;
use crate::pretend::text;
use crate::request::Request;
use crate::wire::Answer;

async fn asks(pretend: &Pretend, session: &Value, does: &str) -> Answer {
    let path = format!("/sandbox/sessions/{}/{does}", text(session, "/id"));
    pretend.sends(&Request::new("POST", &path)).await
}

async fn triggers(pretend: &Pretend, trigger: Value) -> Answer {
    pretend.sends(&Request::new("POST", "/sandbox/trigger").body(trigger.to_string())).await
}

#[tokio::test]
async fn a_session_is_answered_once_and_in_time() {
    let pretend = Pretend::new().await;
    let canceled = pretend.session().await;
    let shown = pretend.shopper(&canceled, "cancel").await;
    assert_eq!(shown["token"]["status"], "requires_authorization");
    assert_eq!(pretend.shopper(&canceled, "approve").await["token"]["status"], "active");
    for does in ["approve", "reject", "cancel"] {
        assert_eq!(asks(&pretend, &canceled, does).await.status, 409, "{does}");
    }
    let expired = pretend.session().await;
    let shown = pretend.shopper(&expired, "expire").await;
    assert_eq!(shown["token"]["status"], "requires_authorization");
    assert_eq!(asks(&pretend, &expired, "approve").await.status, 409);
    let forgotten = pretend.session().await;
    pretend.waits(24 * 3_600_000);
    assert_eq!(asks(&pretend, &forgotten, "approve").await.status, 409);
    assert_eq!(asks(&pretend, &forgotten, "dance").await.status, 404);
    let unknown = Request::new("POST", "/sandbox/sessions/checkout_test_x/approve");
    assert_eq!(pretend.sends(&unknown).await.status, 404);
}

#[tokio::test]
async fn what_is_triggered_happens_only_if_it_is_taken() {
    let pretend = Pretend::new().await;
    let inbox = Inbox::new([]).await;
    pretend.tells(&inbox.url).await;
    let create = json!({"token": "paytok_test_mine", "session": "checkout_test_mine",
        "created_at": 1_700_000_000_000_i64});
    let made = json!({"event": "token.created", "create": create.clone()});
    let made = triggers(&pretend, made).await;
    assert_eq!(made.json(), json!({"token": "paytok_test_mine", "answers": [200]}));
    let session = pretend.reads("/v1/checkout-sessions/checkout_test_mine").await;
    assert_eq!(session["createdAt"], 1_700_000_000_000_i64);
    let thrice = json!({"event": "token.approved", "duplicate": 2});
    assert_eq!(triggers(&pretend, thrice).await.json()["answers"], json!([200, 200, 200]));
    let used = triggers(&pretend, json!({"event": "token.used"})).await;
    assert_eq!(used.status, 200);
    let received = inbox.until(5).await;
    let kinds: Vec<String> = received.iter().map(Received::kind).collect();
    let approved = "token.approved";
    assert_eq!(kinds, ["token.created", approved, approved, approved, "token.used"]);

    let refusing = Inbox::new([StatusCode::UNAUTHORIZED]).await;
    pretend.tells(&refusing.url).await;
    let disabled = json!({"event": "token.disabled", "bad_signature": true});
    let refused = triggers(&pretend, disabled).await;
    assert_eq!(refused.json()["answers"], json!([401]));
    assert_eq!(pretend.truth().await[0]["status"], "active");
    // Nobody listens any more.
    pretend.tells("http://127.0.0.1:1/").await;
    let lost = triggers(&pretend, json!({"event": "token.disabled"})).await;
    assert_eq!(lost.status, 502, "{lost:?}");
    assert_eq!(pretend.truth().await[0]["status"], "active");
    for (wrong, status) in [
        (json!({"event": "token.approved"}), 404),
        (json!({"event": "token.approved", "token": "paytok_test_mine"}), 409),
        (json!({"event": "token.approved", "token": "paytok_test_none"}), 404),
        (json!({"event": "token.created", "create": create}), 400),
        (json!({"event": "token.canceled"}), 400),
        (json!({"evnt": "token.created"}), 400),
    ] {
        assert_eq!(triggers(&pretend, wrong.clone()).await.status, status, "{wrong}");
    }
}

#[tokio::test]
async fn a_charge_is_told_and_only_a_usable_token_can_be_charged() {
    let pretend = Pretend::new().await;
    let inbox = Inbox::new([]).await;
    pretend.tells(&inbox.url).await;
    let session = pretend.session().await;
    assert_eq!(asks(&pretend, &session, "charge").await.status, 404);
    pretend.shopper(&session, "approve").await;
    assert_eq!(pretend.shopper(&session, "charge").await["token"]["status"], "active");
    let kinds: Vec<String> = inbox.until(3).await.iter().map(Received::kind).collect();
    assert!(kinds.contains(&"token.used".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn pages_of_others_do_not_reach_the_controls() {
    let pretend = Pretend::new().await;
    let get = Request::new("GET", "/sandbox/tokens");
    let other = pretend.sends(&get.clone().with("Origin", "https://evil.example")).await;
    assert_eq!(other.status, 403, "{other:?}");
    let own = format!("http://{}", pretend.running().address);
    assert_eq!(pretend.sends(&get.with("Origin", &own)).await.status, 200);
}
