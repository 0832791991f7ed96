//! A ledger and a pretend Smartpay on one private PostgreSQL, with as many tokens as are wanted.

use std::sync::Arc;

use anyhow::Context;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::ledger::Authority;
use tokenledger::ledger::Claimed;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Settings;
use tokenledger::ledger::Submission;
use tokenledger::readings::Points;
use tokenledger::readings::Reader;
use tokenledger::reconcile::Pace;
use tokenledger::reconcile::Reconciler;
use tokenledger::sandbox::Sandbox;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::ProviderTime;
use tokenledger::vault;
use tokio::net::TcpListener;

use crate::shared::LEDGER;
use crate::shared::directory;
use crate::shared::ledger;
use crate::shared::report;
use crate::shared::server::Server;

const DATABASE: &str = "reconcile";
const KEY: &str = "sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c";
const WINDOW_MS: i64 = 300_000;
/// Claims that are recorded at once.
const GROUP: usize = 500;

pub(crate) struct Account {
    pub(crate) server: Server,
    pub(crate) reconciler: Reconciler,
}

impl Account {
    pub(crate) async fn open(tokens: u64, pending: u64) -> anyhow::Result<Self> {
        let mut server = Server::start(&directory("reconcile")).await?;
        server.create(DATABASE, None).await?;
        let master_key = ledger::make(&server, DATABASE).await?;
        let service = ledger::options(&server, DATABASE, SERVICE)?;
        let mut connection = PgConnection::connect_with(&service).await?;
        let vault = vault::store::open(&mut connection, LEDGER, &master_key).await?;
        connection.close().await?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let owner = ledger::options(&server, DATABASE, OWNER)?;
        let sandbox = Sandbox::open(owner, &url, Clock::system()).await?;
        tokio::spawn(async move { sandbox.serve(listener, std::future::pending()).await });
        let (vault, clock) = (Arc::new(vault), Clock::system());
        let settings = Settings::new(service.clone(), Arc::clone(&vault), clock.clone());
        let (ledger, _writer) = Ledger::start(settings);
        let api = ApiUrl::parse(&format!("{url}/v1"))?;
        let key = SecretKey::parse(KEY)?;
        let reader = Reader {
            ledger,
            pool: database::pool(service),
            vault,
            clock: clock.clone(),
            client: Client::new(api, key, clock, Limits::STANDARD)?,
            mode: Mode::Test,
            window_ms: WINDOW_MS,
            points: Points::default(),
        };
        let account = Self { server, reconciler: Reconciler { reader, pace: Pace::STANDARD } };
        report::progress("making tokens");
        account.fill(tokens, pending).await?;
        Ok(account)
    }

    /// Behind the ledger's back.
    pub(crate) async fn changes_one_in(&self, parts: u64) -> anyhow::Result<()> {
        let statement = format!(
            "UPDATE sandbox.tokens SET status = 'disabled', updated_at_ms = updated_at_ms + 1000
            WHERE status = 'active' AND number % {parts} = 0"
        );
        self.execute(&statement).await
    }

    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        self.reconciler.reader.pool.close().await;
        self.server.remove(DATABASE).await?;
        self.server.stop().await
    }

    /// Active ones, which the list shows, and pending ones, which the ledger knows from a claim.
    async fn fill(&self, tokens: u64, pending: u64) -> anyhow::Result<()> {
        let insert = |first: u64, count: u64, status: &str| {
            format!(
                "INSERT INTO sandbox.tokens (id, status, metadata, created_at_ms, updated_at_ms)
                SELECT 'paytok_test_' || lpad(n::text, 22, '0'), '{status}', '{{}}', t, t
                FROM generate_series({first}, {}) n,
                    LATERAL (SELECT 1700000000000 + n * 1000 AS t) times",
                first + count - 1
            )
        };
        self.execute(&insert(1, tokens, "active")).await?;
        if pending == 0 {
            return Ok(());
        }
        self.execute(&insert(tokens + 1, pending, "requires_authorization")).await?;
        let numbers: Vec<u64> = (tokens + 1..=tokens + pending).collect();
        for group in numbers.chunks(GROUP) {
            let claims = group.iter().map(|number| self.claim(*number));
            let claims = claims.collect::<anyhow::Result<Vec<Submission>>>()?;
            for result in self.reconciler.reader.ledger.submit_all(claims).await {
                result.context("recording a claim")?;
            }
        }
        Ok(())
    }

    fn claim(&self, number: u64) -> anyhow::Result<Submission> {
        let reader = &self.reconciler.reader;
        let id = TokenId::parse(&format!("paytok_test_{number:022}"))?;
        let created = 1_700_000_000_000 + i64::try_from(number)? * 1_000;
        let claim = Claim {
            token_created_at: ProviderTime::from_millis(created),
            session: None,
            consumer: None,
            reference: None,
            origin: ClaimOrigin::Import,
        };
        let authority = Authority { actor: "bench".to_owned(), reason: "it waits".to_owned() };
        let claimed = Claimed::new(&reader.vault, id, claim, authority, reader.clock.now());
        Ok(Submission::Claim(claimed))
    }

    async fn execute(&self, statement: &str) -> anyhow::Result<()> {
        let mut connection: PgConnection = self.server.connect(DATABASE).await?;
        connection.execute(statement).await.context("making tokens")?;
        Ok(connection.close().await?)
    }
}
