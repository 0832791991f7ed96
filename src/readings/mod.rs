//! Asking Smartpay how one token is, and telling the door what was answered.
//!
//! Whoever asks notes first where the ledger stands, so that the door can tell a fresh answer from a
//! late one. Every answer is kept, also those that settle nothing.

mod ask;
mod due;
mod kept;
mod now;
mod points;
mod proof;

pub use ask::Question;
pub use ask::Read;
pub use ask::ReadError;
pub use ask::Truth;
pub use due::Round;
pub use due::Serving;
pub use due::serve;
pub use due::serve_round;
pub use kept::Kept;
pub use points::Point;
pub use points::Points;
pub use proof::Proof;

use std::sync::Arc;

use sqlx::postgres::PgPool;

use crate::clock::Clock;
use crate::ledger::Identified;
use crate::ledger::Ledger;
use crate::smartpay::Expected;
use crate::smartpay::Mode;
use crate::smartpay::client::Client;
use crate::token::ProviderTime;
use crate::vault;
use crate::vault::Ref;
use crate::vault::Vault;

/// Asks, and tells the door. Clones share everything.
#[derive(Clone)]
pub struct Reader {
    pub ledger: Ledger,
    pub pool: PgPool,
    pub vault: Arc<Vault>,
    pub clock: Clock,
    pub client: Client,
    pub mode: Mode,
    /// How far Smartpay's clock may be ahead of ours.
    pub window_ms: i64,
    pub points: Points,
}

impl Reader {
    /// The token behind a ref. None if the vault does not hold its id.
    pub async fn identify(&self, reference: &Ref) -> anyhow::Result<Option<Identified>> {
        let mut connection = self.pool.acquire().await?;
        let id = vault::store::token_id(&mut connection, &self.vault, reference).await?;
        Ok(id.map(|id| Identified { id, reference: reference.clone() }))
    }

    /// What an answer that came now must fit.
    pub fn expected(&self) -> Expected {
        Expected {
            mode: self.mode,
            received_at: ProviderTime::from_millis(self.clock.now().timestamp_millis()),
            window_ms: self.window_ms,
        }
    }
}
