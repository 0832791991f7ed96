//! Requests as values: the method, the path, the body, and what makes repeating them safe.

use std::fmt;

use hyper::Method;

use crate::smartpay::client::encode::encode;
use crate::smartpay::client::idempotency_key::IdempotencyKey;
use crate::smartpay::client::paging;
use crate::smartpay::client::paging::PageSize;
use crate::smartpay::client::paging::PageToken;
use crate::smartpay::ids::EndpointId;
use crate::smartpay::ids::TokenId;
use crate::token::SessionId;

/// One call of the API. Its path may hold a token id, so that its `Debug` is its name.
#[derive(Clone)]
pub struct Call {
    name: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) idempotency_key: Option<IdempotencyKey>,
}

impl Call {
    /// `body` is that of a [`crate::smartpay::client::NewSession`].
    pub fn create_session(body: Vec<u8>, key: &IdempotencyKey) -> Call {
        let path = "/checkout-sessions".to_owned();
        Call { body, ..Call::command("POST /checkout-sessions", Method::POST, path, key) }
    }

    /// The answer holds the token's id; the token itself has its own call.
    pub fn get_session(session: &SessionId) -> Call {
        Call::get(
            "GET /checkout-sessions/{id}",
            format!("/checkout-sessions/{}", encode(session.as_str())),
        )
    }

    pub fn list_sessions(size: PageSize, page: Option<&PageToken>) -> Call {
        Call::get(
            "GET /checkout-sessions",
            format!("/checkout-sessions?{}", paging::query(size, page)),
        )
    }

    pub fn get_token(token: &TokenId) -> Call {
        Call::get("GET /tokens/{id}", token_path(token))
    }

    /// Only active and disabled ones (documented): absence from the list proves nothing.
    pub fn list_tokens(size: PageSize, page: Option<&PageToken>) -> Call {
        Call::get("GET /tokens", format!("/tokens?{}", paging::query(size, page)))
    }

    pub fn disable(token: &TokenId, key: &IdempotencyKey) -> Call {
        let path = format!("{}/disable", token_path(token));
        Call::command("PUT /tokens/{id}/disable", Method::PUT, path, key)
    }

    pub fn enable(token: &TokenId, key: &IdempotencyKey) -> Call {
        let path = format!("{}/enable", token_path(token));
        Call::command("PUT /tokens/{id}/enable", Method::PUT, path, key)
    }

    /// The documentation of idempotency does not name DELETE. It is repeated all the same: nothing
    /// can be deleted twice, and an answer tells whether an earlier try may have done it.
    pub fn delete(token: &TokenId) -> Call {
        Call::plain("DELETE /tokens/{id}", Method::DELETE, token_path(token))
    }

    /// `body` is that of a [`crate::smartpay::client::NewEndpoint`].
    pub fn create_endpoint(body: Vec<u8>, key: &IdempotencyKey) -> Call {
        let path = "/webhook-endpoints".to_owned();
        Call { body, ..Call::command("POST /webhook-endpoints", Method::POST, path, key) }
    }

    pub fn get_endpoint(endpoint: &EndpointId) -> Call {
        Call::get("GET /webhook-endpoints/{id}", endpoint_path(endpoint))
    }

    pub fn list_endpoints(size: PageSize, page: Option<&PageToken>) -> Call {
        Call::get(
            "GET /webhook-endpoints",
            format!("/webhook-endpoints?{}", paging::query(size, page)),
        )
    }

    pub fn delete_endpoint(endpoint: &EndpointId) -> Call {
        Call::plain("DELETE /webhook-endpoints/{id}", Method::DELETE, endpoint_path(endpoint))
    }

    /// The call as the vendor writes it, without what fills it: for records, logs and metrics.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether an answer may repeat what it was told of the shopper.
    pub fn is_about_sessions(&self) -> bool {
        self.path.starts_with("/checkout-sessions")
    }

    /// Whether it changes anything at Smartpay.
    pub(crate) fn acts(&self) -> bool {
        self.method != Method::GET
    }

    fn get(name: &'static str, path: String) -> Call {
        Call::plain(name, Method::GET, path)
    }

    fn command(name: &'static str, method: Method, path: String, key: &IdempotencyKey) -> Call {
        Call { idempotency_key: Some(key.clone()), ..Call::plain(name, method, path) }
    }

    fn plain(name: &'static str, method: Method, path: String) -> Call {
        Call { name, method, path, body: Vec::new(), idempotency_key: None }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({})", self.name)
    }
}

fn token_path(token: &TokenId) -> String {
    format!("/tokens/{}", encode(token.expose()))
}

fn endpoint_path(endpoint: &EndpointId) -> String {
    format!("/webhook-endpoints/{}", encode(endpoint.as_str()))
}
