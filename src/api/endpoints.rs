//! The webhook endpoints of this ledger and the secrets live for each.

use std::collections::BTreeMap;

use crate::smartpay::SigningSecret;

/// Endpoints by the name in their path.
#[derive(Debug, Default)]
pub struct Endpoints(BTreeMap<String, Endpoint>);

/// One endpoint. During a rotation it has more than one secret, each with its subscription.
#[derive(Debug, Default)]
pub struct Endpoint {
    pub secrets: Vec<SigningSecret>,
    /// Beside each secret, the `webhookendpoint_…` id that its deliveries must name; none: any.
    pub subscription_ids: Vec<Option<String>>,
}

impl Endpoints {
    /// One more secret of an endpoint: the same name twice is a rotation.
    pub fn add(&mut self, name: &str, secret: SigningSecret, subscription_id: Option<String>) {
        let endpoint = self.0.entry(name.to_owned()).or_default();
        endpoint.secrets.push(secret);
        endpoint.subscription_ids.push(subscription_id);
    }

    pub fn get(&self, name: &str) -> Option<&Endpoint> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        self.0.iter().map(|(name, endpoint)| (name.as_str(), endpoint))
    }
}

impl Endpoint {
    /// Whether a delivery signed with this secret may name this subscription.
    pub fn admits(&self, secret: usize, subscription_id: &str) -> bool {
        match self.subscription_ids.get(secret) {
            Some(Some(expected)) => expected == subscription_id,
            Some(None) | None => true,
        }
    }
}
