//! What a request asks for, from its body.

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::Map;
use serde_json::Value;

use crate::http::body;
use crate::http::body::NoBody;
use crate::sandbox::sessions::Terms;
use crate::sandbox::wire::answer::Refusal;
use crate::sandbox::wire::fields::Fields;
use crate::smartpay::json;
use crate::token::Reference;

/// The most bytes of a request's body.
const BODY_BYTES_MAX: usize = 64 * 1024;
const SUBSCRIPTIONS_MAX: usize = 50;

/// A token session to be made.
pub(super) struct NewSession {
    pub(super) terms: Terms,
    pub(super) reference: Option<Reference>,
    pub(super) metadata: Map<String, Value>,
}

/// What an endpoint is to be; what is left out stays.
pub(super) struct EndpointTerms {
    pub(super) url: Option<String>,
    pub(super) active: Option<bool>,
    pub(super) description: Option<String>,
    pub(super) subscriptions: Option<Vec<String>>,
    pub(super) metadata: Option<Map<String, Value>>,
}

pub(super) async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    body::read(body, BODY_BYTES_MAX).await.map_err(|none| {
        Refusal::no_body(match none {
            NoBody::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            NoBody::TooSlow | NoBody::Broken => none.status(),
        })
    })
}

/// Whatever the content type says.
pub(super) fn object(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match json::read(bytes).map_err(|error| Refusal::malformed(&error.to_string()))? {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Refusal::malformed("the body is no JSON object"))
        }
    }
}

impl NewSession {
    pub(super) fn read(bytes: &[u8]) -> Result<NewSession, Refusal> {
        let object = object(bytes)?;
        let mut fields = Fields::of(&object);
        if fields.get("mode").and_then(Value::as_str) != Some("token") {
            fields.refuse("mode", "must be `token`: the sandbox has no orders");
        }
        for name in ["successUrl", "cancelUrl", "customerInfo"] {
            fields.require(name);
        }
        let locale = fields.text("locale", 2..=2);
        if locale.as_deref().is_some_and(|locale| !["en", "ja"].contains(&locale)) {
            fields.refuse("locale", "must be `en` or `ja`");
        }
        let reference = fields.text("reference", 1..=40);
        let reference = reference.and_then(|text| match Reference::parse(&text) {
            Ok(reference) => Some(reference),
            Err(error) => {
                fields.refuse("reference", &format!("cannot be kept: {error}"));
                None
            }
        });
        let metadata = fields.metadata().unwrap_or_default();
        let terms = Terms {
            success_url: fields.url("successUrl").unwrap_or_default(),
            cancel_url: fields.url("cancelUrl").unwrap_or_default(),
            customer_info: fields.object("customerInfo").unwrap_or_default(),
            locale,
            description: fields.text("description", 1..=80),
        };
        let wrong = fields.wrong();
        if !wrong.is_empty() {
            return Err(Refusal::invalid(wrong));
        }
        Ok(NewSession { terms, reference, metadata })
    }
}

impl EndpointTerms {
    /// For a new one.
    pub(super) fn read_whole(bytes: &[u8]) -> Result<EndpointTerms, Refusal> {
        EndpointTerms::read_with(bytes, &["url"])
    }

    /// For a change.
    pub(super) fn read(bytes: &[u8]) -> Result<EndpointTerms, Refusal> {
        EndpointTerms::read_with(bytes, &[])
    }

    fn read_with(bytes: &[u8], required: &[&str]) -> Result<EndpointTerms, Refusal> {
        let object = object(bytes)?;
        let mut fields = Fields::of(&object);
        for name in required {
            fields.require(name);
        }
        let terms = EndpointTerms {
            url: fields.url("url"),
            active: fields.flag("active"),
            description: fields.text("description", 0..=255),
            subscriptions: fields.texts("eventSubscriptions", SUBSCRIPTIONS_MAX),
            metadata: fields.metadata(),
        };
        let wrong = fields.wrong();
        if wrong.is_empty() { Ok(terms) } else { Err(Refusal::invalid(wrong)) }
    }
}
