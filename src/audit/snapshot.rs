//! One consistent snapshot of the ledger, and the checks on it.

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::Report;
use crate::audit::acts;
use crate::audit::arrivals;
use crate::audit::evidence;
use crate::audit::grants;
use crate::audit::inputs;
use crate::audit::leaves;
use crate::audit::positions;
use crate::audit::projections;
use crate::audit::sequences;
use crate::audit::signatures;
use crate::audit::stock;
use crate::audit::times;
use crate::audit::vault;
use crate::journal::Position;
use crate::vault::MasterKey;
use crate::vault::Vault;
use crate::vault::store;

/// Most statements read a step of bounded size; the stock repository reads all events by one.
const STATEMENT_TIMEOUT: &str = "1h";

/// Rows of one step; each may have a body.
const STEP: i64 = 500;

/// The ledger as of one instant. Writers are not hindered, and change nothing in it.
pub struct Snapshot {
    pub(super) connection: PgConnection,
    pub(super) options: PgConnectOptions,
    /// None while the ledger has no keys yet, or none that are left.
    pub(super) vault: Option<Vault>,
    pub(super) head: Head,
    /// It holds times that would end every check at their row.
    pub(super) unreadable: bool,
    /// Checks that go by position begin here.
    pub(super) from: Position,
    /// So many rows are read at a time.
    pub(super) step: i64,
}

/// The ledger's head in the snapshot.
#[derive(Clone, Debug)]
pub struct Head {
    pub ledger: String,
    pub mode: String,
    pub incarnation: i32,
    pub position: Position,
    pub input: i64,
    pub arrival: i64,
    pub chain: Vec<u8>,
    pub act: i64,
    pub recorded_at: DateTime<Utc>,
}

impl Snapshot {
    /// Opens the vault too when the master key is given: most checks need it.
    pub async fn open(
        options: &PgConnectOptions,
        master_key: Option<&MasterKey>,
    ) -> anyhow::Result<Self> {
        // Given last, these win over the limits of the running service.
        let options = options.clone().options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("idle_in_transaction_session_timeout", "0"),
        ]);
        let mut connection = PgConnection::connect_with(&options).await?;
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let unreadable = !times::unreadable(&mut connection).await?.is_empty();
        let head = sqlx::query_as!(
            Head,
            r#"SELECT
                ledger, mode, incarnation, position, input, arrival, chain, act,
                CASE
                    WHEN isfinite(recorded_at) THEN recorded_at
                    ELSE '1970-01-01 00:00:00+00'
                END AS "recorded_at!"
            FROM head"#
        )
        .fetch_one(&mut connection)
        .await
        .context("reading the head")?;
        let vault = match master_key {
            Some(master_key) => {
                store::open_to_read(&mut connection, &head.ledger, master_key).await?
            }
            None => None,
        };
        Ok(Self { connection, options, vault, head, unreadable, from: 1, step: STEP })
    }

    #[must_use]
    pub fn from(mut self, position: Position) -> Self {
        self.from = position;
        self
    }

    /// So many rows are read at a time, at least one: what is found does not depend on it.
    #[must_use]
    pub fn in_steps_of(mut self, rows: i64) -> Self {
        self.step = rows.max(1);
        self
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Where reading by position begins: from the very first row unless told otherwise.
    pub(super) fn before_first(&self) -> Position {
        if self.from == 1 { Position::MIN } else { self.from - 1 }
    }

    /// Runs one check.
    pub async fn check(&mut self, check: Check) -> anyhow::Result<Report> {
        if self.unreadable && !matches!(check, Check::Times | Check::Grants | Check::Vault) {
            return Ok(Report::unreadable(check));
        }
        let report = match check {
            Check::Times => times::check(self).await,
            Check::Positions => positions::check(self).await,
            Check::Sequences => sequences::check(self).await,
            Check::Leaves => leaves::check(self).await,
            Check::Arrivals => arrivals::check(self).await,
            Check::Inputs => inputs::check(self).await,
            Check::Evidence => evidence::check(self).await,
            Check::Signatures => signatures::check(self).await,
            Check::Vault => vault::check(self).await,
            Check::Projections => projections::check(self).await,
            Check::Stock => stock::check(self).await,
            Check::Grants => grants::check(self).await,
            Check::Acts => acts::check(self).await,
        };
        report.with_context(|| format!("checking {check}"))
    }

    pub async fn close(mut self) -> Result<(), sqlx::Error> {
        self.connection.execute("ROLLBACK").await?;
        self.connection.close().await
    }
}
