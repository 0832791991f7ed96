//! Webhook bodies at random: nothing a sender writes can do harm, and what is right reads right.

use proptest::prelude::Strategy;
use proptest::prelude::TestCaseError;
use proptest::prelude::any;
use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;
use serde_json::json;

use tokenledger::smartpay::notice::Message;
use tokenledger::smartpay::notice::read;
use tokenledger::token::Happened;
use tokenledger::token::ProviderTime;
use tokenledger::token::Said;

use crate::bodies::NOW_MS;
use crate::bodies::WINDOW_MS;
use crate::bodies::base;
use crate::bodies::expected;

fn happened() -> impl Strategy<Value = (&'static str, Happened)> {
    prop::sample::select(vec![
        ("token.created", Happened::Created),
        ("token.approved", Happened::Approved),
        ("token.rejected", Happened::Rejected),
        ("token.enabled", Happened::Enabled),
        ("token.disabled", Happened::Disabled),
        ("token.deleted", Happened::Deleted),
    ])
}

fn said() -> impl Strategy<Value = (&'static str, Said)> {
    prop::sample::select(vec![
        ("requires_authorization", Said::RequiresAuthorization),
        ("active", Said::Active),
        ("rejected", Said::Rejected),
        ("disabled", Said::Disabled),
        ("deleted", Said::Deleted),
    ])
}

proptest! {
    #[test]
    fn a_well_formed_notice_reads_as_it_was_written(
        (kind, happened) in happened(),
        (status, said) in said(),
        token in "paytok_test_[0-9A-Za-z]{1,48}",
        event_id in "evt_test_[0-9A-Za-z]{1,40}",
        reference in prop::option::of("[^\\x00_]{0,255}"),
        times in prop::array::uniform3(1_577_836_800_000..=NOW_MS + WINDOW_MS),
    ) {
        let [updated_at, created_at, token_created_at] = times;
        let body = json!({
            "id": event_id, "object": "event", "createdAt": created_at, "test": true,
            "eventData": {"type": kind, "version": "2022-02-18", "data": {
                "id": token, "object": "token", "status": status, "test": true,
                "createdAt": token_created_at, "updatedAt": updated_at, "reference": reference,
            }},
        });
        let message = read(&serde_json::to_vec_pretty(&body).unwrap(), &expected()).unwrap();
        prop_assert_eq!(message.event_id().as_str(), event_id);
        prop_assert_eq!(message.kind(), kind);
        let Message::Token { token: token_read, notice, .. } = message else {
            return Err(TestCaseError::fail("no notice"));
        };
        prop_assert_eq!(token_read.expose(), token);
        prop_assert_eq!((notice.happened, notice.said), (happened, said));
        let read = [notice.updated_at, notice.created_at, notice.token_created_at];
        prop_assert_eq!(read.map(ProviderTime::millis), times);
        let kept = notice.reference.map(|kept| kept.as_str().to_owned());
        prop_assert_eq!(kept, reference);
    }

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&body, &expected()).is_err());
    }

    #[test]
    fn a_body_with_some_bytes_replaced_is_answered_without_a_token_id_in_clear(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut body = base().to_string().into_bytes();
        for (index, byte) in changes {
            let index = index.index(body.len());
            body[index] = byte;
        }
        let printed = format!("{:?}", read(&body, &expected()));
        prop_assert!(!printed.contains("paytok_test_z"));
    }
}
