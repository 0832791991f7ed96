//! Provider time: the clock on which Smartpay dates what it says.

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use serde::Serialize;

/// Milliseconds since the epoch. Plausibility is checked where Smartpay's words are parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderTime(i64);

impl ProviderTime {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Total: a time that no calendar holds becomes the nearest that one does.
    pub fn to_datetime(self) -> DateTime<Utc> {
        let nearest = if self.0 < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp_millis(self.0).unwrap_or(nearest)
    }
}

#[cfg(test)]
mod tests {
    use crate::token::time::ProviderTime;

    #[test]
    fn a_time_becomes_the_same_instant_of_the_calendar() {
        let time = ProviderTime::from_millis(1_700_000_000_123);
        assert_eq!(time.to_datetime().timestamp_millis(), time.millis());
    }

    #[test]
    fn times_beyond_every_calendar_do_not_panic() {
        assert!(ProviderTime::from_millis(i64::MAX).to_datetime().timestamp_millis() > 0);
        assert!(ProviderTime::from_millis(i64::MIN).to_datetime().timestamp_millis() < 0);
    }
}
