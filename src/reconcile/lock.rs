//! One run at a time per ledger: an advisory lock on a connection of its own.

use sha2::Digest;
use sha2::Sha256;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;

/// Held until it is dropped or its process ends. It spares double work and is no fence: two runs
/// at once would read twice, and the door records each change once all the same.
pub(super) struct Lock(PgConnection);

impl Lock {
    /// None while another run holds it.
    pub(super) async fn take(pool: &PgPool, ledger: &str) -> Result<Option<Lock>, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
        let taken =
            sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "taken!""#, key(ledger))
                .fetch_one(&mut connection)
                .await?;
        Ok(taken.then_some(Lock(connection)))
    }

    pub(super) async fn release(self) {
        // The lock is gone with the connection, however that ends.
        drop(self.0.close().await);
    }
}

fn key(ledger: &str) -> i64 {
    let digest = Sha256::digest(format!("tokenledger/reconcile/1/{ledger}"));
    let bytes = digest.first_chunk().expect("a SHA-256 has more than eight bytes");
    i64::from_be_bytes(*bytes)
}
