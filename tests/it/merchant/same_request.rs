//! The same request again, whatever became of the first: one session, one command.
#![expect(clippy::indexing_slicing, reason = "a document without what is looked for fails")]

use std::sync::Arc;
use std::sync::Mutex;

use serde_json::json;
use tokenledger::readings::Point;
use tokenledger::readings::Points;

use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::change;
use crate::merchant::creation;
use crate::merchant::gateway::Doing;
use crate::merchant::text;
use crate::world::Serving;
use crate::world::fresh_key;

/// Sends until somebody has an answer for it, as a client does that is told to come again.
async fn insists(merchant: &Merchant, request: &crate::request::Request) -> crate::wire::Answer {
    loop {
        let answer = merchant.sends(request).await;
        if answer.status != 409 || answer.json()["code"] != "idempotency_key_in_flight" {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_gets_its_session_when_it_asks_again() {
    let merchant = Merchant::deaf().await;
    let request = creation(&asked());
    let go = merchant.gateway.holds("POST /v1/checkout-sessions", "");
    let mut wire = merchant.served.connects().await;
    wire.send(&request.bytes()).await;
    while !merchant.gateway.did() {
        tokio::task::yield_now().await;
    }
    drop(wire);
    merchant.sends(&request).await.refuses(409, "idempotency_key_in_flight");
    go.send(()).unwrap();
    let answer = insists(&merchant, &request).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("idempotency-replayed"), Some("true"));
    assert_eq!(merchant.truth().await.len(), 1);
    assert_eq!(merchant.gateway.count("POST"), 1);
}

#[tokio::test]
async fn one_key_for_another_request_is_refused_and_another_key_is_another_session() {
    let merchant = Merchant::deaf().await;
    let request = creation(&asked());
    assert_eq!(merchant.sends(&request).await.status, 201);
    let mut other = asked();
    other["consumer"] = json!("C-2");
    let body = other.to_string();
    let reused = request.clone().body(body);
    merchant.sends(&reused).await.refuses(422, "idempotency_key_reused");
    assert_eq!(merchant.truth().await.len(), 1);
    let another = request.set("Idempotency-Key", &fresh_key());
    assert_eq!(merchant.sends(&another).await.status, 201);
    assert_eq!(merchant.truth().await.len(), 2);
}

#[tokio::test]
async fn twenty_at_once_under_one_key_are_one_session() {
    let merchant = Arc::new(Merchant::deaf().await);
    let request = creation(&asked());
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (merchant, request) = (Arc::clone(&merchant), request.clone());
        asking.spawn(async move { insists(&merchant, &request).await });
    }
    let answers = asking.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 201), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(merchant.truth().await.len(), 1);
    assert_eq!(merchant.gateway.count("POST"), 1);
}

#[tokio::test]
async fn what_was_not_sent_is_not_created_and_the_same_key_tries_anew() {
    let merchant = Merchant::deaf().await;
    let session = merchant.creates().await;
    let reference = text(&session, "/token/ref");
    merchant.shopper(&session, "approve").await;
    let requests = [creation(&asked()), change("disable", reference)];
    merchant.gateway.closes().await;
    for request in &requests {
        let problem = merchant.sends(request).await.refuses(502, "smartpay_unavailable");
        assert!(text(&problem, "/detail").contains("nothing was sent"), "{problem}");
        merchant.sends(request).await.refuses(502, "smartpay_unavailable");
    }
    let states = merchant.states().await;
    let not_created = states.iter().filter(|state| *state == "not_created").count();
    assert_eq!((states.len(), not_created), (5, 4), "{states:?}");
    let unusable = merchant.token(reference).await["unusable_reason"].clone();
    assert_ne!(unusable, "change_in_flight", "nothing is under way");
    merchant.gateway.opens().await;
    assert_eq!(merchant.sends(&requests[0]).await.status, 201);
    assert_eq!(merchant.sends(&requests[1]).await.status, 200);
    assert_eq!(merchant.truth().await.len(), 2);
}

/// A service that dies once, at this point, while it carries out a command.
fn dies_at(point: Point) -> (Points, Arc<Mutex<Option<Point>>>) {
    let left = Arc::new(Mutex::new(Some(point)));
    let dying = Arc::clone(&left);
    let points = Points::dying(move |reached| {
        let mut left = dying.lock().unwrap();
        let dies = *left == Some(reached);
        if dies {
            *left = None;
        }
        dies
    });
    (points, left)
}

#[tokio::test]
async fn after_a_crash_the_same_key_finds_its_intent_whatever_the_version_is_by_then() {
    for point in Point::ALL {
        let (points, left) = dies_at(point);
        *left.lock().unwrap() = None;
        let mut merchant = Merchant::with(|serving| serving.points = points).await;
        let session = merchant.creates().await;
        let reference = text(&session, "/token/ref").to_owned();
        merchant.shopper(&session, "approve").await;
        merchant.waits(chrono::TimeDelta::seconds(10));
        let told = merchant.served.gets(&format!("/v1/tokens/{reference}")).await;
        let version = told.header("etag").unwrap().to_owned();
        *left.lock().unwrap() = Some(point);
        let request = change("disable", &reference).with("If-Match", &version);
        let mut wire = merchant.served.connects().await;
        wire.send(&request.bytes()).await;
        while left.lock().unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        drop(wire);
        // Another process, after the lease of the one that died.
        let client = merchant.client();
        let serving = Serving { smartpay: Some(client), ..merchant.world.serving() };
        merchant.served = merchant.world.serves_with(serving).await;
        merchant.waits(chrono::TimeDelta::seconds(31));
        let answer = merchant.sends(&request).await;
        assert_eq!(answer.status, 200, "{point:?}: {answer:?}");
        assert_eq!(answer.json()["status"], "disabled", "{point:?}");
        assert_eq!(merchant.world.count("intents").await, 2, "{point:?}");
        let types = merchant.types(&reference).await;
        assert_eq!(types.iter().filter(|told| *told == "Disabled").count(), 1, "{types:?}");
        // As a first request, it is one of an old version.
        let late = change("enable", &reference).with("If-Match", &version);
        merchant.sends(&late).await.refuses(412, "precondition_failed");
    }
}

#[tokio::test]
async fn a_session_whose_maker_died_is_the_same_session_for_the_same_key() {
    for point in Point::ALL {
        let (points, left) = dies_at(point);
        let mut merchant = Merchant::with(|serving| serving.points = points).await;
        let request = creation(&asked());
        let mut wire = merchant.served.connects().await;
        wire.send(&request.bytes()).await;
        let waited = std::time::Instant::now();
        let passed = ![Point::BeforeReading, Point::AfterReading].contains(&point)
            && ![Point::BeforeAnswerKept, Point::AfterAnswerKept].contains(&point);
        while passed && left.lock().unwrap().is_some() {
            assert!(waited.elapsed().as_secs() < 30, "{point:?} is not passed");
            tokio::task::yield_now().await;
        }
        if !passed {
            continue;
        }
        drop(wire);
        let client = merchant.client();
        let serving = Serving { smartpay: Some(client), ..merchant.world.serving() };
        merchant.served = merchant.world.serves_with(serving).await;
        merchant.waits(chrono::TimeDelta::seconds(31));
        let answer = merchant.sends(&request).await;
        assert_eq!(answer.status, 201, "{point:?}: {answer:?}");
        assert_eq!(merchant.truth().await.len(), 1, "{point:?}");
        let token = answer.json()["token"].clone();
        assert_eq!(token["consumer"], "C-1", "{point:?}: {token}");
        assert_eq!(merchant.types(text(&token, "/ref")).await, ["SessionCreated"], "{point:?}");
    }
}

#[tokio::test]
async fn a_time_out_after_the_session_was_made_is_202_and_makes_no_second() {
    let merchant = Merchant::deaf().await;
    merchant.gateway.will("POST /v1/checkout-sessions", "", Doing::ActsAndCuts);
    let request = creation(&asked());
    let answer = merchant.sends(&request).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let again = merchant.sends(&request).await;
    assert_eq!((again.status, &again.body), (202, &answer.body));
    let place = answer.header("location").unwrap();
    assert_eq!(again.header("location"), Some(place));
    assert_eq!(merchant.served.gets(place).await.json()["url"], json!(null));
    merchant.waits(chrono::TimeDelta::minutes(1));
    merchant.open_are(0).await;
    let intent = merchant.served.gets(place).await.json();
    assert_eq!(intent["state"], "settled", "{intent}");
    assert!(text(&intent, "/url").contains("/checkout/"), "{intent}");
    assert!(text(&intent, "/session_id").starts_with("checkout_test_"), "{intent}");
    let token = merchant.token(text(&intent, "/ref")).await;
    assert_eq!(token["consumer"], "C-1");
    assert_eq!(merchant.truth().await.len(), 1);
    assert_eq!(merchant.world.count("events").await, 1);
}
