//! Reading a body: never more than a limit, never longer than a deadline.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use http_body_util::BodyExt;
use http_body_util::LengthLimitError;
use http_body_util::Limited;
use tokio::time::timeout;

/// A whole body must have arrived by then.
pub(crate) const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Why there is no body, as HTTP has it: 413, 408 or 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoBody {
    TooLarge,
    TooSlow,
    Broken,
}

impl NoBody {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// An announced length over the limit, known before a byte is read.
pub(crate) fn announces_more(headers: &HeaderMap, bytes_max: usize) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length
        .and_then(|text| text.parse::<u64>().ok())
        .is_some_and(|length| u64::try_from(bytes_max).is_ok_and(|bytes_max| length > bytes_max))
}

pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Vec<u8>, NoBody> {
    let collecting = Limited::new(body, bytes_max).collect();
    match timeout(BODY_DEADLINE, collecting).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(NoBody::TooLarge),
        Ok(Err(_)) => Err(NoBody::Broken),
        Err(_) => Err(NoBody::TooSlow),
    }
}

/// Exactly one content type, and it is JSON; no content encoding.
pub(crate) fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else { return false };
    let Ok(text) = only.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    essence.eq_ignore_ascii_case("application/json")
        && encodings.into_iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
