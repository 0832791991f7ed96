//! Flags of `keys`.

use chrono::TimeDelta;
use clap::Subcommand;

use tokenledger::access::Scope;

/// An expiry further away is a mistake.
const EXPIRES_DAYS_MAX: i64 = 3_650;

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key; it is printed once, and cannot be shown again
    #[command(before_help = "\
Examples:
  tokenledger --data .tokenledger keys create --name billing --scopes tokens:read
  tokenledger keys create --name support --scopes deliveries:read,deliveries:write --expires 90d
")]
    Create {
        /// Who will use it, for people
        #[arg(long, value_parser = name)]
        name: String,
        /// What it is good for
        #[arg(long, value_name = "SCOPE,…", required = true, value_delimiter = ',')]
        scopes: Vec<Scope>,
        /// When it ends by itself, such as 90d or 12h [default: never]
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires: Option<TimeDelta>,
    },
    /// Keys, newest first: scopes, last use, whether they are live
    List {
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        limit: i64,
    },
    /// End a key for good
    Revoke {
        /// The part of the key between the second and the third underscore
        id: String,
    },
}

fn name(text: &str) -> Result<String, String> {
    let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| "1 to 100 characters, no controls".to_owned())
}

fn lifetime(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("write a time such as 90d or 12h, at most {EXPIRES_DAYS_MAX}d");
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u32 = digits.parse().map_err(|_| wrong())?;
    let lifetime = match unit {
        "d" => TimeDelta::days(number.into()),
        "h" => TimeDelta::hours(number.into()),
        _ => return Err(wrong()),
    };
    let fits = lifetime > TimeDelta::zero() && lifetime <= TimeDelta::days(EXPIRES_DAYS_MAX);
    fits.then_some(lifetime).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use crate::cli::keys::options::lifetime;

    #[test]
    fn a_lifetime_is_a_number_of_days_or_hours() {
        assert_eq!(lifetime("90d"), Ok(TimeDelta::days(90)));
        assert_eq!(lifetime("12h"), Ok(TimeDelta::hours(12)));
        for wrong in ["", "d", "90", "0d", "-1d", "1.5d", "90 d", "3651d", "4294967296h", "9日"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
