//! The header, and the digests by which a request is known again.

use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;

use crate::api::problem::Problem;
use crate::canonical::Canonical;

pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
pub(crate) const KEY_CHARS_MIN: usize = 8;
pub(crate) const KEY_CHARS_MAX: usize = 255;

/// Names the forms of the digests.
const KEY_FORM: &str = "tokenledger/idempotency-key/1";
const REQUEST_FORM: &str = "tokenledger/idempotent-request/1";

/// The one key of a request: 8 to 255 visible ASCII characters.
pub(super) fn read(headers: &HeaderMap) -> Result<&str, Problem> {
    let refused = |code, detail| Problem::new(StatusCode::BAD_REQUEST, code, detail);
    let form = format!("{KEY_CHARS_MIN} to {KEY_CHARS_MAX} visible ASCII characters");
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        let detail = format!(
            "send a header {IDEMPOTENCY_KEY} of {form}: a new one for each write, the same one when \
             the write is sent again"
        );
        return Err(refused("idempotency_key_missing", detail));
    };
    let chars = KEY_CHARS_MIN..=KEY_CHARS_MAX;
    let visible = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
    let text = value.to_str().ok().filter(|text| chars.contains(&text.len()));
    text.filter(|text| visible(text.as_bytes()) && values.next().is_none()).ok_or_else(|| {
        refused("idempotency_key_invalid", format!("one {IDEMPOTENCY_KEY} is needed, of {form}"))
    })
}

/// Finds the row. Keys of two clients never meet, and the table holds no key.
pub(super) fn digest_of_key(client: &str, key: &str) -> [u8; 32] {
    let mut digest = Canonical::new(KEY_FORM);
    digest.text(client);
    digest.text(key);
    digest.finish()
}

/// Tells one request from another: method, path with its query, and the bytes of the body.
pub(super) fn digest_of_request(method: &Method, uri: &Uri, body: &[u8]) -> [u8; 32] {
    let mut digest = Canonical::new(REQUEST_FORM);
    digest.text(method.as_str());
    digest.text(uri.path());
    digest.optional_text(uri.query());
    digest.bytes(body);
    digest.finish()
}
