//! The world's ledger behind a real port, and a client for it.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use tokenledger::api;
use tokenledger::api::ApiKey;
use tokenledger::api::Service;
use tokenledger::api::Setup;
use tokenledger::api::install_metrics;
use tokenledger::database::SERVICE;
use tokenledger::database::Target;
use tokenledger::http::serve;
use tokenledger::readings::Points;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::signature::sign;
use tokenledger::traces::Traces;
use tokenledger::webhooks::Endpoints;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::bodies::WINDOW_MS;
use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::LEDGER;
use crate::world::World;

/// The secret of `dev`: the vendor's published one, so that its vectors meet a right MAC.
pub(crate) const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
/// Still valid at `dev`: a rotation is under way.
pub(crate) const PREVIOUS: &str = "MgUfJaMacS7r5JxGxdqFiZ1hpGY9a5lZcVQZDo6s";
/// Was valid once; the service does not know it any more.
pub(crate) const REVOKED: &str = "Zq7bWm3kTn9xRd5vLf8hYc2pJs6gXa4wKe0uHi1o";
/// Another ledger's.
pub(crate) const LIVE: &str = "kP4vTq8zLx2nWm6cRb0yJd7hSf3gUa9eXi5oZs1w";
/// The secret of the endpoint `second`.
pub(crate) const SECOND: &str = "Vn6yGt2kQz8mXb4cLw0pRj9dHs5fUe3aTi7oKq1v";
pub(crate) const SUBSCRIPTION: &str = "webhookendpoint_test_dev";
pub(crate) const API_KEY: &str = "tl_test_5f0c1d9e7a3b486295ce8d17f4a06b3c2e9d";
pub(crate) const DEV: &str = "/webhooks/smartpay/dev";

/// A service on a port of its own.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// What may differ between the services of a world.
pub(crate) struct Serving {
    pub(crate) endpoints: Endpoints,
    pub(crate) database: PgConnectOptions,
    /// How long after its stop the service is not ready but still takes requests.
    pub(crate) grace: Duration,
    pub(crate) traces: Traces,
    /// What calls Smartpay, where a test needs it.
    pub(crate) smartpay: Option<Client>,
    pub(crate) webhook_silence: Option<Duration>,
    /// Where commands to Smartpay die.
    pub(crate) points: Points,
    /// Shoppers of this machine come back over plain HTTP.
    pub(crate) local: bool,
    pub(crate) return_hosts: Vec<String>,
}

impl World {
    pub(crate) async fn serves(&self) -> Served {
        self.serves_with(self.serving()).await
    }

    /// Endpoints `dev` (two live secrets, a subscription id) and `second`.
    pub(crate) fn serving(&self) -> Serving {
        let mut endpoints = Endpoints::default();
        for text in [SECRET, PREVIOUS] {
            endpoints.add("dev", secret(text), Some(SUBSCRIPTION.to_owned()));
        }
        endpoints.add("second", secret(SECOND), None);
        Serving {
            endpoints,
            database: self.options(SERVICE),
            grace: Duration::ZERO,
            traces: Traces::default(),
            smartpay: None,
            webhook_silence: None,
            points: Points::default(),
            local: false,
            return_hosts: Vec::new(),
        }
    }

    pub(crate) async fn serves_with(&self, serving: Serving) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let Serving {
            endpoints,
            database,
            grace,
            traces,
            smartpay,
            webhook_silence,
            points,
            local,
            return_hosts,
        } = serving;
        let public_url =
            if local { format!("http://{address}") } else { "https://ledger.example".to_owned() };
        let setup = Setup {
            target: Target { ledger: LEDGER.parse().unwrap(), mode: Mode::Test, demo_until: None },
            database: database.into(),
            master_key: &self.master_key,
            endpoints,
            webhook_silence,
            window_ms: WINDOW_MS,
            api_key: ApiKey::parse(API_KEY, Mode::Test).unwrap(),
            clock: self.clock.clone(),
            metrics: metrics(),
            traces,
            smartpay,
            public_url: Some(public_url),
            return_hosts,
            points,
            reconcile_every: None,
        };
        let service = Service::open(setup).await.unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(async move {
            service.serve(listener, grace, async { drop(stopped.await) }).await;
        });
        Served { address, stop, serving }
    }

    /// A delivery as Smartpay sends it now to `dev`.
    pub(crate) fn signed(&self, body: &Value) -> Request {
        self.signed_by(SECRET, DEV, body)
    }

    pub(crate) fn signed_by(&self, key: &str, path: &str, body: &Value) -> Request {
        let timestamp = self.clock.now().timestamp_millis().to_string();
        let bytes = body.to_string().into_bytes();
        let signature = sign(&secret(key), &timestamp, &bytes);
        let event_id = body.get("id").and_then(Value::as_str).unwrap();
        Request::new("POST", path)
            .with("Content-Type", "application/json")
            .with("Smartpay-Signature", &signature)
            .with("Smartpay-Signature-Timestamp", &timestamp)
            .with("Smartpay-Subscription-Id", SUBSCRIPTION)
            .with("Smartpay-Event-Id", event_id)
            .body(bytes)
    }
}

impl Served {
    pub(crate) async fn connects(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// On a connection of its own.
    pub(crate) async fn sends(&self, request: &Request) -> Answer {
        self.sends_bytes(&request.clone().set("Connection", "close").bytes(), request.is_head())
            .await
    }

    pub(crate) async fn sends_bytes(&self, bytes: &[u8], to_head: bool) -> Answer {
        let mut wire = self.connects().await;
        wire.send(bytes).await;
        wire.answer(to_head).await
    }

    pub(crate) async fn gets(&self, path: &str) -> Answer {
        self.sends(&get(path)).await
    }

    /// A 200 that says as of which position it holds.
    pub(crate) async fn reads(&self, path: &str) -> Value {
        let answer = self.gets(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(answer.header("ledger-position").is_some(), "{path}: {answer:?}");
        answer.json()
    }

    /// Asks the service to stop; what it returns resolves when it has.
    pub(crate) fn stops(self) -> JoinHandle<()> {
        self.stop.send(()).unwrap();
        self.serving
    }
}

/// A request with the key.
pub(crate) fn get(path: &str) -> Request {
    Request::new("GET", path).with("Authorization", &format!("Bearer {API_KEY}"))
}

/// The same for what changes something, under a key that was never used.
pub(crate) fn write(method: &str, path: &str) -> Request {
    let request = Request { method: method.to_owned(), ..get(path) };
    request.with("Idempotency-Key", &fresh_key())
}

/// An `Idempotency-Key`.
pub(crate) fn fresh_key() -> String {
    format!("of-a-test-{:016x}", rand::random::<u64>())
}

fn secret(text: &str) -> SigningSecret {
    SigningSecret::parse(text).unwrap()
}

/// Routes of a test's own, served as those of the service are.
pub(crate) async fn serves_routes(routes: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, api::wrapped(routes), std::future::pending()));
    address
}

/// One recorder per process.
fn metrics() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| install_metrics().unwrap()).clone()
}
