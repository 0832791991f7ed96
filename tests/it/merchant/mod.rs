//! A merchant with everything: the ledger's service, the pretend Smartpay behind its real API, and
//! its webhooks on their way back. Time stands still until a test moves it.

mod browser;
mod changes;
mod chromium;
mod crashes;
mod fields;
mod gateway;
mod in_flight;
mod odd_answers;
mod open_outcomes;
mod privacy;
mod returns;
mod same_request;
mod sessions;
mod six_hours;

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use tokenledger::database::OWNER;
use tokenledger::outbox::Outbox;
use tokenledger::readings::Points;
use tokenledger::readings::Reader;
use tokenledger::sandbox::Registration;
use tokenledger::sandbox::Sandbox;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokio::net::TcpListener;

use crate::bodies::WINDOW_MS;
use crate::merchant::gateway::Gateway;
use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::DEV;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;
use crate::world::Served;
use crate::world::Serving;
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
    pub(crate) gateway: Gateway,
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
        Merchant::with(|_| {}).await
    }

    /// The same, with a service of its own kind.
    pub(crate) async fn with(differs: impl FnOnce(&mut Serving)) -> Merchant {
        let world = World::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smartpay = listener.local_addr().unwrap();
        let url = format!("http://{smartpay}");
        let clock = world.clock.clone();
        let sandbox = Sandbox::open(world.options(OWNER), &url, clock.clone()).await.unwrap();
        let running = sandbox.clone();
        tokio::spawn(async move { running.serve(listener, std::future::pending()).await });
        let gateway = Gateway::to(smartpay).await;
        let client = client(&format!("http://{}/v1", gateway.address), &world);
        let mut serving = Serving { smartpay: Some(client), ..world.serving() };
        differs(&mut serving);
        let served = world.serves_with(serving).await;
        Merchant { world, served, sandbox, smartpay, gateway }
    }

    /// What the service has, to do by hand what it does, dying where told.
    pub(crate) fn outbox(&self, points: Points) -> Outbox {
        let reader = Reader {
            ledger: self.world.ledger.clone(),
            pool: self.world.pool.clone(),
            vault: self.world.vault.clone(),
            clock: self.world.clock.clone(),
            client: self.client(),
            mode: Mode::Test,
            window_ms: WINDOW_MS,
            points,
        };
        Outbox { reader }
    }

    /// A caller of Smartpay, as the service's.
    pub(crate) fn client(&self) -> Client {
        client(&format!("http://{}/v1", self.gateway.address), &self.world)
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

    /// The same without a webhook: the ledger knows it from a reading.
    pub(crate) async fn spare(&self) -> String {
        let session = self.creates().await;
        self.shopper(&session, "approve").await;
        let reference = text(&session, "/token/ref").to_owned();
        self.waits(TimeDelta::seconds(10));
        assert_eq!(self.changes("enable", &reference).await.status, 200);
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

    /// A creation that a webhook tells before the session's answer is in has no session of its own:
    /// whether there is one is the webhook's luck, and it is left out.
    pub(crate) async fn types(&self, reference: &str) -> Vec<String> {
        let events = self.served.reads(&format!("/v1/tokens/{reference}/events")).await;
        let events = events.get("data").unwrap().as_array().unwrap();
        let told = events.iter().filter(|event| {
            text(event, "/type") != "SessionCreated" || event.pointer("/data/session").is_some()
        });
        told.map(|event| text(event, "/type").to_owned()).collect()
    }

    pub(crate) async fn faults(&self, faults: Value) {
        let request = Request::new("PUT", "/sandbox/faults").body(faults.to_string());
        let answer = self.tells_smartpay(&request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Past the ledger: as somebody at Smartpay's own desk.
    pub(crate) async fn at_smartpay(&self, method: &str, path: &str) -> Answer {
        let request = Request::new(method, &format!("/v1{path}"));
        self.tells_smartpay(&request.with("Authorization", &format!("Basic {KEY}"))).await
    }

    /// Smartpay's id of a token.
    pub(crate) async fn id(&self, reference: &str) -> String {
        let mut ids = Vec::new();
        for token in self.truth().await {
            ids.push(text(&token, "/id").to_owned());
        }
        ids.into_iter().find(|id| self.world.ref_of(id).as_str() == reference).unwrap()
    }

    /// Until all commands but so many are over.
    pub(crate) async fn open_are(&self, count: u32) {
        let open = format!("count(*) = {count} FROM intents WHERE state = 'open'");
        self.world.until(&open).await;
    }

    pub(crate) async fn states(&self) -> Vec<String> {
        let states = "SELECT array_agg(state ORDER BY created_at, id) FROM intents";
        self.world.one(states).await
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
