//! When the last verified delivery came, and for how long none did.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

const NONE: i64 = i64::MIN;

/// When the last verified delivery came, to any process: what this one took is known at once, of
/// the others what the record says. Only goes forward, and needs no database to be asked. Clones
/// share it.
#[derive(Clone, Debug)]
pub struct Pulse {
    last_us: Arc<AtomicI64>,
}

/// Tells one silence from the next, so that each is told once.
#[derive(Debug)]
pub(crate) struct Silence {
    /// None: it is never told.
    limit: Option<TimeDelta>,
    /// Since when deliveries could have come.
    since: DateTime<Utc>,
    is_on: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It has lasted for so long now.
    Began(TimeDelta),
    Ended,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { last_us: Arc::new(AtomicI64::new(NONE)) }
    }
}

impl Pulse {
    /// A verified delivery came.
    pub fn beat(&self, at: DateTime<Utc>) {
        self.last_us.fetch_max(at.timestamp_micros(), Ordering::SeqCst);
    }

    /// None before the first.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        let last_us = self.last_us.load(Ordering::SeqCst);
        (last_us != NONE).then(|| DateTime::from_timestamp_micros(last_us)).flatten()
    }
}

impl Silence {
    pub(crate) fn new(limit: Option<TimeDelta>, since: DateTime<Utc>) -> Self {
        Self { limit, since, is_on: false }
    }

    /// `expected`: some endpoint has a live secret.
    pub(crate) fn look(
        &mut self,
        last: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
        expected: bool,
    ) -> Option<Change> {
        let lasts = now - last.unwrap_or(self.since);
        let is_on = expected && self.limit.is_some_and(|limit| lasts > limit);
        let was_on = std::mem::replace(&mut self.is_on, is_on);
        match (was_on, is_on) {
            (false, true) => Some(Change::Began(lasts)),
            (true, false) => Some(Change::Ended),
            (false, false) | (true, true) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono::TimeDelta;
    use chrono::Utc;

    use crate::webhooks::pulse::Change;
    use crate::webhooks::pulse::Pulse;
    use crate::webhooks::pulse::Silence;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a small number")
    }

    #[test]
    fn a_pulse_only_goes_forward() {
        let pulse = Pulse::default();
        assert_eq!(pulse.last(), None);
        for (beat, last) in [(7, 7), (3, 7), (9, 9)] {
            pulse.clone().beat(at(beat));
            assert_eq!(pulse.last(), Some(at(last)));
        }
    }

    #[test]
    fn each_silence_is_told_once_and_its_end_too() {
        let mut silence = Silence::new(Some(TimeDelta::seconds(10)), at(100));
        assert_eq!(silence.look(None, at(110), true), None, "not longer than the limit");
        let lasts = TimeDelta::seconds(11);
        assert_eq!(silence.look(None, at(111), true), Some(Change::Began(lasts)));
        assert_eq!(silence.look(None, at(120), true), None);
        assert_eq!(silence.look(Some(at(119)), at(120), true), Some(Change::Ended));
        assert_eq!(silence.look(Some(at(119)), at(120), true), None);
        assert_eq!(silence.look(Some(at(119)), at(130), true), Some(Change::Began(lasts)));
    }

    #[test]
    fn nothing_is_silent_without_a_limit_or_without_an_endpoint() {
        assert_eq!(Silence::new(None, at(0)).look(None, at(1_000_000), true), None);
        let mut silence = Silence::new(Some(TimeDelta::seconds(10)), at(0));
        assert_eq!(silence.look(None, at(1_000), false), None);
    }
}
