//! The calls that change something: each is one change of the tables, and the webhooks it causes.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

use crate::sandbox::Sandbox;
use crate::sandbox::action::Action;
use crate::sandbox::acts;
use crate::sandbox::acts::ActError;
use crate::sandbox::deliveries;
use crate::sandbox::endpoints;
use crate::sandbox::endpoints::Endpoint;
use crate::sandbox::endpoints::Secret;
use crate::sandbox::ids;
use crate::sandbox::sessions;
use crate::sandbox::sessions::Expand;
use crate::sandbox::sessions::Session;
use crate::sandbox::sessions::Stage;
use crate::sandbox::token::Token;
use crate::sandbox::token::millis;
use crate::sandbox::tokens;
use crate::sandbox::wire::answer::Answer;
use crate::sandbox::wire::answer::Refusal;
use crate::sandbox::wire::asks::EndpointTerms;
use crate::sandbox::wire::asks::NewSession;
use crate::token::Said;

pub(super) enum Call {
    CreateSession(Box<NewSession>),
    DisableToken(String),
    EnableToken(String),
    DeleteToken(String),
    CreateEndpoint(EndpointTerms),
    ChangeEndpoint(String, EndpointTerms),
    DeleteEndpoint(String),
    /// What the shopper does, or time: on a session, by its id.
    Shopper(String, Shopper),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shopper {
    Approves,
    Rejects,
    /// Turns back to the shop. The vendor's documents leave open what that does to the token; here
    /// it does nothing, and the page can be used until the session ends.
    Cancels,
    /// Lets the session's time run out.
    Forgets,
    /// Buys with the token: an order is made with it.
    Buys,
}

/// What a call came to, and the deliveries it put into the outbox.
pub(super) struct Done {
    pub(super) answer: Answer,
    pub(super) deliveries: Vec<i64>,
}

impl From<ActError> for Refusal {
    /// What a token's status does not allow is as if there were no such token: so the vendor's
    /// documents have it for a token that waits, and nothing is known of the others.
    fn from(error: ActError) -> Refusal {
        match error {
            ActError::Illegal(_) => Refusal::no_token(),
            ActError::Database(error) => error.into(),
        }
    }
}

impl Call {
    pub(super) async fn perform(
        self,
        tx: &mut PgConnection,
        sandbox: &Sandbox,
    ) -> Result<Done, Refusal> {
        let now = sandbox.clock.now();
        match self {
            Call::CreateSession(new) => create_session(tx, *new, &sandbox.url, now).await,
            Call::DisableToken(id) => turn(tx, &id, Action::Disable, now).await,
            Call::EnableToken(id) => turn(tx, &id, Action::Enable, now).await,
            Call::DeleteToken(id) => turn(tx, &id, Action::Delete, now).await,
            Call::CreateEndpoint(terms) => create_endpoint(tx, terms, now).await,
            Call::ChangeEndpoint(id, terms) => change_endpoint(tx, &id, terms, now).await,
            Call::DeleteEndpoint(id) => delete_endpoint(tx, &id).await,
            Call::Shopper(id, shopper) => {
                let (session, deliveries) = shop(tx, &id, shopper, now).await?;
                let answer = Answer::json(&session.object(&sandbox.url, Expand::All));
                Ok(Done { answer, deliveries })
            }
        }
    }
}

impl Done {
    fn quietly(answer: Answer) -> Done {
        Done { answer, deliveries: Vec::new() }
    }
}

async fn create_session(
    tx: &mut PgConnection,
    new: NewSession,
    url: &str,
    now: DateTime<Utc>,
) -> Result<Done, Refusal> {
    let session = {
        let mut rng = rand::rng();
        let token = Token::begin(ids::token_id(&mut rng), new.reference, new.metadata, now);
        acts::begin(ids::session_id(&mut rng), token, new.terms, &mut rng)
    };
    let message = acts::keep(&mut *tx, &session).await?;
    let deliveries = deliveries::put(tx, &message, millis(now)).await?;
    Ok(Done { answer: Answer::json(&session.object(url, Expand::All)), deliveries })
}

async fn turn(
    tx: &mut PgConnection,
    id: &str,
    action: Action,
    now: DateTime<Utc>,
) -> Result<Done, Refusal> {
    let mut token = tokens::hold(&mut *tx, id).await?.ok_or_else(Refusal::no_token)?;
    let answer = if action == Action::Delete { Answer::no_content() } else { Answer::empty() };
    // To ask for what is so already is not known to be an error: nothing changes, nothing is told.
    let already = match action {
        Action::Disable => token.status() == Said::Disabled,
        Action::Enable => token.status() == Said::Active,
        Action::Create | Action::Approve | Action::Reject | Action::Delete | Action::Use => false,
    };
    if already {
        return Ok(Done::quietly(answer));
    }
    let deliveries = acts::act_and_tell(tx, &mut token, action, now).await?;
    Ok(Done { answer, deliveries })
}

async fn create_endpoint(
    tx: &mut PgConnection,
    terms: EndpointTerms,
    now: DateTime<Utc>,
) -> Result<Done, Refusal> {
    let endpoint = {
        let mut rng = rand::rng();
        Endpoint {
            id: ids::endpoint_id(&mut rng),
            active: true,
            url: terms.url.unwrap_or_default(),
            description: terms.description,
            subscriptions: terms.subscriptions.unwrap_or_default(),
            metadata: terms.metadata.unwrap_or_default(),
            signing_secret: ids::signing_secret(&mut rng),
            created_at: millis(now),
            updated_at: millis(now),
        }
    };
    endpoints::put(tx, &endpoint).await?;
    Ok(Done::quietly(Answer::json(&endpoint.object(Secret::Shown))))
}

async fn change_endpoint(
    tx: &mut PgConnection,
    id: &str,
    terms: EndpointTerms,
    now: DateTime<Utc>,
) -> Result<Done, Refusal> {
    let known = endpoints::find(&mut *tx, id).await?.ok_or_else(Refusal::no_endpoint)?;
    let endpoint = Endpoint {
        active: terms.active.unwrap_or(known.active),
        url: terms.url.unwrap_or(known.url),
        description: terms.description.or(known.description),
        subscriptions: terms.subscriptions.unwrap_or(known.subscriptions),
        metadata: terms.metadata.unwrap_or(known.metadata),
        updated_at: millis(now),
        ..known
    };
    endpoints::put(tx, &endpoint).await?;
    Ok(Done::quietly(Answer::json(&endpoint.object(Secret::Kept))))
}

async fn delete_endpoint(tx: &mut PgConnection, id: &str) -> Result<Done, Refusal> {
    if endpoints::delete(tx, id).await? {
        Ok(Done::quietly(Answer::no_content()))
    } else {
        Err(Refusal::no_endpoint())
    }
}

/// The session as it is afterwards.
async fn shop(
    tx: &mut PgConnection,
    id: &str,
    shopper: Shopper,
    now: DateTime<Utc>,
) -> Result<(Session, Vec<i64>), Refusal> {
    let mut session = sessions::find(&mut *tx, id).await?.ok_or_else(Refusal::no_session)?;
    let token = session.token.id().expose();
    session.token = tokens::hold(&mut *tx, token).await?.ok_or_else(Refusal::no_token)?;
    let stage = session.stage(millis(now));
    let on_page = matches!(shopper, Shopper::Approves | Shopper::Rejects | Shopper::Cancels);
    if on_page && stage != Stage::Open {
        let why = match stage {
            Stage::Open | Stage::Confirmed => "the shopper has confirmed already",
            Stage::Rejected => "the session was rejected",
            Stage::Expired => "the session has expired",
        };
        return Err(Refusal::conflict("checkout-session.not-open", why));
    }
    let mut deliveries = Vec::new();
    let action = match shopper {
        Shopper::Approves => Some(Action::Approve),
        Shopper::Rejects => Some(Action::Reject),
        Shopper::Buys => Some(Action::Use),
        Shopper::Cancels => {
            session.canceled = true;
            None
        }
        Shopper::Forgets => {
            session.expires_at = session.expires_at.min(millis(now));
            None
        }
    };
    if let Some(action) = action {
        deliveries = acts::act_and_tell(&mut *tx, &mut session.token, action, now).await?;
    } else {
        session.updated_at = millis(now);
        sessions::update(tx, &session).await?;
    }
    Ok((session, deliveries))
}
