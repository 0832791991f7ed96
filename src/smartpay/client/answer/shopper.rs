//! What is kept of an answer about a session: nothing of the shopper that it repeats.

use serde_json::Map;
use serde_json::Value;

/// What names no person. Everything else goes, also of a session that was refused: an error may
/// repeat what it does not like.
const KEPT: [&str; 17] = [
    "id",
    "object",
    "test",
    "createdAt",
    "updatedAt",
    "expiresAt",
    "successUrl",
    "cancelUrl",
    "url",
    "token",
    "reference",
    "metadata",
    "locale",
    "statusCode",
    "errorCode",
    "scheme",
    "realm",
];

/// An object with its known fields; of anything else nothing.
pub fn without_shopper(body: &[u8]) -> Vec<u8> {
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return Vec::new();
    };
    fields.retain(|name, _| KEPT.contains(&name.as_str()));
    serde_json::to_vec(&fields).expect("it was JSON")
}

#[cfg(test)]
mod tests {
    use crate::smartpay::client::answer::without_shopper;

    #[test]
    fn only_what_names_nobody_is_kept() {
        let session = r#"{"id":"a","token":{"id":"t"},"customerInfo":{"firstName":"Hana"}}"#;
        let kept = String::from_utf8(without_shopper(session.as_bytes())).unwrap();
        assert_eq!(kept, r#"{"id":"a","token":{"id":"t"}}"#);
        let error = r#"{"statusCode":422,"errorCode":"e","message":"Hana","details":["Hana"]}"#;
        let kept = String::from_utf8(without_shopper(error.as_bytes())).unwrap();
        assert!(kept.contains("422") && !kept.contains("Hana"), "{kept}");
        for odd in ["", "<html>Hana</html>", "[\"Hana\"]", "\"Hana\"", "{\"id\":"] {
            assert_eq!(without_shopper(odd.as_bytes()), b"", "{odd}");
        }
    }
}
