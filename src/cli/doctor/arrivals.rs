//! What comes in: webhooks, refusals, what waits. Whether somebody should look.

use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;

use tokenledger::ledger::overview::Signer;
use tokenledger::ledger::overview::Undecided;
use tokenledger::ledger::readings_due::Open;
use tokenledger::ledger::refusals::Refused;
use tokenledger::webhooks::store::Registered;

use crate::cli::doctor::judge::span;
use crate::cli::doctor::line::Line;
use crate::cli::events::stamp;
use crate::cli::settings::Endpoint;

/// Refused requests are shown for so long.
const REFUSED_HOURS: i64 = 24;

pub(crate) fn refused_since(now: DateTime<Utc>) -> DateTime<Utc> {
    now - TimeDelta::hours(REFUSED_HOURS)
}

pub(crate) fn readings(open: &[Open], now: DateTime<Utc>) -> Line {
    let count: i64 = open.iter().map(|open| open.count).sum();
    let oldest = open.iter().map(|open| open.oldest).min();
    let causes: Vec<String> =
        open.iter().map(|open| format!("{} {}", open.count, open.cause)).collect();
    let facts = json!({
        "open": count,
        "oldest": oldest.map(stamp),
        "causes": open.iter().map(|o| json!({ "cause": o.cause, "open": o.count })).collect::<Vec<_>>(),
    });
    match oldest {
        None => Line::good("readings", "none due", facts),
        Some(oldest) => {
            let age = span(now - oldest);
            let words = format!("{count} due, the oldest for {age}: {}", causes.join(", "));
            Line::odd("readings", words, facts)
        }
    }
}

pub(crate) fn inbox(undecided: &Undecided, now: DateTime<Utc>) -> Line {
    let count = undecided.count;
    let facts = json!({ "quarantined": count, "oldest": undecided.oldest.map(stamp) });
    let Some(oldest) = undecided.oldest else {
        return Line::good("inbox", "nothing is quarantined", facts);
    };
    let words = format!(
        "{count} quarantined, the oldest for {} → tokenledger inbox list --verdict quarantined",
        span(now - oldest)
    );
    Line::odd("inbox", words, facts)
}

pub(crate) fn refused(refused: &[Refused]) -> Line {
    let count: i64 = refused.iter().map(|refused| refused.count).sum();
    let facts: Vec<Value> = refused
        .iter()
        .map(|r| json!({ "endpoint": r.endpoint, "cause": r.cause, "count": r.count }))
        .collect();
    let Some(most) = refused.first() else {
        return Line::good("refused", "nothing in 24 h", json!(facts));
    };
    let words = format!(
        "{count} requests in {REFUSED_HOURS} h, most ({}) {} on endpoint {} → tokenledger doctor \
         --why refused",
        most.count, most.cause, most.endpoint
    );
    Line::odd("refused", words, json!(facts))
}

/// `silence`: how long none may come.
pub(crate) fn last_webhook(
    last: Option<DateTime<Utc>>,
    silence: Option<Duration>,
    now: DateTime<Utc>,
) -> Line {
    let Some(last) = last else {
        let words = "none has come yet → tokenledger webhooks check";
        return Line::odd("webhooks", words, json!({ "seconds_since_last": null }));
    };
    let since = now - last;
    let facts = json!({ "seconds_since_last": since.num_seconds(), "last": stamp(last) });
    let words = format!("the last valid one {} ago", span(since));
    let limit = silence.and_then(|silence| TimeDelta::from_std(silence).ok());
    if limit.is_some_and(|limit| since > limit) {
        let words = format!("{words}, which is long → tokenledger webhooks check");
        return Line::odd("webhooks", words, facts);
    }
    Line::good("webhooks", words, facts)
}

pub(crate) fn secrets(
    configured: &[Endpoint],
    registered: &[Registered],
    signers: &[Signer],
    now: DateTime<Utc>,
) -> Line {
    let mut words = Vec::new();
    let mut odd = false;
    for signer in signers {
        let Signer { endpoint, fingerprint, key_variant, deliveries, last } = signer;
        let age = span(now - *last);
        let text =
            format!("{endpoint} {fingerprint} ({key_variant}) signed {deliveries}, last {age} ago");
        words.push(text);
    }
    let live: Vec<&Registered> = registered.iter().filter(|row| row.is_live(now)).collect();
    for Registered { endpoint, fingerprint, .. } in &live {
        let signed = |s: &Signer| s.endpoint == *endpoint && s.fingerprint == *fingerprint;
        if !signers.iter().any(signed) {
            words.push(format!("{endpoint} {fingerprint} signed nothing lately"));
        }
    }
    for endpoint in configured {
        for key in &endpoint.keys {
            let (name, fingerprint) = (&endpoint.name, key.secret.fingerprint());
            let signed = |s: &Signer| s.endpoint == *name && s.fingerprint == fingerprint;
            if !signers.iter().any(signed) {
                words.push(format!("{name} {fingerprint} signed nothing lately"));
            }
            if key.secret.has_variants() {
                odd = true;
                words.push(format!(
                    "{name} {fingerprint} begins with A, which Smartpay's own libraries read \
                     differently: each reading is accepted; ask for another secret"
                ));
            }
        }
    }
    if configured.is_empty() && live.is_empty() {
        odd = true;
        words.push("no webhook secret is live → tokenledger webhooks register".to_owned());
    }
    let facts: Vec<Value> = signers.iter().map(fact).collect();
    let words = words.join("; ");
    if odd {
        Line::odd("secrets", words, json!(facts))
    } else {
        Line::good("secrets", words, json!(facts))
    }
}

fn fact(signer: &Signer) -> Value {
    json!({
        "endpoint": signer.endpoint,
        "fingerprint": signer.fingerprint,
        "key_variant": signer.key_variant,
        "deliveries": signer.deliveries,
        "last": stamp(signer.last),
    })
}
