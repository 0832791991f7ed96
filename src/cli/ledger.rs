//! The ledger opened by a command that records something itself, beside a running service.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;
use tokio::task::JoinHandle;

use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::Target;
use tokenledger::ledger::Authority;
use tokenledger::ledger::BodyReader;
use tokenledger::ledger::Claimed;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Refused;
use tokenledger::ledger::ReprocessError;
use tokenledger::ledger::Reprocessing;
use tokenledger::ledger::Settings as LedgerSettings;
use tokenledger::ledger::Submission;
use tokenledger::ledger::import::Line;
use tokenledger::ledger::import::Run;
use tokenledger::readings::Points;
use tokenledger::readings::Reader;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::TokenId;
use tokenledger::token::Claim;
use tokenledger::vault;
use tokenledger::vault::Vault;

use crate::cli::database::options;
use crate::cli::exit::Exit;
use crate::cli::settings::Settings;

/// A writer of its own: several processes may write one ledger.
pub(crate) struct Opened {
    pub vault: Arc<Vault>,
    mode: Mode,
    clock: Clock,
    ledger: Ledger,
    writer: JoinHandle<()>,
}

impl Opened {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Exit> {
        let target = target(settings)?;
        let options = options(settings).await?;
        let mut connection = PgConnection::connect_with(&options).await?;
        database::check_schema(&mut connection, &target).await.map_err(anyhow::Error::from)?;
        let ledger = target.ledger.as_str();
        let vault = vault::store::open(&mut connection, ledger, settings.master_key()?).await?;
        connection.close().await?;
        let vault = Arc::new(vault);
        let clock = Clock::system();
        let settings = LedgerSettings::new(options, Arc::clone(&vault), clock.clone());
        let (ledger, writer) = Ledger::start(settings);
        Ok(Self { vault, mode: target.mode, clock, ledger, writer })
    }

    /// Asks Smartpay, and records what it answers. Must be dropped before this is closed.
    pub(crate) fn reader(&self, pool: PgPool, settings: &Settings) -> Result<Reader, Exit> {
        let window_ms = i64::try_from(settings.webhook_window.as_millis());
        Ok(Reader {
            ledger: self.ledger.clone(),
            pool,
            vault: Arc::clone(&self.vault),
            clock: self.clock.clone(),
            client: settings.smartpay(&self.clock)?,
            mode: self.mode,
            window_ms: window_ms.context("the webhook window")?,
            points: Points::default(),
        })
    }

    /// Records lines of a file in their order.
    pub(crate) async fn import(
        &self,
        lines: Vec<Line>,
        run: &Run,
    ) -> Vec<Result<Receipt, Refused>> {
        let now = self.clock.now();
        let claims = lines.into_iter().map(|line| Claimed::imported(&self.vault, line, run, now));
        self.ledger.submit_all(claims.map(Submission::Claim).collect()).await
    }

    pub(crate) async fn close(self) -> Result<(), Exit> {
        drop(self.ledger);
        Ok(self.writer.await.context("the writer panicked")?)
    }

    /// Records one claim, and is done.
    pub(crate) async fn claim(
        self,
        id: TokenId,
        claim: Claim,
        authority: Authority,
    ) -> Result<Receipt, Exit> {
        let claimed = Claimed::new(&self.vault, id, claim, authority, self.clock.now());
        let receipt = self.ledger.submit(Submission::Claim(claimed)).await;
        drop(self.ledger);
        self.writer.await.context("the writer panicked")?;
        receipt.map_err(|refused| Exit::Unreachable(refused.into()))
    }
}

impl Opened {
    /// Decides one delivery anew, and is done.
    pub(crate) async fn reprocess(
        self,
        connection: &mut PgConnection,
        window: Duration,
        number: i64,
    ) -> Result<Receipt, Exit> {
        let window_ms = i64::try_from(window.as_millis()).context("the webhook window")?;
        let reader = BodyReader { vault: &self.vault, mode: self.mode, window_ms };
        let actor = "cli".to_owned();
        let reprocessing = Reprocessing::of(connection, &reader, number, actor).await;
        let reprocessing = reprocessing.map_err(|error| match error {
            ReprocessError::Database(error) => Exit::from(error),
            ReprocessError::Unknown => Exit::NotFound(error.into()),
            ReprocessError::BodyDestroyed | ReprocessError::Sealed(_) => {
                Exit::Failure(error.into())
            }
        })?;
        let receipt = self.ledger.submit(Submission::Reprocess(reprocessing)).await;
        drop(self.ledger);
        self.writer.await.context("the writer panicked")?;
        receipt.map_err(|refused| Exit::Unreachable(refused.into()))
    }
}

/// Which ledger the settings name.
pub(crate) fn target(settings: &Settings) -> Result<Target, Exit> {
    Ok(Target { ledger: settings.ledger.clone(), mode: settings.mode()?, demo_until: None })
}
