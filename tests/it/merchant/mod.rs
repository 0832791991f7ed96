//! A merchant with everything: the ledger's service, the pretend Smartpay behind its real API, and
//! its webhooks on their way back. Time stands still until a test moves it.

mod changes;
mod open_outcomes;
mod returns;
mod sessions;

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use tokenledger::database::OWNER;
use tokenledger::sandbox::Registration;
use tokenledger::sandbox::Sandbox;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokio::net::TcpListener;

use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::DEV;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;
use crate::world::Served;
use crate::world::World;
use crate::world::write;

const KEY: &str = "sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c";
/// One try that is soon given up, so that a test need not wait for a Smartpay that hangs.
const IMPATIENT: Limits = Limits {
    tries_max: 1,
    try_timeout: Duration::from_secs(1),
    backoff_first: Duration::ZERO,
    backoff_max: Duration::ZERO,
};

pub(crate) struct Merchant {
    pub(crate) world: World,
    pub(crate) served: Served,
    pub(crate) sandbox: Sandbox,
    pub(crate) smartpay: SocketAddr,
}

impl Merchant {
    /// Webhooks are sent, and arrive.
    pub(crate) async fn new() -> Merchant {
        let merchant = Merchant::deaf().await;
        let url = format!("http://{}{DEV}", merchant.served.address);
        let registration = Registration { id: SUBSCRIPTION, url: &url, signing_secret: SECRET };
        merchant.sandbox.register(&registration).await.unwrap();
        merchant
    }

    /// Smartpay has no webhook endpoint: what the ledger knows it has from answers.
    pub(crate) async fn deaf() -> Merchant {
        let world = World::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smartpay = listener.local_addr().unwrap();
        let url = format!("http://{smartpay}");
        let clock = world.clock.clone();
        let sandbox = Sandbox::open(world.options(OWNER), &url, clock.clone()).await.unwrap();
        let running = sandbox.clone();
        tokio::spawn(async move { running.serve(listener, std::future::pending()).await });
        let client = client(&format!("{url}/v1"), &world);
        let serving = world.serving();
        let served = world.serves_with(crate::world::Serving { smartpay: Some(client), ..serving });
        let served = served.await;
        Merchant { world, served, sandbox, smartpay }
    }

    /// Time passes, and what has become due at Smartpay is done.
    pub(crate) fn waits(&self, time: TimeDelta) {
        self.world.clock.set(self.world.clock.now() + time);
        self.sandbox.wake();
    }

    pub(crate) async fn sends(&self, request: &Request) -> Answer {
        self.served.sends(request).await
    }

    pub(crate) async fn creates(&self) -> Value {
        let answer = self.sends(&creation(&asked())).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// The ref of a token that its shopper has approved, as the ledger knows too.
    pub(crate) async fn active(&self) -> String {
        let session = self.creates().await;
        self.shopper(&session, "approve").await;
        let reference = text(&session, "/token/ref").to_owned();
        self.is(&reference, "active").await;
        reference
    }

    pub(crate) async fn shopper(&self, session: &Value, does: &str) {
        let path = format!("/sandbox/sessions/{}/{does}", text(session, "/session_id"));
        let answer = self.tells_smartpay(&Request::new("POST", &path)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Until the ledger says that the token has this status.
    pub(crate) async fn is(&self, reference: &str, status: &str) {
        let condition = format!("status = '{status}' FROM tokens WHERE ref = '{reference}'");
        self.world.until(&condition).await;
    }

    pub(crate) async fn changes(&self, how: &str, reference: &str) -> Answer {
        self.sends(&change(how, reference)).await
    }

    pub(crate) async fn token(&self, reference: &str) -> Value {
        self.served.reads(&format!("/v1/tokens/{reference}")).await
    }

    pub(crate) async fn types(&self, reference: &str) -> Vec<String> {
        let events = self.served.reads(&format!("/v1/tokens/{reference}/events")).await;
        let events = events.get("data").unwrap().as_array().unwrap();
        events.iter().map(|event| text(event, "/type").to_owned()).collect()
    }

    pub(crate) async fn faults(&self, faults: Value) {
        let request = Request::new("PUT", "/sandbox/faults").body(faults.to_string());
        let answer = self.tells_smartpay(&request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// What really became of the tokens at Smartpay, in the order in which they were made.
    pub(crate) async fn truth(&self) -> Vec<Value> {
        let answer = self.tells_smartpay(&Request::new("GET", "/sandbox/tokens")).await;
        answer.json().get("tokens").unwrap().as_array().unwrap().clone()
    }

    pub(crate) async fn tells_smartpay(&self, request: &Request) -> Answer {
        let mut wire = Wire::connect(self.smartpay).await;
        wire.send(&request.clone().set("Connection", "close").bytes()).await;
        wire.answer(request.is_head()).await
    }
}

pub(crate) fn client(url: &str, world: &World) -> Client {
    let (url, key) = (ApiUrl::parse(url).unwrap(), SecretKey::parse(KEY).unwrap());
    Client::new(url, key, world.clock.clone(), IMPATIENT).unwrap()
}

pub(crate) fn creation(body: &Value) -> Request {
    let request = write("POST", "/v1/checkout-sessions").with("Content-Type", "application/json");
    request.body(body.to_string())
}

/// `how` is `disable`, `enable` or `delete`.
pub(crate) fn change(how: &str, reference: &str) -> Request {
    let request = match how {
        "delete" => write("DELETE", &format!("/v1/tokens/{reference}")),
        how => write("POST", &format!("/v1/tokens/{reference}/{how}")),
    };
    let body = json!({"reason": "the shopper called"}).to_string();
    request.with("Content-Type", "application/json").body(body)
}

pub(crate) fn asked() -> Value {
    json!({
        "consumer": "C-1",
        "success_url": "https://shop.example/ok?order=1",
        "cancel_url": "https://shop.example/back",
        "reference": "sub-1",
    })
}

pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {value}"))
}
