//! What a run is told, and the limits it keeps.

use std::time::Duration;

/// A webhook that is under way has arrived by then.
pub const SETTLE_DEFAULT: Duration = Duration::from_mins(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Report, and record nothing.
    pub dry_run: bool,
    /// Differences of tokens to which something happened within this time are left for webhooks.
    pub settle: Duration,
    /// Somebody has looked: so many absences within 24 hours are believed.
    pub accept: Option<u32>,
}

/// How a run treats Smartpay, and where it gives up.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Reads of single tokens under way together; fewer once Smartpay says 429.
    pub calls_at_once: usize,
    /// How often a call is begun that nobody answers.
    pub silences_max: u32,
    /// How often a call is begun that is answered 429.
    pub refusals_max: u32,
    /// Doubled each time, and never shorter than what Smartpay asks for.
    pub pause_first: Duration,
    pub pause_max: Duration,
    /// A list that is longer has no end.
    pub pages_max: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self { dry_run: false, settle: SETTLE_DEFAULT, accept: None }
    }
}

impl Pace {
    /// Ten million tokens.
    pub const STANDARD: Self = Self {
        calls_at_once: 8,
        silences_max: 3,
        refusals_max: 8,
        pause_first: Duration::from_secs(1),
        pause_max: Duration::from_mins(1),
        pages_max: 100_000,
    };

    /// Before the next try.
    pub(super) fn pause(&self, tries: u32, asked: Duration) -> Duration {
        let doubled = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        self.pause_first.saturating_mul(doubled).max(asked).min(self.pause_max)
    }
}
