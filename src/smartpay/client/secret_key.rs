//! The secret key of the merchant's account: whoever has it can charge.

use std::fmt;

use hyper::header::HeaderValue;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use thiserror::Error;

use crate::smartpay::mode::Mode;

const BODY_CHARS_MAX: usize = 256;

/// `sk_test_…` or `sk_live_…` (the form is from the SDKs). Nothing prints it.
#[derive(Clone)]
pub struct SecretKey {
    mode: Mode,
    text: SecretString,
}

/// A text that is no secret key. It is not repeated: it may be almost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a secret key of Smartpay is sk_test_ or sk_live_ followed by letters and digits, nothing else: copy it from Smartpay's dashboard"
)]
pub struct NotASecretKey;

impl SecretKey {
    pub fn parse(text: &str) -> Result<SecretKey, NotASecretKey> {
        let (mode, body) = Mode::split(text, "sk_").ok_or(NotASecretKey)?;
        let fits = (1..=BODY_CHARS_MAX).contains(&body.len());
        if !fits || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotASecretKey);
        }
        Ok(SecretKey { mode, text: text.into() })
    }

    /// The mode of everything that is asked with it: it must be the ledger's.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The raw key after `Basic`, not base64 of user and password: documented, and in all SDKs.
    pub(crate) fn authorization(&self) -> HeaderValue {
        let text = format!("Basic {}", self.text.expose_secret());
        let mut value = HeaderValue::from_str(&text).expect("the key is letters and digits");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({}, redacted)", self.mode)
    }
}

#[cfg(test)]
mod tests {
    use crate::smartpay::client::secret_key::SecretKey;
    use crate::smartpay::mode::Mode;

    #[test]
    fn a_key_has_one_form_and_does_not_print() {
        let key = SecretKey::parse("sk_live_9aZ").unwrap();
        assert_eq!(key.mode(), Mode::Live);
        assert_eq!(
            format!("{key:?} {:?}", key.authorization()),
            "SecretKey(live, redacted) Sensitive"
        );
        for bad in
            ["", "sk_test_", "sk_prod_a", "pk_test_a", "sk_test_a\n", "sk_test_a-b", "sk_test_é"]
        {
            let error = SecretKey::parse(bad).unwrap_err();
            assert!(bad.is_empty() || !error.to_string().contains(bad) || bad == "sk_test_");
        }
    }
}
