//! The fields of a new session, each with its limits: Smartpay's where they are documented.

use axum::http::Uri;
use serde_json::Map;
use serde_json::Value;

use crate::api::problem::Problem;
use crate::api::problem::repeatable;
use crate::outbox::METADATA_INTENT;
use crate::smartpay::client::Locale;
use crate::token::Consumer;
use crate::token::Reference;

const URL_CHARS_MAX: usize = 2_048;
/// Documented for orders, under the same name.
const REFERENCE_CHARS_MAX: usize = 40;
/// Documented are twenty pairs; one is ours.
const METADATA_PAIRS_MAX: usize = 19;
/// Of a key and of a value. Smartpay's own limit is unknown.
const METADATA_CHARS_MAX: usize = 500;

type Fields = Map<String, Value>;

pub(super) fn consumer(fields: &Fields) -> Result<Consumer, Problem> {
    let text = text(fields, "consumer")?;
    let text = text.ok_or_else(|| Problem::validation("/consumer", "is required"))?;
    Consumer::parse(text).map_err(|error| Problem::validation("/consumer", error.to_string()))
}

pub(super) fn reference(fields: &Fields) -> Result<Option<Reference>, Problem> {
    let Some(text) = text(fields, "reference")? else { return Ok(None) };
    let fits = (1..=REFERENCE_CHARS_MAX).contains(&text.chars().count());
    if !fits || text.contains(char::is_control) {
        let detail = format!("1 to {REFERENCE_CHARS_MAX} characters without controls");
        return Err(Problem::validation("/reference", detail));
    }
    let parsed = Reference::parse(text);
    parsed.map(Some).map_err(|error| Problem::validation("/reference", error.to_string()))
}

pub(super) fn locale(fields: &Fields) -> Result<Option<Locale>, Problem> {
    match text(fields, "locale")? {
        None => Ok(None),
        Some("ja") => Ok(Some(Locale::Ja)),
        Some("en") => Ok(Some(Locale::En)),
        Some(_) => Err(Problem::validation("/locale", "ja or en")),
    }
}

pub(super) fn metadata(fields: &Fields) -> Result<Fields, Problem> {
    let metadata = object(fields, "metadata")?;
    if metadata.len() > METADATA_PAIRS_MAX {
        let detail = format!("at most {METADATA_PAIRS_MAX} pairs");
        return Err(Problem::validation("/metadata", detail));
    }
    for (key, value) in &metadata {
        let pointer =
            format!("/metadata/{}", repeatable(key).replace('~', "~0").replace('/', "~1"));
        let short = |text: &str| text.chars().count() <= METADATA_CHARS_MAX;
        if key == METADATA_INTENT {
            return Err(Problem::validation(&pointer, "is this service's own key"));
        }
        if !short(key) || !value.as_str().is_some_and(short) {
            let detail =
                format!("keys and values are texts of at most {METADATA_CHARS_MAX} characters");
            return Err(Problem::validation(&pointer, detail));
        }
    }
    Ok(metadata)
}

/// Smartpay's own checks apply to what is in it; none is repeated here.
pub(super) fn customer_info(fields: &Fields) -> Result<Fields, Problem> {
    object(fields, "customer_info")
}

/// Where the shopper is sent on: https, on a host that is allowed. On a machine of one's own
/// (`local`) plain http to itself will do.
pub(super) fn url(
    fields: &Fields,
    name: &str,
    hosts: &[String],
    local: bool,
) -> Result<String, Problem> {
    let pointer = format!("/{name}");
    let text = text(fields, name)?.ok_or_else(|| Problem::validation(&pointer, "is required"))?;
    let wrong = |detail: String| Err(Problem::validation(&pointer, detail));
    if text.len() > URL_CHARS_MAX {
        return wrong(format!("has more than {URL_CHARS_MAX} characters"));
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let uri: Option<Uri> = text.parse().ok().filter(|_| plain);
    let host = uri.as_ref().and_then(Uri::host).filter(|host| !host.is_empty());
    let (Some(uri), Some(host)) = (&uri, host.filter(|host| is_plain(host))) else {
        return wrong(
            "is no URL: write https:// and a host, in ASCII and percent-encoded".to_owned(),
        );
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return wrong("must not name a user".to_owned());
    }
    // A port that is none is left out by the parser, and would be understood otherwise elsewhere.
    let port = uri.port_u16().map_or(String::new(), |port| format!(":{port}"));
    if uri.authority().is_none_or(|authority| authority.as_str() != format!("{host}{port}")) {
        return wrong("names a port that is none".to_owned());
    }
    let loopback = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if local && loopback => {}
        Some(_) | None => return wrong("must begin with https://".to_owned()),
    }
    if !hosts.is_empty() && !hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
        return wrong("is on a host that TOKENLEDGER_RETURN_HOSTS does not allow".to_owned());
    }
    Ok(text.to_owned())
}

/// A name or an address, and nothing that another reader might take for something else.
fn is_plain(host: &str) -> bool {
    let is_address = host.starts_with('[');
    is_address || host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// A field that is absent or null, or a text.
fn text<'a>(fields: &'a Fields, name: &str) -> Result<Option<&'a str>, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Problem::validation(&format!("/{name}"), "a text is required"))
        }
    }
}

fn object(fields: &Fields, name: &str) -> Result<Fields, Problem> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(Problem::validation(&format!("/{name}"), "an object is required"))
        }
    }
}
