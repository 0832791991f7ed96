//! Who asks: the bootstrap key of the configuration, or one of the ledger's access keys.

use std::sync::Arc;

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::access::AccessKey;
use crate::access::Scope;
use crate::access::Scopes;
use crate::api::App;
use crate::api::problem::Problem;
use crate::api::spans;
use crate::smartpay::Mode;
use crate::traces::RequestSpan;

/// Characters behind `tl_test_`: 32 base62 characters are 190 bits.
const SECRET_CHARS_MIN: usize = 32;
const KEY_CHARS_MAX: usize = 256;
/// Stands for the id of the configured key.
const BOOTSTRAP: &str = "bootstrap";

/// The bootstrap key, kept as its digest. It has every scope.
#[derive(Clone)]
pub struct ApiKey([u8; 32]);

#[derive(Debug, Error)]
pub enum ApiKeyError {
    #[error(
        "an access key is tl_{mode}_ followed by at least {SECRET_CHARS_MIN} letters and digits: \
         make one with `head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \\n'` behind the prefix"
    )]
    Form { mode: Mode },
    #[error(
        "the access key is for a {found} ledger, this is a {mode} ledger: use a tl_{mode}_ key"
    )]
    Mode { found: Mode, mode: Mode },
}

/// Who asks, by the id of the key: never by the key.
#[derive(Clone)]
pub(super) struct Caller {
    pub key_id: Arc<str>,
    scopes: Scopes,
    /// Of the request, while traces are on.
    pub span: Option<RequestSpan>,
}

impl Caller {
    pub(super) fn may(&self, scope: Scope) -> bool {
        self.scopes.contain(scope)
    }
}

impl ApiKey {
    pub fn parse(text: &str, mode: Mode) -> Result<Self, ApiKeyError> {
        for found in [Mode::Test, Mode::Live] {
            let Some(secret) = text.strip_prefix(&format!("tl_{found}_")) else { continue };
            if found != mode {
                return Err(ApiKeyError::Mode { found, mode });
            }
            let long_enough = (SECRET_CHARS_MIN..=KEY_CHARS_MAX).contains(&secret.len());
            if long_enough && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Ok(Self(Sha256::digest(text).into()));
            }
        }
        Err(ApiKeyError::Form { mode })
    }

    fn admits(&self, text: &str) -> bool {
        bool::from(<[u8; 32]>::from(Sha256::digest(text)).ct_eq(&self.0))
    }
}

/// Lets a request pass whose one `Authorization` header bears a key with the route's scope. The
/// answer tells the log whose it was, also when it is a refusal.
pub(super) async fn authorize(
    State((app, scope)): State<(Arc<App>, Scope)>,
    mut request: Request,
    next: Next,
) -> Response {
    let mut caller = match identify(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    caller.span = request.extensions().get().cloned();
    spans::join(caller.span.as_ref(), request.headers());
    let mut response = if caller.scopes.contain(scope) {
        request.extensions_mut().insert(caller.clone());
        next.run(request).await
    } else {
        let detail = format!("this key lacks the scope {scope}");
        Problem::new(StatusCode::FORBIDDEN, "scope_missing", detail).into_response()
    };
    response.extensions_mut().insert(caller);
    response
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, Problem> {
    let text = bearer(headers)?;
    if app.api_key.admits(text) {
        return Ok(Caller { key_id: BOOTSTRAP.into(), scopes: Scopes::all(), span: None });
    }
    let key =
        AccessKey::parse(text, app.mode).map_err(|error| unauthenticated(error.to_string()))?;
    let scopes = app.keyring.admit(&key, app.clock.now()).await?.ok_or_else(|| {
        unauthenticated("this ledger has no such access key, or it was revoked or has expired")
    })?;
    Ok(Caller { key_id: key.id.into(), scopes, span: None })
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing = || unauthenticated("send one header `Authorization: Bearer tl_…`");
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        let detail = "more than one Authorization header";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail));
    }
    value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(missing)
}

fn unauthenticated(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
}
