//! The keys of a running service: all live ones, read again when they are older than a limit.
//!
//! Because all are read at once, no flood of made-up keys costs more than a query now and then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sqlx::postgres::PgPool;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout;

use crate::access::AccessKey;
use crate::access::Scopes;
use crate::access::store;
use crate::access::store::LiveKey;
use crate::database::BEGIN_ASIDE;

/// A revoked key is refused everywhere within this time.
pub const REVOKED_WITHIN: Duration = Duration::from_secs(5);
/// Keys older than this are read again before one is accepted. The rest of the time above is for
/// the query, and for the request in which it was accepted last.
const AGE_MAX: Duration = Duration::from_secs(2);
/// An unknown id may be a key that was just made, so it is looked for once more, but not oftener.
const READ_PAUSE: Duration = Duration::from_millis(100);
/// How long a request waits for its turn and the read.
const READ_DEADLINE: Duration = Duration::from_secs(3);
/// How often the last use of one key is written.
const USE_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Clones share the keys.
#[derive(Clone)]
pub struct Keyring {
    pool: PgPool,
    newest: Arc<Mutex<Arc<Keys>>>,
    /// Held by the one who reads.
    reading: Arc<tokio::sync::Mutex<()>>,
    uses: Arc<Mutex<HashMap<String, Use>>>,
}

/// What the table held when the read began.
#[derive(Default)]
struct Keys {
    begun: Option<Instant>,
    keys: HashMap<String, KnownKey>,
}

struct KnownKey {
    digest: [u8; 32],
    scopes: Scopes,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy)]
struct Use {
    at: DateTime<Utc>,
    written: Option<DateTime<Utc>>,
}

impl Keyring {
    pub fn new(pool: PgPool) -> Self {
        Self { pool, newest: Arc::default(), reading: Arc::default(), uses: Arc::default() }
    }

    /// The scopes of a key that is live now; none for any other.
    pub async fn admit(
        &self,
        key: &AccessKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Scopes>, sqlx::Error> {
        let asked = Instant::now();
        let mut keys = self.newest();
        let fresh = keys.begun.is_some_and(|begun| begun + AGE_MAX > asked);
        if !fresh || !keys.keys.contains_key(&key.id) {
            let reading = timeout(READ_DEADLINE, self.read_since(asked, now)).await;
            keys = reading.map_err(|_| sqlx::Error::PoolTimedOut)??;
        }
        let known = keys.keys.get(&key.id).filter(|known| key.is(&known.digest));
        let live = known.filter(|known| known.expires_at.is_none_or(|expires_at| expires_at > now));
        Ok(live.map(|known| {
            self.used(&key.id, now);
            known.scopes.clone()
        }))
    }

    /// Writes when keys were last used, each at most once a minute.
    pub async fn flush(&self) -> Result<(), sqlx::Error> {
        let due: Vec<(String, DateTime<Utc>)> = {
            let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            let due = uses.iter().filter(|(_, one)| one.is_due());
            due.map(|(id, one)| (id.clone(), one.at)).collect()
        };
        if due.is_empty() {
            return Ok(());
        }
        let mut tx = self.pool.begin_with(BEGIN_ASIDE).await?;
        store::touch(&mut tx, &due).await?;
        tx.commit().await?;
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, at) in due {
            if let Some(one) = uses.get_mut(&id) {
                one.written = Some(at);
            }
        }
        Ok(())
    }

    fn newest(&self) -> Arc<Keys> {
        Arc::clone(&self.newest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keys whose read began at this instant or later. One reads, the others wait for it.
    async fn read_since(
        &self,
        asked: Instant,
        now: DateTime<Utc>,
    ) -> Result<Arc<Keys>, sqlx::Error> {
        let _turn = self.reading.lock().await;
        let newest = self.newest();
        if newest.begun.is_some_and(|begun| begun >= asked) {
            return Ok(newest);
        }
        if let Some(begun) = newest.begun {
            sleep_until(begun + READ_PAUSE).await;
        }
        let begun = Some(Instant::now());
        let live = store::live(&mut *self.pool.acquire().await?, now).await?;
        let keys = Arc::new(Keys { begun, keys: live.into_iter().filter_map(known).collect() });
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Arc::clone(&keys);
        Ok(keys)
    }

    /// Only keys of the ring get here, so that it holds no more than those.
    fn used(&self, id: &str, now: DateTime<Utc>) {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(id) {
            Some(one) => one.at = one.at.max(now),
            None => drop(uses.insert(id.to_owned(), Use { at: now, written: None })),
        }
    }
}

impl Use {
    fn is_due(self) -> bool {
        self.written.is_none_or(|written| self.at - written >= USE_PAUSE)
    }
}

/// A scope that this version does not know gives no right.
fn known(key: LiveKey) -> Option<(String, KnownKey)> {
    let digest = key.digest.try_into().ok()?;
    let scopes = key.scopes.iter().filter_map(|word| word.parse().ok()).collect();
    Some((key.id, KnownKey { digest, scopes, expires_at: key.expires_at }))
}
