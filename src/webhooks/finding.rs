//! What can be amiss with an endpoint, and what to do about each.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::smartpay::client::answer::Endpoint;
use crate::smartpay::notice::KINDS;

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    pub words: String,
    /// What to do.
    pub remedy: String,
}

impl Finding {
    fn new(code: &'static str, words: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { code, words: words.into(), remedy: remedy.into() }
    }

    pub(crate) fn none() -> Finding {
        Finding::new(
            "none",
            "no webhook endpoint is configured, and none was made from here",
            "`tokenledger webhooks register` makes one",
        )
    }

    pub(crate) fn missing(name: &str) -> Finding {
        Finding::new(
            "missing",
            "Smartpay does not have it (any more): nothing comes through it",
            format!("`tokenledger webhooks register --name {name}` makes another"),
        )
    }

    pub(crate) fn missing_configured(name: &str) -> Finding {
        Finding::new(
            "missing",
            "its secret is configured, but nothing at Smartpay sends there",
            format!(
                "`tokenledger webhooks register --name {name}` makes an endpoint that does; then \
                 remove the secret from TOKENLEDGER_WEBHOOK_SECRETS"
            ),
        )
    }

    pub(crate) fn unknown(name: &str) -> Finding {
        Finding::new(
            "unknown",
            "it sends here, but its secret is not known: its deliveries are refused",
            format!(
                "if you have the secret, set TOKENLEDGER_WEBHOOK_SECRETS; else delete it at \
                 Smartpay, or replace it: `tokenledger webhooks rotate --name {name}`, then with \
                 --finish"
            ),
        )
    }

    pub(crate) fn unreadable(cause: &str) -> Finding {
        Finding::new(
            "unreadable",
            format!("Smartpay lists an endpoint that cannot be read: {cause}"),
            "look at the endpoints in Smartpay's dashboard",
        )
    }

    pub(crate) fn attempt(name: &str, until: DateTime<Utc>, now: DateTime<Utc>) -> Finding {
        let words = "an attempt to make it is open: Smartpay may have made it, without its secret \
                     being known here";
        let again = format!("`tokenledger webhooks register --name {name}`");
        if now < until {
            let remedy =
                format!("{again} before {until}: it gets the same answer, secret included");
            return Finding::new("open", words, remedy);
        }
        let remedy = format!(
            "too late to get the same answer: {again} makes it, or says that one sends there by now"
        );
        Finding::new("open", words, remedy)
    }

    pub(crate) fn inactive(name: &str) -> Finding {
        Finding::new(
            "inactive",
            "Smartpay has it switched off",
            format!(
                "switch it on in Smartpay's dashboard, or `tokenledger webhooks rotate --name \
                 {name}`"
            ),
        )
    }

    pub(crate) fn url(name: &str, there: &str, here: &str) -> Finding {
        Finding::new(
            "url",
            format!("it sends to {there}, not to {here}"),
            format!(
                "correct the URL in Smartpay's dashboard, or TOKENLEDGER_PUBLIC_URL here; or \
                 `tokenledger webhooks rotate --name {name}`"
            ),
        )
    }

    /// None subscribed to are all of them.
    pub(crate) fn events(name: &str, there: &Endpoint) -> Option<Finding> {
        let subscriptions = &there.event_subscriptions;
        let lacking = KINDS.iter().filter(|kind| !subscriptions.iter().any(|has| has == *kind));
        let lacking: Vec<&str> = lacking.copied().collect();
        if subscriptions.is_empty() || lacking.is_empty() {
            return None;
        }
        Some(Finding::new(
            "events",
            format!("it does not get {}", lacking.join(", ")),
            format!(
                "subscribe it to them in Smartpay's dashboard, or `tokenledger webhooks rotate \
                 --name {name}`, whose endpoint gets all"
            ),
        ))
    }

    pub(crate) fn secret(name: &str, why: &str) -> Finding {
        Finding::new(
            "secret",
            format!("its secret cannot be had: {why}"),
            format!(
                "restore the table vault_secrets from a backup and restart the services, or \
                 `tokenledger webhooks rotate --name {name}`"
            ),
        )
    }

    pub(crate) fn over(name: &str, since: DateTime<Utc>) -> Finding {
        Finding::new(
            "over",
            format!("its secret is refused since {since}, and Smartpay still sends"),
            format!("`tokenledger webhooks rotate --name {name} --finish` deletes it there"),
        )
    }

    /// Without a delivery for longer than the limit. `since` is the last, or when it was made.
    pub(crate) fn silent(lasts: TimeDelta, ever: bool) -> Finding {
        let hours = lasts.num_hours();
        let words = if ever {
            format!("no verified delivery for {hours} h")
        } else {
            format!("no verified delivery yet, {hours} h after it could have come")
        };
        Finding::new(
            "silent",
            words,
            "see that its URL is reached from outside, `tokenledger doctor --why refused`, and \
             what Smartpay's dashboard says of its attempts",
        )
    }
}
