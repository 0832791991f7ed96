//! Flags of `reconcile`.

use std::time::Duration;

use clap::Args;
use clap::Subcommand;

use tokenledger::reconcile::Options;

/// Nothing is under way for longer.
const SETTLE_DAYS_MAX: u64 = 7;

#[derive(Debug, Subcommand)]
pub(crate) enum ReconcileCommand {
    /// Read all tokens at Smartpay, and record what webhooks missed; exit code 3 when they differed
    Run(RunOptions),
    /// One run: what it found and what became of it
    Show {
        #[arg(value_name = "ID", help = "as listed: rec_…")]
        id: String,
        /// Also every token that differed
        #[arg(long)]
        diff: bool,
    },
    /// Runs, newest first
    List {
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=400))]
        limit: i64,
    },
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger reconcile run                    compare, and record what webhooks missed
  tokenledger reconcile run --dry-run          compare, and record nothing
  tokenledger reconcile run --settle 0s        also what happened within the last five minutes
  tokenledger reconcile run --accept 40        40 tokens are gone at Smartpay, and somebody looked

Exit codes: 0 they agree · 3 they differed · 7 more tokens are gone than are believed unasked ·
5 Smartpay does not take the key, or shows none of this ledger's tokens · 6 Smartpay or the database
cannot be reached · 130 interrupted. After 6 and 130 the same command goes on where it was.
")]
pub(crate) struct RunOptions {
    /// Record nothing in the ledger; the run itself is kept as a report
    #[arg(long)]
    pub dry_run: bool,
    /// Leave to their webhooks what changed within this time, such as 5m, 90s or 0s
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = settle)]
    pub settle: Duration,
    /// Believe so many tokens gone within 24 hours [default: 10, or one in a hundred]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub accept: Option<u32>,
}

impl RunOptions {
    pub(super) fn options(&self) -> Options {
        Options { dry_run: self.dry_run, settle: self.settle, accept: self.accept }
    }
}

fn settle(text: &str) -> Result<Duration, String> {
    let wrong = || format!("write a time such as 5m, 90s, 1h or 0s, at most {SETTLE_DAYS_MAX}d");
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let seconds = u64::from(number) * seconds;
    let fits = seconds <= SETTLE_DAYS_MAX * 86_400;
    fits.then(|| Duration::from_secs(seconds)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::cli::reconcile::options::settle;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("5m", 300), ("1h", 3_600), ("7d", 604_800)]
        {
            assert_eq!(settle(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "s", "5", "-1m", "8d", "1.5h", "5 m", "4294967296s", "分"] {
            assert!(settle(wrong).is_err(), "{wrong}");
        }
    }
}
