//! A token as Smartpay holds it: no consumer, no history.

use chrono::DateTime;
use chrono::Utc;
use rand::Rng;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::sandbox::action::Action;
use crate::sandbox::action::Illegal;
use crate::sandbox::ids;
use crate::sandbox::message::Message;
use crate::smartpay::TokenId;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::Said;

/// What `GET /tokens/{id}` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub(crate) id: TokenId,
    pub(crate) reference: Option<Reference>,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) status: Said,
    pub(crate) created_at: ProviderTime,
    pub(crate) updated_at: ProviderTime,
}

/// The token in answers and webhooks; fields in the order of the vendor's samples.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenObject<'a> {
    id: &'a str,
    object: &'static str,
    test: bool,
    created_at: ProviderTime,
    updated_at: ProviderTime,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a Reference>,
    status: Said,
    metadata: &'a Map<String, Value>,
}

impl Token {
    /// A checkout session in token mode was made.
    pub fn create(
        reference: Option<Reference>,
        at: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> (Token, Message) {
        let token = Token::begin(ids::token_id(rng), reference, Map::new(), at);
        let message = token.created(rng);
        (token, message)
    }

    /// The same with an id that is known already.
    pub(crate) fn begin(
        id: TokenId,
        reference: Option<Reference>,
        metadata: Map<String, Value>,
        at: DateTime<Utc>,
    ) -> Token {
        let status = Action::Create.applied_to(None).expect("a new token can be created");
        let at = millis(at);
        Token { id, reference, metadata, status, created_at: at, updated_at: at }
    }

    /// Tells of the creation.
    pub(crate) fn created(&self, rng: &mut impl Rng) -> Message {
        Message::render(ids::event_id(rng), Action::Create, self, self.created_at)
    }

    /// Lets it happen, and renders the webhook that tells of it.
    pub fn apply(
        &mut self,
        action: Action,
        at: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> Result<Message, Illegal> {
        let status = action.applied_to(Some(self.status))?;
        let event_id = ids::event_id(rng);
        if action == Action::Use {
            let used_at = millis(at).max(self.updated_at);
            return Ok(Message::render(event_id, action, self, used_at));
        }
        // Two changes of one millisecond could not be told apart, so that time moves on.
        let next = ProviderTime::from_millis(self.updated_at.millis() + 1);
        self.updated_at = millis(at).max(next);
        self.status = status;
        Ok(Message::render(event_id, action, self, self.updated_at))
    }

    pub fn id(&self) -> &TokenId {
        &self.id
    }

    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }

    pub fn status(&self) -> Said {
        self.status
    }

    pub fn created_at(&self) -> ProviderTime {
        self.created_at
    }

    pub fn updated_at(&self) -> ProviderTime {
        self.updated_at
    }

    pub(crate) fn object(&self) -> TokenObject<'_> {
        TokenObject {
            id: self.id.expose(),
            object: "token",
            test: true,
            created_at: self.created_at,
            updated_at: self.updated_at,
            reference: self.reference.as_ref(),
            status: self.status,
            metadata: &self.metadata,
        }
    }
}

pub(crate) fn millis(at: DateTime<Utc>) -> ProviderTime {
    ProviderTime::from_millis(at.timestamp_millis())
}
