//! A token as Smartpay holds it: no consumer, no history.

use chrono::DateTime;
use chrono::Utc;
use rand::Rng;
use serde::Deserialize;
use serde::Serialize;

use crate::sandbox::action::Action;
use crate::sandbox::action::Illegal;
use crate::sandbox::ids;
use crate::sandbox::message::Message;
use crate::smartpay::TokenId;
use crate::smartpay::ids::NotATokenId;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::Said;

/// What `GET /tokens/{id}` would show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Token {
    id: TokenId,
    reference: Option<Reference>,
    status: Said,
    created_at: ProviderTime,
    updated_at: ProviderTime,
}

/// The form in the file: there, and only there, the id is written out.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    id: String,
    reference: Option<Reference>,
    status: Said,
    created_at: ProviderTime,
    updated_at: ProviderTime,
}

impl Token {
    /// A checkout session in token mode was made.
    pub fn create(
        reference: Option<Reference>,
        at: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> (Token, Message) {
        let at = millis(at);
        let status = Action::Create.applied_to(None).expect("a new token can be created");
        let token =
            Token { id: ids::token_id(rng), reference, status, created_at: at, updated_at: at };
        let message = Message::render(Action::Create, &token, at, rng);
        (token, message)
    }

    /// Lets it happen, and renders the webhook that tells of it.
    pub fn apply(
        &mut self,
        action: Action,
        at: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> Result<Message, Illegal> {
        let status = action.applied_to(Some(self.status))?;
        if action == Action::Use {
            return Ok(Message::render(action, self, millis(at).max(self.updated_at), rng));
        }
        // Two changes of one millisecond could not be told apart, so that time moves on.
        let next = ProviderTime::from_millis(self.updated_at.millis() + 1);
        self.updated_at = millis(at).max(next);
        self.status = status;
        Ok(Message::render(action, self, self.updated_at, rng))
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
}

impl From<Token> for Stored {
    fn from(token: Token) -> Stored {
        Stored {
            id: token.id.expose().to_owned(),
            reference: token.reference,
            status: token.status,
            created_at: token.created_at,
            updated_at: token.updated_at,
        }
    }
}

impl TryFrom<Stored> for Token {
    type Error = NotATokenId;

    fn try_from(stored: Stored) -> Result<Token, NotATokenId> {
        Ok(Token {
            id: TokenId::parse(&stored.id)?,
            reference: stored.reference,
            status: stored.status,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        })
    }
}

fn millis(at: DateTime<Utc>) -> ProviderTime {
    ProviderTime::from_millis(at.timestamp_millis())
}
