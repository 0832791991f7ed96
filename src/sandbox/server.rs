//! The pretend Smartpay as a whole: opened on its database, served on a listener.

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::http::serve;
use crate::sandbox::ahead;
use crate::sandbox::deliveries;
use crate::sandbox::endpoints;
use crate::sandbox::endpoints::Endpoint;
use crate::sandbox::idempotency;
use crate::sandbox::outbox::Outbox;
use crate::sandbox::schema;
use crate::sandbox::schema::OpenError;
use crate::sandbox::token::millis;
use crate::sandbox::wire;

const CONNECTIONS_MAX: u32 = 12;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// A pretend Smartpay. Clones share everything.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) pool: PgPool,
    pub(crate) clock: Clock,
    /// Where it is reached: hosted pages are there too.
    pub(crate) url: Arc<str>,
    pub(crate) outbox: Outbox,
    /// Whether a control may move the clock.
    pub(crate) movable: bool,
    closing: Arc<watch::Sender<bool>>,
}

/// A webhook endpoint whose id and secret are known before it is registered.
pub struct Registration<'a> {
    pub id: &'a str,
    pub url: &'a str,
    pub signing_secret: &'a str,
}

impl Sandbox {
    /// Makes its tables in the schema `sandbox` of this database, which its role must be able to do.
    pub async fn open(
        database: PgConnectOptions,
        url: &str,
        clock: Clock,
    ) -> Result<Sandbox, OpenError> {
        let database = database.application_name("tokenledger sandbox");
        schema::migrate(&database).await?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy_with(database);
        let now = millis(clock.now());
        let mut connection = pool.acquire().await?;
        idempotency::sweep(&mut connection, now).await?;
        deliveries::sweep(&mut connection, now).await?;
        drop(connection);
        let outbox = Outbox::new(pool.clone(), clock.clone());
        let (closing, _) = watch::channel(false);
        let closing = Arc::new(closing);
        Ok(Sandbox { pool, clock, url: url.into(), outbox, movable: false, closing })
    }

    /// Forgets everything a sandbox kept in this database. None may be open on it.
    pub async fn discard(database: &PgConnectOptions) -> Result<(), sqlx::Error> {
        schema::discard(database).await
    }

    /// Lets a control move the clock, and goes on where it was moved to. Only where nobody else
    /// follows the system's.
    pub async fn with_movable_clock(mut self) -> Result<Sandbox, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        self.clock.run_ahead(ahead::hold(&mut tx).await?);
        tx.commit().await?;
        self.movable = true;
        Ok(self)
    }

    /// Has webhooks of every type sent to an endpoint, new or known.
    pub async fn register(&self, registration: &Registration<'_>) -> Result<(), sqlx::Error> {
        let now = millis(self.clock.now());
        let mut connection = self.pool.acquire().await?;
        let endpoint = Endpoint {
            id: registration.id.to_owned(),
            active: true,
            url: registration.url.to_owned(),
            description: None,
            subscriptions: Vec::new(),
            metadata: serde_json::Map::new(),
            signing_secret: registration.signing_secret.to_owned(),
            created_at: now,
            updated_at: now,
        };
        endpoints::put(&mut connection, &endpoint).await
    }

    /// Serves and sends until `shutdown` resolves.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let sending = tokio::spawn(self.outbox.clone().run(self.closing.subscribe()));
        let stop = async {
            shutdown.await;
            self.closing.send_replace(true);
        };
        serve(listener, wire::router(self), stop).await;
        if let Err(error) = sending.await {
            tracing::error!(%error, "the sandbox's outbox ended by itself");
        }
    }

    /// Ends the connections to the database.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// Looks for what has become due: for those who have moved the clock.
    pub fn wake(&self) {
        self.outbox.wake();
    }

    /// Resolves when no webhook is due any more by the clock and none is under way. Those that wait
    /// for a later time stay. Only while it is served.
    pub async fn drained(&self) {
        self.outbox.drained().await;
    }

    /// Waits, but not longer than it is served.
    pub(crate) async fn hold(&self, time: Duration) {
        let mut closing = self.closing.subscribe();
        drop(timeout(time, closing.wait_for(|closing| *closing)).await);
    }
}
