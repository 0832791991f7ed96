//! Comparing with Smartpay: the pretend one, and servers that answer what no Smartpay should.

mod command;
pub(crate) mod fake;
mod fuse;
mod http;
mod hostile;
mod keys;
mod missed;
mod resumed;

use std::time::Duration;

use reqwest::Client as Http;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;
use tokenledger::clock::Clock;
use tokenledger::database::OWNER;
use tokenledger::readings::Points;
use tokenledger::readings::Reader;
use tokenledger::reconcile::Difference;
use tokenledger::reconcile::Options;
use tokenledger::reconcile::Pace;
use tokenledger::reconcile::Reconciler;
use tokenledger::reconcile::Run;
use tokenledger::reconcile::Watching;
use tokenledger::reconcile::differences_of;
use tokenledger::sandbox::Registration;
use tokenledger::sandbox::Sandbox;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::bodies::WINDOW_MS;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;
use crate::world::World;
use crate::world::ask;
use crate::world::claim;

const KEY: &str = "sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c";

/// Everything at once.
const AT_ONCE: Options = Options { dry_run: false, settle: Duration::ZERO, accept: None };

/// Without pauses, so that no test waits.
const PACE: Pace =
    Pace { pause_first: Duration::ZERO, pause_max: Duration::ZERO, ..Pace::STANDARD };

const LIMITS: Limits = Limits {
    tries_max: 2,
    try_timeout: Duration::from_mins(1),
    backoff_first: Duration::ZERO,
    backoff_max: Duration::ZERO,
};

/// A merchant's account at the pretend Smartpay, whose webhooks come to the world's ledger.
struct Account {
    world: World,
    url: String,
    http: Http,
    sandbox: Sandbox,
}

impl Account {
    async fn new() -> Account {
        let world = World::new().await;
        let served = world.serves().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sandbox = Sandbox::open(world.options(OWNER), &url, world.clock.clone()).await.unwrap();
        let hook = format!("http://{}/webhooks/smartpay/dev", served.address);
        let registration = Registration { id: SUBSCRIPTION, url: &hook, signing_secret: SECRET };
        sandbox.register(&registration).await.unwrap();
        let (serving, kept) = (sandbox.clone(), served);
        tokio::spawn(async move {
            serving.serve(listener, std::future::pending()).await;
            drop(kept);
        });
        Account { world, url, http: Http::new(), sandbox }
    }

    async fn calls(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.url)).json(&body);
        let answer = request.header("Authorization", format!("Basic {KEY}")).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {answer:?}");
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// A session, whose token the ledger knows to be whose.
    async fn session(&self, number: usize) -> (String, String) {
        let body = json!({
            "mode": "token", "customerInfo": {}, "successUrl": "https://shop.example/ok",
            "cancelUrl": "https://shop.example/back",
        });
        let made = self.calls(Method::POST, "/v1/checkout-sessions", body).await;
        let id = |pointer| made.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let (session, token) = (id("/id"), id("/token/id"));
        let name = session.strip_prefix("checkout_test_").unwrap();
        self.world.claims(&token, claim(name, &format!("C-{number}"))).await;
        (session, token)
    }

    async fn shopper(&self, session: &str, does: &str) {
        let path = format!("/sandbox/sessions/{session}/{does}");
        self.calls(Method::POST, &path, Value::Null).await;
    }

    async fn active_token(&self, number: usize) -> String {
        let (session, token) = self.session(number).await;
        self.shopper(&session, "approve").await;
        token
    }

    async fn changes(&self, token: &str, change: &str) {
        let path = format!("/v1/tokens/{token}");
        match change {
            "delete" => self.calls(Method::DELETE, &path, Value::Null).await,
            _ => self.calls(Method::PUT, &format!("{path}/{change}"), Value::Null).await,
        };
    }

    async fn faults(&self, faults: Value) {
        self.calls(Method::PUT, "/sandbox/faults", faults).await;
    }

    /// Every webhook that is ever to come has come.
    async fn settles(&self) {
        let mut owner = self.world.sql_as("postgres").await;
        let waiting = "SELECT count(*) FROM sandbox.deliveries WHERE state = 'waiting'";
        let began = std::time::Instant::now();
        while ask::<i64>(&mut owner, waiting).await > 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "webhooks are not taken");
            self.sandbox.wake();
            tokio::task::yield_now().await;
        }
    }

    /// Token id and status of each, as they really are.
    async fn truth(&self) -> Vec<(String, String)> {
        let all = self.calls(Method::GET, "/sandbox/tokens", Value::Null).await;
        let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let tokens = all.get("tokens").unwrap().as_array().unwrap();
        tokens.iter().map(|one| (text(one, "id"), text(one, "status"))).collect()
    }

    /// Those about which ledger and Smartpay differ.
    async fn differing(&self) -> Vec<String> {
        let mut differing = Vec::new();
        for (token, said) in self.truth().await {
            let status = self.world.status(&token).await;
            let agrees = match said.as_str() {
                "requires_authorization" => {
                    ["awaiting_authorization", "canceled"].contains(&status.as_str())
                }
                said => said == status,
            };
            if !agrees {
                differing.push(token);
            }
        }
        differing
    }

    async fn compares(&self, options: Options) -> Run {
        self.world.compares(&self.url, options).await
    }
}

impl World {
    pub(crate) fn reconciler(&self, url: &str) -> Reconciler {
        self.reconciler_with(url, KEY)
    }

    fn reconciler_with(&self, url: &str, key: &str) -> Reconciler {
        let url = ApiUrl::parse(&format!("{url}/v1")).unwrap();
        let key = SecretKey::parse(key).unwrap();
        let reader = Reader {
            ledger: self.ledger.clone(),
            pool: self.pool.clone(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            client: Client::new(url, key, Clock::system(), LIMITS).unwrap(),
            mode: Mode::Test,
            window_ms: WINDOW_MS,
            points: Points::default(),
        };
        Reconciler { reader, pace: PACE }
    }

    /// One whole run.
    async fn compares(&self, url: &str, options: Options) -> Run {
        let reconciler = self.reconciler(url);
        let begun = reconciler.begin(options, "a test").await.unwrap();
        let watching = watching(&begun.run);
        reconciler.work(begun, watching).await.unwrap()
    }

    async fn found(&self, run: &Run) -> Vec<Difference> {
        let mut connection = self.pool.acquire().await.unwrap();
        differences_of(&mut connection, &run.id, "", 1_000).await.unwrap()
    }

    async fn position(&self) -> i64 {
        self.one("SELECT position FROM head").await
    }
}

/// Nobody stops it.
fn watching(run: &Run) -> Watching {
    Watching { stopped: watch::channel(false).1, moved: watch::channel(run.clone()).0 }
}
