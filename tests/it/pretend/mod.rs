//! The pretend Smartpay over real HTTP, on real PostgreSQL, with a clock that tests move.

mod api;
mod control;
mod errors;
mod faults;
mod idempotency;
mod lists;
mod page;
mod sdk;
mod webhooks;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use tokenledger::clock::Clock;
use tokenledger::database::OWNER;
use tokenledger::sandbox::Registration;
use tokenledger::sandbox::Sandbox;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::signature;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;
use crate::world::World;

const DEADLINE: Duration = Duration::from_secs(30);
const KEY: &str = "Basic sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c";

/// A pretend Smartpay on a port and a database of its own.
struct Pretend {
    world: World,
    clock: Clock,
    running: Option<Running>,
}

struct Running {
    sandbox: Sandbox,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Pretend {
    async fn new() -> Pretend {
        let world = World::new().await;
        let clock = world.clock.clone();
        let mut pretend = Pretend { world, clock, running: None };
        pretend.starts().await;
        pretend
    }

    async fn starts(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let database = self.world.options(OWNER);
        let sandbox = Sandbox::open(database, &url, self.clock.clone()).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = sandbox.clone();
        let serving = tokio::spawn(async move {
            served.serve(listener, async { drop(stopped.await) }).await;
        });
        self.running = Some(Running { sandbox, address, stop, serving });
    }

    /// As at the end of its process.
    async fn stops(&mut self) {
        let running = self.running.take().unwrap();
        running.stop.send(()).unwrap();
        running.serving.await.unwrap();
        running.sandbox.close().await;
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Time passes, and what has become due is done.
    fn waits(&self, ms: i64) {
        self.clock.set(self.clock.now() + TimeDelta::milliseconds(ms));
        self.running().sandbox.wake();
    }

    async fn sends(&self, request: &Request) -> Answer {
        let mut wire = Wire::connect(self.running().address).await;
        wire.send(&request.clone().set("Connection", "close").bytes()).await;
        wire.answer(request.is_head()).await
    }

    /// With the key, and a body as it stands.
    async fn calls_with(&self, method: &str, path: &str, body: &str) -> Answer {
        self.sends(&call(method, path, body)).await
    }

    async fn calls(&self, method: &str, path: &str) -> Answer {
        self.calls_with(method, path, "").await
    }

    async fn reads(&self, path: &str) -> Value {
        let answer = self.calls("GET", path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.json()
    }

    /// A new session, with its token as an object.
    async fn session(&self) -> Value {
        let answer = self.calls_with("POST", "/v1/checkout-sessions", &asked().to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The id of a token that a shopper has approved.
    async fn active_token(&self) -> String {
        let session = self.session().await;
        self.shopper(&session, "approve").await;
        text(&session, "/token/id").to_owned()
    }

    async fn shopper(&self, session: &Value, does: &str) -> Value {
        let path = format!("/sandbox/sessions/{}/{does}", text(session, "/id"));
        let answer = self.sends(&Request::new("POST", &path)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Has all webhooks sent there, signed with [`SECRET`].
    async fn tells(&self, url: &str) {
        let registration = Registration { id: SUBSCRIPTION, url, signing_secret: SECRET };
        self.running().sandbox.register(&registration).await.unwrap();
    }

    async fn faults(&self, faults: Value) {
        let request = Request::new("PUT", "/sandbox/faults").body(faults.to_string());
        let answer = self.sends(&request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What really happened to each token, in the order in which they were made.
    async fn truth(&self) -> Vec<Value> {
        let answer = self.sends(&Request::new("GET", "/sandbox/tokens")).await;
        answer.json().get("tokens").unwrap().as_array().unwrap().clone()
    }
}

/// Waits for a state, not for a time.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < DEADLINE, "what was waited for does not come about");
        tokio::task::yield_now().await;
    }
}

fn call(method: &str, path: &str, body: &str) -> Request {
    Request::new(method, path)
        .with("Authorization", KEY)
        .with("Content-Type", "application/json")
        .body(body)
}

fn asked() -> Value {
    json!({
        "mode": "token",
        "successUrl": "https://shop.example/ok?order=1",
        "cancelUrl": "https://shop.example/back",
        "customerInfo": {"reference": "C-1"},
    })
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {value}"))
}

/// A merchant's webhook endpoint: keeps what comes, answers as told, then 200.
struct Inbox {
    url: String,
    received: watch::Receiver<Vec<Received>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Taking {
    received: Arc<watch::Sender<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<StatusCode>>>,
}

#[derive(Clone, Debug)]
struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Inbox {
    async fn new(answers: impl IntoIterator<Item = StatusCode>) -> Inbox {
        let (sender, received) = watch::channel(Vec::new());
        let answers = Arc::new(Mutex::new(answers.into_iter().collect()));
        let taking = Taking { received: Arc::new(sender), answers };
        let routes = Router::new().route("/hook", post(take)).with_state(taking);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Inbox { url, received, task }
    }

    /// The first so many, as soon as they are there.
    async fn until(&self, count: usize) -> Vec<Received> {
        let mut received = self.received.clone();
        let enough = received.wait_for(|received| received.len() >= count);
        let enough = timeout(DEADLINE, enough).await;
        enough.expect("too few webhooks came").unwrap().clone()
    }

    fn now(&self) -> Vec<Received> {
        self.received.borrow().clone()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        text(&self.json(), "/eventData/type").to_owned()
    }

    fn verifies_with(&self, secret: &str) -> bool {
        let secret = SigningSecret::parse(secret).unwrap();
        let timestamp = self.header("Smartpay-Signature-Timestamp");
        let signature = self.header("Smartpay-Signature");
        signature::verify(&[secret], signature, timestamp, &self.body).is_some()
    }
}

async fn take(State(taking): State<Taking>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = taking.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
    taking.received.send_modify(|received| received.push(Received { headers, body }));
    answer
}
