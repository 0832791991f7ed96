//! Checkout sessions: what a token is created through.

use hyper::Uri;
use secrecy::SecretString;
use serde_json::Map;
use serde_json::Value;

use crate::smartpay::client::answer::Received;
use crate::smartpay::client::answer::fields;
use crate::smartpay::client::answer::page;
use crate::smartpay::client::answer::token;
use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::client::paging::Page;
use crate::smartpay::client::paging::PageToken;
use crate::smartpay::client::url::is_private;
use crate::smartpay::ids::TokenId;
use crate::smartpay::mode::Mode;
use crate::smartpay::object;
use crate::smartpay::object::Expected;
use crate::smartpay::object::TokenObject;
use crate::token::ProviderTime;
use crate::token::SessionId;

const ID_PREFIX: &str = "checkout_";
const URL_BYTES_MAX: usize = 4096;

/// A session that saves a token. It has no status: that is the token's.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub token: TokenId,
    /// The token itself, when the answer holds it: on creation, but not when asked for again (SDKs).
    /// One that is no reading spoils nothing else.
    pub object: Option<Result<TokenObject, Wrong>>,
    /// Where the shopper goes. Whoever has it can be that shopper.
    pub url: SecretString,
    /// One SDK alone knows of it.
    pub expires_at: Option<ProviderTime>,
    /// Ours, with the intent that a session is found by.
    pub metadata: Map<String, Value>,
}

/// Reads the answer to `create_session`; and to `get_session`, when `asked` is given.
pub fn session(
    received: Received<'_>,
    asked: Option<&SessionId>,
    expected: &Expected,
) -> Result<Session, Wrong> {
    let session = read(&received.object()?, expected)?;
    if asked.is_some_and(|asked| *asked != session.id) {
        return Err(Wrong::WrongId);
    }
    Ok(session)
}

/// Reads the answer to `list_sessions`. Sessions that save no token are rows that are wrong.
pub fn sessions(
    received: Received<'_>,
    asked: Option<&PageToken>,
    expected: &Expected,
) -> Result<Page<Session>, Wrong> {
    page::read(received, asked, |row| read(row.as_object().ok_or(Wrong::NotAnObject)?, expected))
}

fn read(fields: &Map<String, Value>, expected: &Expected) -> Result<Session, Wrong> {
    fields::of_kind(fields, "checkoutSession", expected.mode)?;
    let id = fields::text(fields, "id")?;
    let (mode, _) = Mode::split(id, ID_PREFIX).ok_or(Wrong::Shape("id"))?;
    let id = SessionId::parse(id).map_err(|_| Wrong::Shape("id"))?;
    let (token, object) = token_of(fields, expected)?;
    if mode != expected.mode || token.mode() != expected.mode {
        return Err(Wrong::WrongMode);
    }
    Ok(Session {
        id,
        token,
        object,
        url: url(fields)?,
        expires_at: object::dated(fields.get("expiresAt")),
        metadata: fields::metadata(fields),
    })
}

type Named = (TokenId, Option<Result<TokenObject, Wrong>>);

/// An object, or its id alone.
fn token_of(fields: &Map<String, Value>, expected: &Expected) -> Result<Named, Wrong> {
    let value = fields.get("token").filter(|value| !value.is_null());
    let value = value.ok_or(Wrong::Missing("token"))?;
    let object = value.as_object();
    let id = match object {
        Some(object) => fields::text(object, "id").map_err(|_| Wrong::Missing("token.id"))?,
        None => value.as_str().ok_or(Wrong::Shape("token"))?,
    };
    let id = TokenId::parse(id).map_err(|_| Wrong::Shape("token"))?;
    match object.map(|_| token::read(value, expected)) {
        Some(Err(Wrong::WrongMode)) => Err(Wrong::WrongMode),
        object => Ok((id, object)),
    }
}

/// The shopper is sent there, and whoever reads it on its way could be that shopper.
fn url(fields: &Map<String, Value>) -> Result<SecretString, Wrong> {
    let text = fields::text(fields, "url")?;
    let private = text.parse().is_ok_and(|uri: Uri| is_private(&uri));
    if private && text.len() <= URL_BYTES_MAX { Ok(text.into()) } else { Err(Wrong::Shape("url")) }
}
