//! Why an event exists: which input, request or run; by whom; with which reason.

use std::collections::HashMap;

use serde::Deserialize;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CauseKind {
    Webhook,
    Api,
    Return,
    Reconciliation,
    Schedule,
    Import,
}

impl CauseKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Api => "api",
            Self::Return => "return",
            Self::Reconciliation => "reconciliation",
            Self::Schedule => "schedule",
            Self::Import => "import",
        }
    }
}

/// The metadata of an event. Every value is text, because cqrs-es reads metadata as a map of texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub kind: CauseKind,
    /// The provider's event id, or the id of the request or run.
    pub id: String,
    /// Number of the input, as text.
    pub input: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Cause {
    /// The metadata text: fields in the order above, absent ones left out.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a struct of texts is always JSON")
    }

    /// The same as the stock repository of postgres-es reads it.
    pub fn to_map(&self) -> HashMap<String, String> {
        serde_json::from_str(&self.to_text()).expect("metadata is a map of texts")
    }
}
