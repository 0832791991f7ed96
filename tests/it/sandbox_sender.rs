//! Sending over real HTTP: signed, signed anew, wrong on purpose.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use tokenledger::clock::Clock;
use tokenledger::sandbox::Message;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::Spoil;
use tokenledger::sandbox::Token;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::signature;

use crate::sandbox_demo::until;

const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
const SUBSCRIPTION: &str = "webhookendpoint_test_1";

/// The other side: takes what comes, answers as told, then 200. Every request takes a second of
/// the clock.
struct Endpoint {
    sender: Sender,
    inbox: Inbox,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Inbox {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
    clock: Clock,
}

struct Received {
    headers: HeaderMap,
    body: Bytes,
    at: DateTime<Utc>,
}

impl Endpoint {
    async fn start(answers: impl IntoIterator<Item = StatusCode>) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/smartpay/dev", listener.local_addr().unwrap());
        let clock = Clock::set_at(until());
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let inbox = Inbox { received: Arc::default(), answers, clock: clock.clone() };
        let routes = Router::new()
            .route("/webhooks/smartpay/{endpoint}", post(receive))
            .with_state(inbox.clone());
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let sender = Sender::new(&url, SECRET, SUBSCRIPTION, clock).unwrap();
        Endpoint { sender, inbox, task }
    }

    fn received(&self) -> Vec<Received> {
        std::mem::take(&mut self.inbox.received.lock().unwrap())
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    fn header(&self, name: &str) -> &str {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}");
        values.first().unwrap().to_str().unwrap()
    }

    fn timestamp(&self) -> i64 {
        self.header("Smartpay-Signature-Timestamp").parse().unwrap()
    }

    fn verifies(&self) -> bool {
        let secret = SigningSecret::parse(SECRET).unwrap();
        let (signature, timestamp) =
            (self.header("Smartpay-Signature"), self.header("Smartpay-Signature-Timestamp"));
        signature::verify(&[secret], signature, timestamp, &self.body).is_some()
    }
}

async fn receive(State(inbox): State<Inbox>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let at = inbox.clock.now();
    inbox.received.lock().unwrap().push(Received { headers, body, at });
    inbox.clock.set(at + TimeDelta::seconds(1));
    inbox.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK)
}

fn message() -> Message {
    Token::create(None, until(), &mut StdRng::seed_from_u64(7)).1
}

#[tokio::test]
async fn a_webhook_carries_the_four_headers_and_verifies() {
    let endpoint = Endpoint::start([]).await;
    let message = message();
    assert_eq!(endpoint.sender.send(&message).await.unwrap(), StatusCode::OK);
    let received = endpoint.received();
    let [one] = received.as_slice() else { panic!("{} requests", received.len()) };
    assert!(one.verifies());
    assert_eq!(one.timestamp(), until().timestamp_millis());
    assert_eq!(one.header("Smartpay-Event-Id"), message.event_id().as_str());
    assert_eq!(one.header("Smartpay-Subscription-Id"), SUBSCRIPTION);
    assert_eq!(one.header("Content-Type"), "application/json");
    assert_eq!(one.body, message.body());
}

#[tokio::test]
async fn what_is_sent_again_is_signed_anew_under_the_same_id() {
    let refusals = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::ACCEPTED, StatusCode::FOUND];
    let endpoint = Endpoint::start(refusals).await;
    let message = message();
    let four = Spoil { duplicate: 3, ..Spoil::default() };
    let answers = endpoint.sender.send_with(&message, four).await.unwrap();
    assert_eq!(answers, [&refusals[..], &[StatusCode::OK]].concat());
    let received = endpoint.received();
    assert!(received.iter().all(Received::verifies));
    assert!(received.iter().all(|one| one.body == message.body()));
    assert!(received.iter().all(|r| r.header("Smartpay-Event-Id") == message.event_id().as_str()));
    let times: Vec<i64> = received.iter().map(Received::timestamp).collect();
    let first = until().timestamp_millis();
    assert_eq!(times, [first, first + 1_000, first + 2_000, first + 3_000]);
}

#[tokio::test]
async fn without_a_service_it_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let sender = Sender::new(&url, SECRET, SUBSCRIPTION, Clock::set_at(until())).unwrap();
    let error = sender.send(&message()).await.unwrap_err();
    assert!(error.to_string().contains("tokenledger dev"), "{error}");
}

#[tokio::test]
async fn faults_are_made_on_purpose() {
    let endpoint = Endpoint::start([StatusCode::OK, StatusCode::UNAUTHORIZED]).await;
    let message = message();
    let twice = Spoil { duplicate: 1, ..Spoil::default() };
    let answers = endpoint.sender.send_with(&message, twice).await.unwrap();
    assert_eq!(answers, [StatusCode::OK, StatusCode::UNAUTHORIZED]);
    let received = endpoint.received();
    assert!(received.len() == 2 && received.iter().all(Received::verifies));
    assert_eq!(received[0].body, received[1].body);

    let bad = Spoil { bad_signature: true, ..Spoil::default() };
    endpoint.sender.send_with(&message, bad).await.unwrap();
    let one = endpoint.received().pop().unwrap();
    assert!(!one.verifies());
    let signature = one.header("Smartpay-Signature");
    assert!(signature.len() == 64 && signature.bytes().all(|b| b"0123456789abcdef".contains(&b)));

    let skewed = Spoil { skew_ms: -600_000, ..Spoil::default() };
    endpoint.sender.send_with(&message, skewed).await.unwrap();
    let one = endpoint.received().pop().unwrap();
    assert!(one.verifies());
    assert_eq!(one.timestamp(), one.at.timestamp_millis() - 600_000);
}
