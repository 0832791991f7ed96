//! The endpoints here and those at Smartpay, compared: whatever is amiss has its finding.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::ledger::overview;
use crate::ledger::overview::Signer;
use crate::smartpay::SigningSecret;
use crate::smartpay::client::answer::Endpoint as EndpointThere;
use crate::vault;
use crate::webhooks::create::resumable_until;
use crate::webhooks::desk::Desk;
use crate::webhooks::error::Error;
use crate::webhooks::finding::Finding;
use crate::webhooks::store;
use crate::webhooks::store::Registered;
use crate::webhooks::there::There;

/// Where an endpoint is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Configuration,
    /// Made from here, its secret in the vault.
    Vault,
    /// Only Smartpay knows it.
    Smartpay,
}

/// An endpoint, and all that is amiss with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The name in the path, where it is known.
    pub endpoint: Option<String>,
    pub subscription_id: Option<String>,
    pub url: Option<String>,
    pub source: Source,
    pub active: Option<bool>,
    pub valid_until: Option<DateTime<Utc>>,
    /// The last verified delivery signed with its secret, among the newest.
    pub last: Option<DateTime<Utc>>,
    pub findings: Vec<Finding>,
}

/// What is expected.
#[derive(Clone, Copy, Debug)]
pub struct Expecting<'a> {
    /// Where webhooks reach this service; the name follows.
    pub base_url: &'a str,
    /// None: silence is none.
    pub silence: Option<TimeDelta>,
}

/// What all rows are judged by.
struct Seen<'a> {
    there: There,
    signers: Vec<Signer>,
    expecting: Expecting<'a>,
    now: DateTime<Utc>,
    /// Ids at Smartpay that are accounted for.
    matched: BTreeSet<String>,
    /// Where the endpoints made from here send, and their names.
    ours: BTreeMap<String, String>,
}

impl Source {
    pub const fn as_str(self) -> &'static str {
        match self {
            Source::Configuration => "configuration",
            Source::Vault => "vault",
            Source::Smartpay => "smartpay",
        }
    }
}

impl Desk<'_> {
    /// Changes nothing.
    pub async fn check(&mut self, expecting: &Expecting<'_>) -> Result<Vec<Checked>, Error> {
        let there = There::ask(self.smartpay).await?;
        let registered = store::registered(self.connection).await?;
        let mut seen = Seen {
            there,
            signers: overview::signers(self.connection).await?,
            expecting: *expecting,
            now: self.clock.now(),
            matched: BTreeSet::new(),
            ours: registered.iter().map(|row| (row.url.clone(), row.endpoint.clone())).collect(),
        };
        let mut checked = Vec::new();
        for row in registered.iter().filter(|row| row.deleted_at.is_none()) {
            let missing = self.secret_missing(row).await?;
            checked.extend(seen.registered(row, missing));
        }
        for attempt in store::attempts(self.connection).await? {
            let finding = Finding::attempt(&attempt.endpoint, resumable_until(&attempt), seen.now);
            let named = (Some(attempt.endpoint), Some(attempt.url));
            checked.push(Checked::of(Source::Vault, named, vec![finding]));
        }
        for (name, endpoint) in self.configured.iter() {
            for id in endpoint.subscription_ids() {
                let secret = endpoint.secret_of(id).map(SigningSecret::fingerprint);
                checked.push(seen.configured(name, id, secret.as_deref()));
            }
            for _ in 0..endpoint.without_subscription() {
                checked.push(seen.configured_for_any(name));
            }
        }
        if checked.is_empty() {
            let nothing = (None, None);
            checked.push(Checked::of(Source::Vault, nothing, vec![Finding::none()]));
        }
        checked.extend(seen.rest());
        Ok(checked)
    }

    /// Why the secret of a live one cannot be had.
    async fn secret_missing(&mut self, row: &Registered) -> Result<Option<String>, Error> {
        let Registered { endpoint, fingerprint, .. } = row;
        let kept =
            vault::store::kept_secret(self.connection, self.vault, endpoint, fingerprint).await;
        match kept {
            Ok(Some(secret)) if secret.fingerprint() == *fingerprint => Ok(None),
            Ok(Some(_)) => Ok(Some("the kept one is another".to_owned())),
            Ok(None) => Ok(Some("it is not in the vault".to_owned())),
            Err(error) => match error.downcast::<sqlx::Error>() {
                Ok(error) => Err(error.into()),
                Err(error) => Ok(Some(format!("{error:#}"))),
            },
        }
    }
}

impl Checked {
    fn of(
        source: Source,
        (endpoint, url): (Option<String>, Option<String>),
        findings: Vec<Finding>,
    ) -> Checked {
        Checked {
            endpoint,
            subscription_id: None,
            url,
            source,
            active: None,
            valid_until: None,
            last: None,
            findings,
        }
    }
}

impl Seen<'_> {
    /// None for one that has ended and is not at Smartpay: all is well with it.
    fn registered(&mut self, row: &Registered, missing: Option<String>) -> Option<Checked> {
        let Registered { endpoint: name, subscription_id, url, .. } = row;
        let last = self.last(name, Some(&row.fingerprint));
        let there = self.matched(subscription_id);
        let mut findings = Vec::new();
        match (&there, row.valid_until) {
            (None, Some(_)) => return None,
            (None, None) => findings.push(Finding::missing(name)),
            (Some(_), Some(ends)) if ends <= self.now => findings.push(Finding::over(name, ends)),
            // It is on its way out: only that it can still be verified counts.
            (Some(_), Some(_)) => {}
            (Some(there), None) => {
                findings.extend(amiss(name, there, url));
                findings.extend(self.silent(last, Some(row.valid_from)));
            }
        }
        if row.is_live(self.now) {
            findings.extend(missing.map(|why| Finding::secret(name, &why)));
        }
        Some(Checked {
            endpoint: Some(name.clone()),
            subscription_id: Some(subscription_id.clone()),
            url: Some(url.clone()),
            source: Source::Vault,
            active: there.map(|there| there.active),
            valid_until: row.valid_until,
            last,
            findings,
        })
    }

    fn configured(&mut self, name: &str, id: &str, fingerprint: Option<&str>) -> Checked {
        let url = format!("{}{name}", self.expecting.base_url);
        let last = self.last(name, fingerprint);
        let there = self.matched(id);
        let mut findings = Vec::new();
        match &there {
            Some(there) => {
                findings.extend(amiss(name, there, &url));
                findings.extend(self.silent(last, None));
            }
            None => findings.push(Finding::missing_configured(name)),
        }
        Checked {
            subscription_id: Some(id.to_owned()),
            active: there.map(|there| there.active),
            last,
            ..Checked::of(Source::Configuration, (Some(name.to_owned()), Some(url)), findings)
        }
    }

    /// A secret without a subscription: it may be that of any that sends there.
    fn configured_for_any(&mut self, name: &str) -> Checked {
        let url = format!("{}{name}", self.expecting.base_url);
        let free = |there: &&EndpointThere| !self.matched.contains(there.id.as_str());
        let id = self.there.to(&url).find(free).map(|there| there.id.as_str().to_owned());
        if let Some(id) = id {
            return self.configured(name, &id, None);
        }
        let findings = vec![Finding::missing_configured(name)];
        Checked::of(Source::Configuration, (Some(name.to_owned()), Some(url)), findings)
    }

    /// What sends here and is nobody's, and what cannot be read.
    fn rest(&self) -> Vec<Checked> {
        let unknown = |there: &&EndpointThere| !self.matched.contains(there.id.as_str());
        let mut rest = Vec::new();
        for there in self.there.endpoints.iter().filter(unknown) {
            let here = there.url.strip_prefix(self.expecting.base_url);
            let Some(name) = self.ours.get(&there.url).map(String::as_str).or(here) else {
                continue;
            };
            let named = (Some(name.to_owned()), Some(there.url.clone()));
            rest.push(Checked {
                subscription_id: Some(there.id.as_str().to_owned()),
                active: Some(there.active),
                ..Checked::of(Source::Smartpay, named, vec![Finding::unknown(name)])
            });
        }
        for wrong in &self.there.unreadable {
            let finding = Finding::unreadable(&wrong.to_string());
            rest.push(Checked::of(Source::Smartpay, (None, None), vec![finding]));
        }
        rest
    }

    fn matched(&mut self, id: &str) -> Option<EndpointThere> {
        let there = self.there.find(id)?.clone();
        self.matched.insert(id.to_owned());
        Some(there)
    }

    fn last(&self, name: &str, fingerprint: Option<&str>) -> Option<DateTime<Utc>> {
        let signed = self.signers.iter().filter(|signer| {
            signer.endpoint == name && fingerprint.is_none_or(|known| known == signer.fingerprint)
        });
        signed.map(|signer| signer.last).max()
    }

    fn silent(&self, last: Option<DateTime<Utc>>, made: Option<DateTime<Utc>>) -> Option<Finding> {
        let limit = self.expecting.silence?;
        // Of one that was configured it is not known since when it could have been heard.
        let lasts = self.now - last.or(made)?;
        (lasts > limit).then(|| Finding::silent(lasts, last.is_some()))
    }
}

/// What Smartpay says of an endpoint that is to be live.
fn amiss(name: &str, there: &EndpointThere, url: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if there.url != url {
        findings.push(Finding::url(name, &there.url, url));
    }
    if !there.active {
        findings.push(Finding::inactive(name));
    }
    findings.extend(Finding::events(name, there));
    findings
}
