//! The only place that reads the time.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use chrono::DateTime;
use chrono::SubsecRound;
use chrono::TimeDelta;
use chrono::Utc;

/// What time it is: the system's, or a time that was set (tests, and the making of a demo).
///
/// Clones share the setting.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Microseconds since the epoch; [`SYSTEM`] follows the system.
    set_us: Arc<AtomicI64>,
    /// How far it runs ahead of the system, which it otherwise follows.
    ahead_ms: Arc<AtomicI64>,
}

const SYSTEM: i64 = i64::MIN;

impl Clock {
    pub fn system() -> Self {
        Self { set_us: Arc::new(AtomicI64::new(SYSTEM)), ahead_ms: Arc::default() }
    }

    pub fn set_at(time: DateTime<Utc>) -> Self {
        let clock = Self::system();
        clock.set(time);
        clock
    }

    pub fn set(&self, time: DateTime<Utc>) {
        self.set_us.store(time.timestamp_micros(), Ordering::SeqCst);
    }

    /// From here on the system's time.
    pub fn release(&self) {
        self.set_us.store(SYSTEM, Ordering::SeqCst);
    }

    /// From here on so far ahead of the system, unless it already is further: never back.
    pub fn run_ahead(&self, ahead_ms: i64) {
        self.ahead_ms.fetch_max(ahead_ms, Ordering::SeqCst);
    }

    /// Now, in whole microseconds: what PostgreSQL's `timestamptz` keeps.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn now(&self) -> DateTime<Utc> {
        let set_us = self.set_us.load(Ordering::SeqCst);
        let set = (set_us != SYSTEM).then(|| DateTime::from_timestamp_micros(set_us)).flatten();
        let ahead = || TimeDelta::milliseconds(self.ahead_ms.load(Ordering::SeqCst));
        set.unwrap_or_else(|| Utc::now() + ahead()).trunc_subsecs(6)
    }
}
