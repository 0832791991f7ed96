//! A token object in an answer of Smartpay's API, as a statement of what is.

use serde_json::Value;
use thiserror::Error;

use crate::smartpay::object::Expected;
use crate::smartpay::object::TokenObject;
use crate::smartpay::reason::Reason;
use crate::token::Reading;

/// When the answer was asked for, seen from what is recorded of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    AfterEverythingRecorded,
    Earlier,
}

/// A token object from which nothing may be concluded. It is quarantined, and asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the token object is no reading ({0})")]
pub struct NotAReading(pub Reason);

/// Reads a token object. One without a plausible `updatedAt` cannot be ordered, and is no reading.
pub fn read(object: &Value, expected: &Expected) -> Result<TokenObject, NotAReading> {
    TokenObject::read(object, expected).map_err(NotAReading)
}

impl TokenObject {
    pub fn reading(&self, asked: Asked) -> Reading {
        let fresh = asked == Asked::AfterEverythingRecorded;
        Reading { said: self.said, updated_at: self.updated_at, fresh }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::smartpay::mode::Mode;
    use crate::smartpay::object::Expected;
    use crate::smartpay::reading::Asked;
    use crate::smartpay::reading::NotAReading;
    use crate::smartpay::reading::read;
    use crate::smartpay::reason::Reason;
    use crate::token::ProviderTime;
    use crate::token::Said;

    const NOW_MS: i64 = 1_700_000_000_000;

    #[test]
    fn a_token_object_reads_without_its_creation_but_not_without_its_update() {
        let received_at = ProviderTime::from_millis(NOW_MS);
        let expected = Expected { mode: Mode::Live, received_at, window_ms: 1_000 };
        let mut object = json!({"id": "paytok_live_a", "status": "disabled", "updatedAt": NOW_MS});
        let read_object = read(&object, &expected).unwrap();
        let reading = read_object.reading(Asked::AfterEverythingRecorded);
        assert!(reading.fresh && !read_object.reading(Asked::Earlier).fresh);
        assert_eq!((reading.said, reading.updated_at), (Said::Disabled, received_at));
        assert_eq!(read_object.created_at, None);

        for updated_at in [json!(null), json!("1700000000000"), json!(NOW_MS + 1_001), json!(1)] {
            object["updatedAt"] = updated_at;
            assert_eq!(read(&object, &expected), Err(NotAReading(Reason::ImplausibleTime)));
        }
    }

    #[test]
    fn a_token_object_of_the_other_mode_is_no_reading() {
        let received_at = ProviderTime::from_millis(NOW_MS);
        let expected = Expected { mode: Mode::Live, received_at, window_ms: 1_000 };
        for (id, test) in [("paytok_test_a", json!(null)), ("paytok_live_a", json!(true))] {
            let object = json!({"id": id, "test": test, "status": "active", "updatedAt": NOW_MS});
            assert_eq!(read(&object, &expected), Err(NotAReading(Reason::ModeMismatch)));
        }
    }
}
