//! What happens to tokens and sessions: the change, its place in the history, its webhooks.

use chrono::DateTime;
use chrono::Utc;
use rand::Rng;
use sqlx::postgres::PgConnection;
use thiserror::Error;

use crate::sandbox::action::Action;
use crate::sandbox::action::Illegal;
use crate::sandbox::deliveries;
use crate::sandbox::ids;
use crate::sandbox::message::Message;
use crate::sandbox::sessions;
use crate::sandbox::sessions::LIFETIME_MS;
use crate::sandbox::sessions::Session;
use crate::sandbox::sessions::Terms;
use crate::sandbox::token::Token;
use crate::sandbox::token::millis;
use crate::sandbox::tokens;
use crate::sandbox::tokens::Change;
use crate::token::ProviderTime;
use crate::token::SessionId;

#[derive(Debug, Error)]
pub(crate) enum ActError {
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// A session that was not there before, with the token it makes.
pub(crate) fn begin(id: SessionId, token: Token, terms: Terms, rng: &mut impl Rng) -> Session {
    let created_at = token.created_at;
    Session {
        id,
        page: ids::page(rng),
        token,
        terms,
        canceled: false,
        created_at,
        updated_at: created_at,
        expires_at: ProviderTime::from_millis(created_at.millis() + LIFETIME_MS),
    }
}

/// Keeps a new session and its token. The message that tells of it is not yet in the outbox.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    session: &Session,
) -> Result<Message, sqlx::Error> {
    let message = session.token.created(&mut rand::rng());
    tokens::insert(&mut *connection, &session.token).await?;
    let change = Change { action: Action::Create, at: message.created_at };
    tokens::remember(&mut *connection, session.token.id(), change).await?;
    sessions::insert(connection, session).await?;
    Ok(message)
}

/// Lets it happen to a token that is held. The message that tells of it is not yet in the outbox.
pub(crate) async fn act(
    connection: &mut PgConnection,
    token: &mut Token,
    action: Action,
    now: DateTime<Utc>,
) -> Result<Message, ActError> {
    let message = token.apply(action, now, &mut rand::rng())?;
    tokens::update(&mut *connection, token).await?;
    let change = Change { action, at: message.created_at };
    tokens::remember(connection, token.id(), change).await?;
    Ok(message)
}

/// The same, with its webhooks put into the outbox.
pub(crate) async fn act_and_tell(
    connection: &mut PgConnection,
    token: &mut Token,
    action: Action,
    now: DateTime<Utc>,
) -> Result<Vec<i64>, ActError> {
    let message = act(&mut *connection, token, action, now).await?;
    Ok(deliveries::put(connection, &message, millis(now)).await?)
}
