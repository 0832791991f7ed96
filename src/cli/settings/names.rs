//! The names of the settings: closed, so that a misspelt one is noticed.

use tokenledger::smartpay::client::ApiUrl;

/// A setting, named as in the file; in the environment with the prefix and in upper case.
#[derive(Debug)]
pub(crate) struct Name {
    pub key: &'static str,
    /// May come from a file named by `…_FILE`, and is never shown.
    pub secret: bool,
    pub default: Option<&'static str>,
}

/// Every setting, in the order in which they are shown.
pub(crate) const NAMES: &[Name] = &[
    secret("database_url"),
    secret("database_owner_url"),
    plain("ledger", Some("tokenledger")),
    plain("mode", None),
    plain("listen", Some("127.0.0.1:8787")),
    plain("public_url", None),
    plain("return_hosts", None),
    secret("api_key"),
    secret("master_key"),
    plain("webhook_endpoints", Some("main")),
    secret("webhook_secrets"),
    plain("webhook_subscription_ids", None),
    plain("webhook_window", Some("300")),
    plain("webhook_silence", Some("86400")),
    plain("smartpay_api_url", Some(ApiUrl::SMARTPAY)),
    secret("smartpay_secret_key"),
    plain("reconcile_every", Some("86400")),
    plain("log", None),
    plain("otlp_endpoint", None),
    plain("otlp_sample", Some("1")),
];

/// Variables that flags read.
const FLAGS: [&str; 1] = ["data"];
/// How many single changes apart a misspelt name may be from the one that was meant.
const TYPOS_MAX: usize = 4;

const fn secret(key: &'static str) -> Name {
    Name { key, secret: true, default: None }
}

const fn plain(key: &'static str, default: Option<&'static str>) -> Name {
    Name { key, secret: false, default }
}

/// The name in the environment. One that is written otherwise there stands for itself.
pub(crate) fn variable(key: &str) -> String {
    if key.contains(char::is_uppercase) {
        return key.to_owned();
    }
    format!("TOKENLEDGER_{}", key.to_ascii_uppercase())
}

/// Refuses names that are no setting, with the one that was probably meant.
pub(crate) fn refuse_unknown<'a>(
    keys: impl Iterator<Item = &'a String>,
    shown: impl Fn(&str) -> String,
) -> anyhow::Result<()> {
    let known = || {
        let secrets = NAMES.iter().filter(|name| name.secret);
        let names = NAMES.iter().map(|name| name.key.to_owned());
        names
            .chain(secrets.map(|name| format!("{}_file", name.key)))
            .chain(FLAGS.map(str::to_owned))
    };
    let unknown: Vec<String> = keys
        .filter(|key| known().all(|known| known != **key))
        .map(|key| {
            let nearest = known()
                .map(|known| (distance(key, &known), known))
                .filter(|(distance, _)| *distance <= TYPOS_MAX)
                .min();
            match nearest {
                Some((_, near)) => format!("{} (did you mean {}?)", shown(key), shown(&near)),
                None => shown(key),
            }
        })
        .collect();
    anyhow::ensure!(
        unknown.is_empty(),
        "no such setting: {}; `tokenledger config show` lists those that exist",
        unknown.join(", ")
    );
    Ok(())
}

/// Levenshtein's: how many letters to insert, remove or replace.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (b, above) in to.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::cli::settings::names::distance;
    use crate::cli::settings::names::refuse_unknown;
    use crate::cli::settings::names::variable;

    #[test]
    fn letters_are_counted() {
        for (from, to, expected) in
            [("", "", 0), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn every_unknown_name_is_named_and_the_likely_one_suggested() {
        let keys = ["databse_url", "ledger", "api_key_file", "something_quite_different"]
            .map(str::to_owned);
        let error = refuse_unknown(keys.iter(), variable).unwrap_err().to_string();
        assert!(error.contains("TOKENLEDGER_DATABSE_URL (did you mean TOKENLEDGER_DATABASE_URL?)"));
        assert!(error.contains("TOKENLEDGER_SOMETHING_QUITE_DIFFERENT;"));
        assert!(!error.contains("TOKENLEDGER_LEDGER") && !error.contains("TOKENLEDGER_API_KEY"));
    }
}
