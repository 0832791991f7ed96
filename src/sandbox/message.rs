//! A webhook body, byte for byte as Smartpay renders it.

use std::fmt;

use rand::Rng;
use serde::Serialize;

use crate::sandbox::action::Action;
use crate::sandbox::ids;
use crate::sandbox::token::Token;
use crate::smartpay::EventId;
use crate::smartpay::TokenId;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::Said;

/// The vendor's only version of the form.
const VERSION: &str = "2022-02-18";

/// What is sent, as often as it takes: the same bytes under the same event id.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    event_id: EventId,
    action: Action,
    token: TokenId,
    body: Vec<u8>,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenObject<'a> {
    id: &'a str,
    object: &'static str,
    test: bool,
    created_at: ProviderTime,
    updated_at: ProviderTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a Reference>,
    status: Said,
    metadata: Metadata,
}

/// Nothing here sets any.
#[derive(Serialize)]
struct Metadata {}

impl Message {
    /// Tells of `action`, with the token as it is after it.
    pub(crate) fn render(
        action: Action,
        token: &Token,
        created_at: ProviderTime,
        rng: &mut impl Rng,
    ) -> Message {
        let event_id = ids::event_id(rng);
        let event = EventObject {
            id: event_id.as_str(),
            object: "event",
            created_at,
            test: true,
            event_data: EventData {
                r#type: action.as_str(),
                version: VERSION,
                data: TokenObject {
                    id: token.id().expose(),
                    object: "token",
                    test: true,
                    created_at: token.created_at(),
                    updated_at: token.updated_at(),
                    reference: token.reference(),
                    status: token.status(),
                    metadata: Metadata {},
                },
            },
        };
        let body = serde_json::to_vec(&event).expect("texts, numbers and flags are JSON");
        Message { event_id, action, token: token.id().clone(), body }
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

    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({}, {}, body redacted)", self.action, self.event_id)
    }
}
