//! A webhook body, byte for byte as Smartpay renders it.

use std::fmt;

use serde::Serialize;

use crate::sandbox::action::Action;
use crate::sandbox::token::Token;
use crate::sandbox::token::TokenObject;
use crate::smartpay::EventId;
use crate::smartpay::TokenId;
use crate::token::ProviderTime;

/// The vendor's only version of the form.
const VERSION: &str = "2022-02-18";

/// What is sent, as often as it takes: the same bytes under the same event id.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub(crate) event_id: EventId,
    pub(crate) action: Action,
    pub(crate) token: TokenId,
    pub(crate) created_at: ProviderTime,
    pub(crate) body: Vec<u8>,
}

// Fields in the order of the vendor's samples.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventObject<'a> {
    id: &'a str,
    object: &'static str,
    created_at: ProviderTime,
    test: bool,
    event_data: EventData<'a>,
}

#[derive(Serialize)]
struct EventData<'a> {
    r#type: &'static str,
    version: &'static str,
    data: TokenObject<'a>,
}

impl Message {
    /// Tells of `action`, with the token as it is now.
    pub(crate) fn render(
        event_id: EventId,
        action: Action,
        token: &Token,
        created_at: ProviderTime,
    ) -> Message {
        let event = EventObject {
            id: event_id.as_str(),
            object: "event",
            created_at,
            test: true,
            event_data: EventData {
                r#type: action.as_str(),
                version: VERSION,
                data: token.object(),
            },
        };
        let body = serde_json::to_vec(&event).expect("texts, numbers and flags are JSON");
        Message { event_id, action, token: token.id().clone(), created_at, body }
    }

    pub fn event_id(&self) -> &EventId {
        &self.event_id
    }

    pub fn action(&self) -> Action {
        self.action
    }

    pub fn token(&self) -> &TokenId {
        &self.token
    }

    /// When what it tells of happened.
    pub fn created_at(&self) -> ProviderTime {
        self.created_at
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}, {}, body redacted)", self.action, self.event_id)
    }
}
