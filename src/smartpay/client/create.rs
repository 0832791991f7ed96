//! What a session or a webhook endpoint is created from, as the bytes of a request.
//!
//! Bytes, because a repeated request must be the same to the last of them: they are made once, kept
//! sealed with the intent, and sent as often as needed.

use std::fmt;

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::token::Reference;

/// A checkout session that saves a token. Smartpay's own checks apply to it; none is repeated here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    pub success_url: String,
    pub cancel_url: String,
    /// Needed, and empty is enough (SDKs).
    pub customer_info: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    pub metadata: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<Locale>,
}

/// The language of the checkout page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    En,
    Ja,
}

/// A webhook endpoint. Without subscriptions it gets events of every type (SDKs).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewEndpoint {
    pub url: String,
    pub description: String,
    pub event_subscriptions: Vec<String>,
    pub metadata: Map<String, Value>,
}

impl NewSession {
    pub fn to_body(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            mode: &'static str,
            #[serde(flatten)]
            session: &'a NewSession,
        }
        serde_json::to_vec(&Body { mode: "token", session: self }).expect("texts and maps of texts")
    }
}

impl NewEndpoint {
    pub fn to_body(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and maps of texts")
    }
}

/// Shows nothing of the shopper, nor of the return URLs, which carry a state that is a secret.
impl fmt::Debug for NewSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSession").field("locale", &self.locale).finish_non_exhaustive()
    }
}
