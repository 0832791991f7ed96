//! Webhook endpoints, as Smartpay has them.

use serde_json::Map;
use serde_json::Value;

use crate::smartpay::client::answer::Received;
use crate::smartpay::client::answer::fields;
use crate::smartpay::client::answer::page;
use crate::smartpay::client::answer::wrong::Wrong;
use crate::smartpay::client::paging::Page;
use crate::smartpay::client::paging::PageToken;
use crate::smartpay::ids::EndpointId;
use crate::smartpay::keys::SecretError;
use crate::smartpay::keys::SigningSecret;
use crate::smartpay::mode::Mode;

/// An endpoint at Smartpay (all of it from one SDK).
#[derive(Clone, Debug)]
pub struct Endpoint {
    pub id: EndpointId,
    pub url: String,
    pub active: bool,
    /// None of them are all of them.
    pub event_subscriptions: Vec<String>,
    /// In the answer to its creation; whether later ones repeat it is unknown.
    /// One that must not be signed with keeps nothing else from being read.
    pub signing_secret: Option<Result<SigningSecret, SecretError>>,
}

/// Reads the answer to `create_endpoint`; and to `get_endpoint`, when `asked` is given.
pub fn endpoint(
    received: Received<'_>,
    asked: Option<&EndpointId>,
    mode: Mode,
) -> Result<Endpoint, Wrong> {
    let endpoint = read(&received.object()?, mode)?;
    if asked.is_some_and(|asked| *asked != endpoint.id) {
        return Err(Wrong::WrongId);
    }
    Ok(endpoint)
}

/// Reads the answer to `list_endpoints`.
pub fn endpoints(
    received: Received<'_>,
    asked: Option<&PageToken>,
    mode: Mode,
) -> Result<Page<Endpoint>, Wrong> {
    page::read(received, asked, |row| read(row.as_object().ok_or(Wrong::NotAnObject)?, mode))
}

fn read(fields: &Map<String, Value>, mode: Mode) -> Result<Endpoint, Wrong> {
    fields::of_kind(fields, "webhookEndpoint", mode)?;
    let id = EndpointId::parse(fields::text(fields, "id")?).map_err(|_| Wrong::Shape("id"))?;
    if id.mode() != mode {
        return Err(Wrong::WrongMode);
    }
    let active = fields.get("active").ok_or(Wrong::Missing("active"))?;
    let subscription = |value: &Value| value.as_str().map(str::to_owned);
    let subscriptions: Option<Vec<String>> =
        fields::list(fields, "eventSubscriptions")?.iter().map(subscription).collect();
    let secret = fields::optional_text(fields, "signingSecret")?.map(SigningSecret::parse);
    Ok(Endpoint {
        id,
        url: fields::text(fields, "url")?.to_owned(),
        active: active.as_bool().ok_or(Wrong::Shape("active"))?,
        event_subscriptions: subscriptions.ok_or(Wrong::Shape("eventSubscriptions"))?,
        signing_secret: secret,
    })
}
