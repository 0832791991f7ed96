//! Something happens to a token while its webhook is sent by hand: wrongly signed, twenty times.
//!
//! What nobody took has not happened, so that both sides stay the same.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use thiserror::Error;

use crate::sandbox::Sandbox;
use crate::sandbox::action::Action;
use crate::sandbox::action::Illegal;
use crate::sandbox::acts;
use crate::sandbox::acts::ActError;
use crate::sandbox::endpoints;
use crate::sandbox::ids;
use crate::sandbox::message::Message;
use crate::sandbox::sender::NotDelivered;
use crate::sandbox::sender::Spoil;
use crate::sandbox::sessions::Terms;
use crate::sandbox::token::Token;
use crate::sandbox::tokens;
use crate::smartpay::Mode;
use crate::smartpay::TokenId;
use crate::token::ProviderTime;
use crate::token::Said;
use crate::token::SessionId;

/// What to let happen, and how to send it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trigger {
    pub event: String,
    /// The token it happens to; by default the one made last to which it can.
    pub token: Option<String>,
    /// For `token.created`: ids that are known already.
    pub create: Option<Named>,
    /// How many times more the same is sent.
    pub duplicate: u8,
    pub bad_signature: bool,
    pub skew_ms: i64,
}

/// A token and a session to be made, named by the one who asks.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub token: String,
    pub session: String,
    pub created_at: ProviderTime,
}

/// What came of it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Triggered {
    pub token: String,
    /// The answers to what was sent, in that order.
    pub answers: Vec<u16>,
}

#[derive(Debug, Error)]
pub(crate) enum TriggerError {
    #[error("{0}")]
    Wrong(String),
    #[error("the pretend Smartpay has no such token")]
    NoSuchToken,
    #[error(
        "the pretend Smartpay has no token to which {0} can happen: make one with `trigger \
         token.created`"
    )]
    NoToken(Action),
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error(transparent)]
    NotDelivered(#[from] NotDelivered),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl From<ActError> for TriggerError {
    fn from(error: ActError) -> TriggerError {
        match error {
            ActError::Illegal(illegal) => TriggerError::Illegal(illegal),
            ActError::Database(error) => TriggerError::Database(error),
        }
    }
}

pub(crate) async fn trigger(
    sandbox: &Sandbox,
    trigger: &Trigger,
) -> Result<Triggered, TriggerError> {
    let action =
        Action::parse(&trigger.event).map_err(|error| TriggerError::Wrong(error.to_string()))?;
    let mut connection = sandbox.pool.acquire().await?;
    let mut tx = connection.begin().await?;
    let message = happen(&mut tx, sandbox, trigger, action).await?;
    let spoil = Spoil {
        duplicate: trigger.duplicate,
        bad_signature: trigger.bad_signature,
        skew_ms: trigger.skew_ms,
    };
    let mut answers = Vec::new();
    for endpoint in endpoints::subscribed(&mut tx, action.as_str()).await? {
        let sent = sandbox.outbox.sender(&endpoint).send_with(&message, spoil).await?;
        answers.extend(sent.iter().map(reqwest::StatusCode::as_u16));
    }
    if answers.contains(&200) {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(Triggered { token: message.token.expose().to_owned(), answers })
}

async fn happen(
    tx: &mut PgConnection,
    sandbox: &Sandbox,
    trigger: &Trigger,
    action: Action,
) -> Result<Message, TriggerError> {
    let now = sandbox.clock.now();
    let id = match &trigger.token {
        Some(id) => id.clone(),
        None if action == Action::Create => return create(tx, sandbox, trigger).await,
        None => {
            let fits = |said: &Said| action.applied_to(Some(*said)).is_ok();
            let statuses: Vec<Said> = Said::ALL.into_iter().filter(fits).collect();
            let newest = tokens::newest(&mut *tx, &statuses).await?;
            newest.ok_or(TriggerError::NoToken(action))?
        }
    };
    let mut token = tokens::hold(&mut *tx, &id).await?.ok_or(TriggerError::NoSuchToken)?;
    Ok(acts::act(tx, &mut token, action, now).await?)
}

async fn create(
    tx: &mut PgConnection,
    sandbox: &Sandbox,
    trigger: &Trigger,
) -> Result<Message, TriggerError> {
    let (id, session, at) = if let Some(named) = &trigger.create {
        let wrong = |error: String| TriggerError::Wrong(format!("create: {error}"));
        let id = TokenId::parse(&named.token).map_err(|error| wrong(error.to_string()))?;
        if id.mode() != Mode::Test || tokens::find(&mut *tx, &named.token).await?.is_some() {
            return Err(wrong("a new token of test mode is to be named".to_owned()));
        }
        (
            id,
            SessionId::parse(&named.session).map_err(|error| wrong(error.to_string()))?,
            named.created_at.to_datetime(),
        )
    } else {
        let mut rng = rand::rng();
        (ids::token_id(&mut rng), ids::session_id(&mut rng), sandbox.clock.now())
    };
    let terms = Terms::of_nobody();
    let session =
        acts::begin(session, Token::begin(id, None, Map::new(), at), terms, &mut rand::rng());
    Ok(acts::keep(tx, &session).await?)
}
