//! The address that every call begins with.

use std::net::IpAddr;

use hyper::Uri;
use thiserror::Error;

const URL_BYTES_MAX: usize = 512;

/// The base of every path, such as `https://api.smartpay.co/v1`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUrl(String);

/// Why a text is no such address. The text is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAnApiUrl {
    #[error(
        "this is no address of an API: write one such as https://api.smartpay.co/v1, without user, query and fragment"
    )]
    Form,
    #[error(
        "the secret key would go over the network in clear: write https://, http:// is for this machine alone"
    )]
    InClear,
}

impl ApiUrl {
    /// Smartpay's own, for test and live alike: the key decides the mode (documented).
    pub const SMARTPAY: &str = "https://api.smartpay.co/v1";

    pub fn parse(text: &str) -> Result<ApiUrl, NotAnApiUrl> {
        let trimmed = text.trim_end_matches('/');
        if trimmed.len() > URL_BYTES_MAX || trimmed.contains(['?', '#', '@']) {
            return Err(NotAnApiUrl::Form);
        }
        let uri: Uri = trimmed.parse().map_err(|_| NotAnApiUrl::Form)?;
        if is_private(&uri) {
            return Ok(ApiUrl(trimmed.to_owned()));
        }
        let in_clear = uri.scheme_str() == Some("http");
        Err(if in_clear { NotAnApiUrl::InClear } else { NotAnApiUrl::Form })
    }

    /// `path` begins with a slash, and everything in it is encoded already.
    pub(crate) fn join(&self, path: &str) -> Uri {
        let whole = format!("{}{path}", self.0);
        whole.parse().expect("the base was parsed, and paths are of unreserved characters")
    }
}

/// Whether what goes there is read by nobody in between: TLS, or this machine itself.
pub(crate) fn is_private(uri: &Uri) -> bool {
    let host = uri.host().filter(|host| !host.is_empty());
    match uri.scheme_str() {
        Some("https") => host.is_some(),
        Some("http") => host.is_some_and(is_loopback),
        Some(_) | None => false,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use crate::smartpay::client::url::ApiUrl;
    use crate::smartpay::client::url::NotAnApiUrl;

    #[test]
    fn the_key_goes_in_clear_to_this_machine_alone() {
        for good in [
            ApiUrl::SMARTPAY,
            "https://api.smartpay.co/v1/",
            "http://127.0.0.1:8788/v1",
            "http://[::1]:8788/api.smartpay/v1",
            "http://localhost:1",
        ] {
            assert!(ApiUrl::parse(good).is_ok(), "{good}");
        }
        for clear in ["http://api.smartpay.co/v1", "http://127.0.0.1.nip.io", "http://10.0.0.1/"] {
            assert_eq!(ApiUrl::parse(clear), Err(NotAnApiUrl::InClear), "{clear}");
        }
        let form = [
            "",
            "/v1",
            "api.smartpay.co",
            "ftp://a/",
            "https://",
            "https://u:p@a/v1",
            "https://a/v1?x=1",
            "https://a/v1#x",
            "https://a b/",
        ];
        for bad in form {
            assert_eq!(ApiUrl::parse(bad), Err(NotAnApiUrl::Form), "{bad}");
        }
        assert!(ApiUrl::parse(&format!("https://a/{}", "b".repeat(600))).is_err());
    }

    #[test]
    fn a_slash_at_the_end_is_not_doubled() {
        let url = ApiUrl::parse("https://api.smartpay.co/v1//").unwrap();
        assert_eq!(url.join("/tokens").to_string(), "https://api.smartpay.co/v1/tokens");
    }
}
