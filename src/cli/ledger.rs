//! The ledger opened by a command that records something itself, beside a running service.

use std::sync::Arc;

use anyhow::Context;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;

use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::Target;
use tokenledger::ledger::Authority;
use tokenledger::ledger::Claimed;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Settings as LedgerSettings;
use tokenledger::ledger::Submission;
use tokenledger::smartpay::TokenId;
use tokenledger::token::Claim;
use tokenledger::vault;
use tokenledger::vault::Vault;

use crate::cli::exit::Exit;
use crate::cli::settings::Settings;

/// A writer of its own: several processes may write one ledger.
pub(crate) struct Opened {
    pub vault: Arc<Vault>,
    clock: Clock,
    ledger: Ledger,
    writer: JoinHandle<()>,
}

impl Opened {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Exit> {
        let target = target(settings)?;
        let options = settings.database_options()?;
        let mut connection = PgConnection::connect_with(&options).await?;
        database::check_schema(&mut connection, &target).await.map_err(anyhow::Error::from)?;
        let ledger = target.ledger.as_str();
        let vault = vault::store::open(&mut connection, ledger, settings.master_key()?).await?;
        connection.close().await?;
        let vault = Arc::new(vault);
        let clock = Clock::system();
        let settings = LedgerSettings::new(options, Arc::clone(&vault), clock.clone());
        let (ledger, writer) = Ledger::start(settings);
        Ok(Self { vault, clock, ledger, writer })
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

/// Which ledger the settings name.
pub(crate) fn target(settings: &Settings) -> Result<Target, Exit> {
    Ok(Target { ledger: settings.ledger.clone(), mode: settings.mode()?, demo_until: None })
}
