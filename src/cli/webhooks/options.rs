//! Flags of `webhooks`.

use chrono::TimeDelta;
use clap::Args;
use clap::Subcommand;

use crate::cli::settings::webhooks::check_name;

/// A secret that is to go need not stay for longer.
const OVERLAP_DAYS_MAX: i64 = 30;
const ACTOR_CHARS_MAX: usize = 100;

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// Make an endpoint at Smartpay; its secret goes into the vault and is never shown
    #[command(before_help = "\
Examples:
  tokenledger webhooks register                       {TOKENLEDGER_PUBLIC_URL}/webhooks/smartpay/main
  tokenledger webhooks register --name jp --dry-run   what would be done
  tokenledger --data .tokenledger webhooks register   at the pretend Smartpay of a `dev`
")]
    Register(RegisterOptions),
    /// Replace an endpoint's secret by that of a second one; both are live for a while
    #[command(before_help = "\
Examples:
  tokenledger webhooks rotate                  a second endpoint; the old secret stays for 24 h
  tokenledger webhooks rotate --overlap 0h     the old secret ends now: it is known to others
  tokenledger webhooks rotate --finish         delete the old endpoint at Smartpay
")]
    Rotate(RotateOptions),
    /// Compare Smartpay's endpoints with those here; exit code 3 when something is amiss
    #[command(before_help = "\
Examples:
  tokenledger webhooks check
  tokenledger webhooks check -o json    with what to do about each finding
")]
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct RegisterOptions {
    #[command(flatten)]
    pub named: NamedOptions,
    /// Change nothing, only say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RotateOptions {
    #[command(flatten)]
    pub named: NamedOptions,
    /// How long the secrets before stay live, such as 24h, 7d or 30m
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = overlap)]
    pub overlap: TimeDelta,
    /// End the rotation: delete at Smartpay all that sends to the same URL but the newest
    #[arg(long, conflicts_with_all = ["overlap", "url"])]
    pub finish: bool,
    /// With --finish: also before the overlap is over, or before the newest was heard
    #[arg(long, requires = "finish")]
    pub yes: bool,
    /// Change nothing, only say what would be done
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct NamedOptions {
    /// The endpoint's name in its path
    #[arg(long, default_value = "main", value_parser = name)]
    pub name: String,
    #[arg(
        long,
        help = "Where Smartpay sends [default: {TOKENLEDGER_PUBLIC_URL}/webhooks/smartpay/{name}]"
    )]
    pub url: Option<String>,
    /// Who asks, for the record
    #[arg(long, default_value = "cli", value_parser = actor)]
    pub actor: String,
}

fn name(text: &str) -> Result<String, String> {
    check_name(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

fn actor(text: &str) -> Result<String, String> {
    let fits = (1..=ACTOR_CHARS_MAX).contains(&text.chars().count());
    let fits = fits && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
        .ok_or_else(|| format!("1 to {ACTOR_CHARS_MAX} characters, no controls"))
}

fn overlap(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("write a time such as 24h, 7d or 30m, at most {OVERLAP_DAYS_MAX}d");
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let fits = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = digits.parse().ok().filter(|_| fits).ok_or_else(wrong)?;
    let overlap = match unit {
        "d" => TimeDelta::days(number),
        "h" => TimeDelta::hours(number),
        "m" => TimeDelta::minutes(number),
        _ => return Err(wrong()),
    };
    (overlap <= TimeDelta::days(OVERLAP_DAYS_MAX)).then_some(overlap).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::cli::webhooks::options::overlap;

    #[test]
    fn an_overlap_is_a_number_of_days_hours_or_minutes_and_may_be_none() {
        assert_eq!(overlap("7d"), Ok(TimeDelta::days(7)));
        assert_eq!(overlap("24h"), Ok(TimeDelta::hours(24)));
        assert_eq!(overlap("30m"), Ok(TimeDelta::minutes(30)));
        assert_eq!(overlap("0h"), Ok(TimeDelta::zero()));
        for wrong in ["", "h", "24", "-1h", "+1h", "1.5h", "24 h", "31d", "9999999h", "1w", "9日"]
        {
            assert!(overlap(wrong).is_err(), "{wrong}");
        }
    }
}
