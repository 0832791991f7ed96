//! Who may ask: for now one bootstrap key with every scope.

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::api::App;
use crate::api::problem::Problem;
use crate::smartpay::Mode;

/// Characters behind `tl_test_`: 32 base62 characters are 190 bits.
const SECRET_CHARS_MIN: usize = 32;
const KEY_CHARS_MAX: usize = 256;

/// An access key, kept as its digest.
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

/// Lets a request pass whose one `Authorization` header bears the key. A browser's preflight never
/// bears one: no route serves its method, and it shall be told that.
pub(crate) async fn authenticate(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if request.method() != Method::OPTIONS {
        check(&app.api_key, request.headers())?;
    }
    Ok(next.run(request).await)
}

fn check(key: &ApiKey, headers: &HeaderMap) -> Result<(), Problem> {
    let unauthenticated = || {
        let detail = "send one header `Authorization: Bearer tl_…` with a key of this ledger";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    };
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(unauthenticated)?;
    if values.next().is_some() {
        let detail = "more than one Authorization header";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail));
    }
    let bearer = value.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
    match bearer {
        Some(text) if key.admits(text) => Ok(()),
        _ => Err(unauthenticated()),
    }
}
