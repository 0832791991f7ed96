//! The webhook endpoints of this ledger and the secrets live for each.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::Utc;

use crate::smartpay::SigningSecret;

/// Endpoints by the name in their path.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(BTreeMap<String, Endpoint>);

/// One endpoint. During a rotation it has more than one secret, each with its subscription.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    pub secrets: Vec<SigningSecret>,
    /// Beside each secret.
    terms: Vec<Terms>,
}

#[derive(Clone, Debug)]
struct Terms {
    /// The `webhookendpoint_…` id that its deliveries must name; none: any.
    subscription_id: Option<String>,
    /// None: for good.
    valid_until: Option<DateTime<Utc>>,
}

impl Endpoints {
    /// One more secret of an endpoint, for good: the same name twice is a rotation.
    pub fn add(&mut self, name: &str, secret: SigningSecret, subscription_id: Option<String>) {
        self.put(name, secret, Terms { subscription_id, valid_until: None });
    }

    /// One more secret, of the subscription that signs with it, until its validity ends.
    pub fn add_until(
        &mut self,
        name: &str,
        secret: SigningSecret,
        subscription_id: &str,
        valid_until: Option<DateTime<Utc>>,
    ) {
        let subscription_id = Some(subscription_id.to_owned());
        self.put(name, secret, Terms { subscription_id, valid_until });
    }

    /// A name that exists, also when no secret is live for it: what comes there is not unknown, it
    /// is refused.
    pub fn add_name(&mut self, name: &str) {
        self.0.entry(name.to_owned()).or_default();
    }

    pub fn get(&self, name: &str) -> Option<&Endpoint> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        self.0.iter().map(|(name, endpoint)| (name.as_str(), endpoint))
    }

    /// Whether any delivery could be accepted now.
    pub fn any_live(&self, now: DateTime<Utc>) -> bool {
        let live =
            |endpoint: &Endpoint| (0..endpoint.terms.len()).any(|at| endpoint.is_live(at, now));
        self.0.values().any(live)
    }

    fn put(&mut self, name: &str, secret: SigningSecret, terms: Terms) {
        let endpoint = self.0.entry(name.to_owned()).or_default();
        endpoint.secrets.push(secret);
        endpoint.terms.push(terms);
    }
}

impl Endpoint {
    /// Whether a delivery signed with this secret may name this subscription.
    pub fn admits(&self, secret: usize, subscription_id: &str) -> bool {
        let terms = self.terms.get(secret);
        let expected = terms.and_then(|terms| terms.subscription_id.as_deref());
        expected.is_none_or(|expected| expected == subscription_id)
    }

    /// Whether the validity of this secret has not ended.
    pub fn is_live(&self, secret: usize, now: DateTime<Utc>) -> bool {
        let ends = self.terms.get(secret).and_then(|terms| terms.valid_until);
        ends.is_none_or(|ends| now < ends)
    }

    /// The subscriptions that are known by their ids.
    pub fn subscription_ids(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|terms| terms.subscription_id.as_deref())
    }

    /// How many of the secrets go with any subscription.
    pub fn without_subscription(&self) -> usize {
        self.terms.iter().filter(|terms| terms.subscription_id.is_none()).count()
    }

    /// The secret of a subscription that is known by its id.
    pub fn secret_of(&self, subscription_id: &str) -> Option<&SigningSecret> {
        let is = |terms: &Terms| terms.subscription_id.as_deref() == Some(subscription_id);
        let mut both = self.secrets.iter().zip(&self.terms);
        both.find(|(_, terms)| is(terms)).map(|(secret, _)| secret)
    }
}
