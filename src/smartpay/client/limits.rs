//! How long, and how often.

use std::time::Duration;

/// What the caller of a command waits at most; then the outcome is unknown, and gets resolved later.
pub const COMMAND_DEADLINE: Duration = Duration::from_secs(10);
/// No call takes longer, whatever its caller allows.
pub(crate) const DEADLINE_MAX: Duration = Duration::from_mins(2);
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The pace of the tries. The total is the caller's to give.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub tries_max: u32,
    /// From the connection to the last byte of the answer.
    pub try_timeout: Duration,
    /// The longest first pause; doubled after every try.
    pub backoff_first: Duration,
    pub backoff_max: Duration,
}

impl Limits {
    /// Fits into the deadline of a command: a try that hangs leaves time for another.
    pub const STANDARD: Limits = Limits {
        tries_max: 4,
        try_timeout: Duration::from_secs(5),
        backoff_first: Duration::from_millis(250),
        backoff_max: Duration::from_secs(4),
    };

    /// Between half and the whole of what has doubled with every try, at random: callers that failed
    /// together do not come back together.
    pub(crate) fn pause(&self, tries: u32) -> Duration {
        let doubled = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let longest = self.backoff_first.saturating_mul(doubled).min(self.backoff_max);
        rand::random_range(longest / 2..=longest)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::smartpay::client::limits::Limits;

    #[test]
    fn pauses_double_up_to_their_limit() {
        let limits = Limits::STANDARD;
        for (tries, longest_ms) in
            [(1, 250), (2, 500), (3, 1_000), (5, 4_000), (9, 4_000), (99, 4_000)]
        {
            let longest = Duration::from_millis(longest_ms);
            let pause = limits.pause(tries);
            assert!(pause >= longest / 2 && pause <= longest, "{tries}: {pause:?}");
        }
        let none = Limits { backoff_first: Duration::ZERO, ..limits };
        assert_eq!(none.pause(3), Duration::ZERO);
    }
}
