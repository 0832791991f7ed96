//! Endpoints at Smartpay and their secrets: a service over real HTTP, the pretend Smartpay, and the
//! desk that works on both.

mod check;
mod commands;
mod crash;
mod hostile;
mod register;
mod rotate;
mod silence;

use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use chrono::TimeDelta;
use serde_json::Value;
use serde_json::json;
use sqlx::Row;
use sqlx::postgres::PgConnection;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::sandbox::Sandbox;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokenledger::webhooks::Desk;
use tokenledger::webhooks::Endpoints;
use tokenledger::webhooks::Error;
use tokenledger::webhooks::Finished;
use tokenledger::webhooks::Hurry;
use tokenledger::webhooks::Made;
use tokenledger::webhooks::OVERLAP;
use tokenledger::webhooks::Outcome;
use tokenledger::webhooks::Run;
use tokenledger::webhooks::Wanted;
use tokenledger::webhooks::check::Checked;
use tokenledger::webhooks::check::Expecting;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::request::Request;
use crate::wire::Wire;
use crate::world::LEDGER;
use crate::world::Served;
use crate::world::Serving;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

const DEADLINE: Duration = Duration::from_secs(30);
const KEY: &str = "sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c";

/// Without pauses, so that no test waits.
const LIMITS: Limits = Limits {
    tries_max: 2,
    try_timeout: Duration::from_secs(20),
    backoff_first: Duration::ZERO,
    backoff_max: Duration::ZERO,
};

/// A ledger that is served, and the pretend Smartpay beside it.
struct Site {
    world: World,
    served: Served,
    smartpay: SocketAddr,
    configured: Endpoints,
    /// Stops the pretend Smartpay with the site.
    _stop: oneshot::Sender<()>,
    tokens: std::cell::Cell<u64>,
}

impl Site {
    /// No secret is configured.
    async fn new() -> Site {
        Site::with(Endpoints::default()).await
    }

    async fn with(configured: Endpoints) -> Site {
        let world = World::new().await;
        let endpoints = configured.clone();
        let served = world.serves_with(Serving { endpoints, ..world.serving() }).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let smartpay = listener.local_addr().unwrap();
        let url = format!("http://{smartpay}");
        let sandbox = Sandbox::open(world.options(OWNER), &url, world.clock.clone()).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            sandbox.serve(listener, async { drop(stopped.await) }).await;
            sandbox.close().await;
        });
        Site { world, served, smartpay, configured, _stop: stop, tokens: 1.into() }
    }

    fn base_url(&self) -> String {
        format!("http://{}/webhooks/smartpay/", self.served.address)
    }

    fn wanted(&self, name: &str) -> Wanted {
        let url = format!("{}{name}", self.base_url());
        Wanted { name: name.to_owned(), url, overlap: OVERLAP }
    }

    fn client(&self) -> Client {
        self.client_at(&format!("http://{}/v1", self.smartpay), KEY, LIMITS)
    }

    fn client_at(&self, url: &str, key: &str, limits: Limits) -> Client {
        let (url, key) = (ApiUrl::parse(url).unwrap(), SecretKey::parse(key).unwrap());
        Client::new(url, key, self.world.clock.clone(), limits).unwrap()
    }

    /// As one command does: on a connection of its own.
    async fn at_desk<T>(&self, smartpay: &Client, work: impl AsyncFnOnce(&mut Desk<'_>) -> T) -> T {
        let mut connection = self.world.sql_as(SERVICE).await;
        let mut desk = Desk {
            connection: &mut connection,
            vault: &self.world.vault,
            ledger: LEDGER,
            smartpay,
            configured: &self.configured,
            clock: &self.world.clock,
            actor: "a test",
        };
        work(&mut desk).await
    }

    async fn registers_with(&self, client: &Client) -> Result<Outcome, Error> {
        let wanted = self.wanted("main");
        self.at_desk(client, async |desk| desk.register(&wanted, Run::Do).await).await
    }

    async fn registers(&self) -> Made {
        made(self.registers_with(&self.client()).await.unwrap())
    }

    async fn rotates(&self, overlap: TimeDelta) -> Result<Outcome, Error> {
        let wanted = Wanted { overlap, ..self.wanted("main") };
        self.at_desk(&self.client(), async |desk| desk.rotate(&wanted, Run::Do).await).await
    }

    async fn finishes(&self, hurry: Hurry, run: Run) -> Result<Finished, Error> {
        self.at_desk(&self.client(), async |desk| desk.finish("main", hurry, run).await).await
    }

    async fn checks(&self, silence: Option<TimeDelta>) -> Vec<Checked> {
        let base_url = self.base_url();
        let expecting = Expecting { base_url: &base_url, silence };
        self.at_desk(&self.client(), async |desk| desk.check(&expecting).await.unwrap()).await
    }

    /// What a check finds, as `subscription: code`.
    async fn finds(&self, silence: Option<TimeDelta>) -> Vec<(Option<String>, &'static str)> {
        let checked = self.checks(silence).await;
        let of = |one: Checked| {
            let id = one.subscription_id;
            one.findings.into_iter().map(move |finding| (id.clone(), finding.code))
        };
        checked.into_iter().flat_map(of).collect()
    }

    fn passes(&self, time: TimeDelta) {
        self.world.clock.set(self.world.clock.now() + time);
    }

    /// The secret that only the pretend Smartpay knows in clear.
    async fn secret(&self, id: &str) -> String {
        let query = format!("SELECT signing_secret FROM sandbox.endpoints WHERE id = '{id}'");
        self.of_smartpay(&query).await
    }

    /// The endpoints at the pretend Smartpay.
    async fn ids_there(&self) -> Vec<String> {
        let query = "SELECT coalesce(array_agg(id ORDER BY number), '{}') FROM sandbox.endpoints";
        let mut owner = self.world.sql_as(OWNER).await;
        one(&mut owner, query).await
    }

    async fn of_smartpay(&self, query: &str) -> String {
        one(&mut self.world.sql_as(OWNER).await, query).await
    }

    /// What a delivery of a new event is answered that this endpoint signs.
    async fn delivers(&self, served: &Served, id: &str) -> u16 {
        let secret = self.secret(id).await;
        self.delivers_signed(served, id, &secret).await
    }

    async fn delivers_signed(&self, served: &Served, id: &str, secret: &str) -> u16 {
        let number = self.tokens.get();
        self.tokens.set(number + 1);
        let body = approved(&token_id(number));
        let request = self.world.signed_by(secret, "/webhooks/smartpay/main", &body);
        served.sends(&request.set("Smartpay-Subscription-Id", id)).await.status
    }

    /// Until a running service has taken up what changed.
    async fn becomes(&self, served: &Served, id: &str, status: u16) {
        let secret = self.secret(id).await;
        until(async || self.delivers_signed(served, id, &secret).await == status).await;
    }

    /// To the pretend Smartpay.
    async fn asks(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::new(method, path)
            .with("Authorization", &format!("Basic {KEY}"))
            .with("Content-Type", "application/json")
            .with("Connection", "close")
            .body(body.to_string());
        let mut wire = Wire::connect(self.smartpay).await;
        wire.send(&request.bytes()).await;
        let answer = wire.answer(false).await;
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// A token, made and approved at Smartpay.
    async fn shops(&self) {
        let session = json!({
            "mode": "token", "customerInfo": {},
            "successUrl": "https://shop.example/ok", "cancelUrl": "https://shop.example/back",
        });
        let session = self.asks("POST", "/v1/checkout-sessions", &session).await;
        let id = session.get("id").and_then(Value::as_str).unwrap();
        let path = format!("/sandbox/sessions/{id}/approve");
        self.asks("POST", &path, &json!({})).await;
    }
}

fn made(outcome: Outcome) -> Made {
    match outcome {
        Outcome::Made(made) => made,
        Outcome::Already { .. } | Outcome::Would { .. } => panic!("nothing was made: {outcome:?}"),
    }
}

/// Waits for a state, not for a time.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < DEADLINE, "what was waited for does not come about");
        yield_now().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "tests ask tables in their own words")]
async fn one<T>(connection: &mut PgConnection, query: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    sqlx::query(query).fetch_one(connection).await.unwrap().get(0)
}

/// Whether a text stands anywhere in the ledger's tables, in clear or as bytes.
async fn at_rest(world: &World, text: &str) -> bool {
    let mut owner = world.sql_as("postgres").await;
    let tables: Vec<String> = one(
        &mut owner,
        "SELECT array_agg(table_name::text) FROM information_schema.tables
         WHERE table_schema = 'ledger'",
    )
    .await;
    assert!(tables.len() > 15, "{tables:?}");
    let mut found = false;
    for table in tables {
        let query = format!(
            "SELECT count(*) > 0 FROM ledger.{table} AS t
             WHERE t::text LIKE '%{text}%' OR t::text LIKE '%{}%'",
            hex::encode(text)
        );
        found |= one::<bool>(&mut owner, &query).await;
    }
    found
}
