//! Percent-encoding: whatever a name is made of, it stays one segment or one value.

use std::fmt::Write;

/// Everything but the unreserved characters of RFC 3986 is encoded.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use crate::smartpay::client::encode::encode;

    #[test]
    fn nothing_can_leave_its_place() {
        assert_eq!(encode("checkout_test_a.b-c~9"), "checkout_test_a.b-c~9");
        assert_eq!(encode("a/../b?c=d&e#f%g h"), "a%2F..%2Fb%3Fc%3Dd%26e%23f%25g%20h");
        assert_eq!(encode("é\r\n"), "%C3%A9%0D%0A");
    }
}
