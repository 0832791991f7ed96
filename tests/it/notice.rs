//! Webhook bodies: what each is taken for, and what is kept of it.

use serde_json::Value;
use serde_json::json;

use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::Reason;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::notice::Message;
use tokenledger::smartpay::notice::Quarantined;
use tokenledger::smartpay::notice::read;
use tokenledger::token::Said;

use crate::bodies::DATA;
use crate::bodies::NOW_MS;
use crate::bodies::REFERENCE;
use crate::bodies::STATUS;
use crate::bodies::TOKEN;
use crate::bodies::TOKEN_ID;
use crate::bodies::TYPE;
use crate::bodies::WINDOW_MS;
use crate::bodies::base;
use crate::bodies::expected;
use crate::bodies::mutated;
use crate::bodies::set;
use crate::bodies::verdict;
use crate::bodies::with;
use crate::bodies::without;

fn verdict_of(body: &Value) -> String {
    verdict(&serde_json::to_vec(body).unwrap())
}

fn quarantined(body: &[u8]) -> Quarantined {
    read(body, &expected()).unwrap_err()
}

fn reference_kept(value: Value) -> Option<String> {
    let body = serde_json::to_vec(&with(REFERENCE, value)).unwrap();
    match read(&body, &expected()) {
        Ok(Message::Token { notice, .. }) => notice.reference.map(|kept| kept.as_str().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_field_of_another_value_gets_its_verdict() {
    let table = [
        ("/id", json!(7), "event_id_invalid"),
        ("/id", json!(""), "event_id_invalid"),
        ("/id", json!("evt_test_"), "event_id_invalid"),
        ("/id", json!("evt_prod_a"), "event_id_invalid"),
        ("/id", json!("evt_test_a b"), "event_id_invalid"),
        ("/id", json!("evt_test_é"), "event_id_invalid"),
        ("/id", json!(format!("evt_test_{}", "a".repeat(129))), "event_id_invalid"),
        ("/id", json!(format!("evt_test_{TOKEN}")), "event_id_invalid"),
        ("/id", json!(format!("evt_test_{}", "a".repeat(128))), "token.approved"),
        ("/id", json!("evt_live_a"), "mode_mismatch"),
        ("/object", json!("token"), "unknown_shape"),
        ("/object", json!(1), "unknown_shape"),
        ("/object", json!(null), "token.approved"),
        ("/test", json!(false), "mode_mismatch"),
        ("/test", json!("true"), "unknown_shape"),
        ("/test", json!(1), "unknown_shape"),
        ("/test", json!(null), "unknown_shape"),
        ("/createdAt", json!(-1), "implausible_time"),
        ("/createdAt", json!(NOW_MS / 1000), "implausible_time"),
        ("/createdAt", json!(NOW_MS.to_string()), "implausible_time"),
        ("/createdAt", json!(NOW_MS + WINDOW_MS), "token.approved"),
        ("/createdAt", json!(NOW_MS + WINDOW_MS + 1), "implausible_time"),
        ("/eventData", json!([]), "unknown_shape"),
        ("/eventData", json!(null), "unknown_shape"),
        (TYPE, json!(null), "unknown_shape"),
        (TYPE, json!(["token.approved"]), "unknown_shape"),
        (TYPE, json!("token."), "unknown_type"),
        (TYPE, json!("token.canceled"), "unknown_type"),
        (TYPE, json!("token.approved "), "unknown_type"),
        (TYPE, json!("token.Approved"), "unknown_type"),
        (TYPE, json!("token"), "ignored"),
        (TYPE, json!(" token.approved"), "ignored"),
        (TYPE, json!("tokens.approved"), "ignored"),
        (TYPE, json!("order.authorized"), "ignored"),
        (TYPE, json!(""), "ignored"),
        (DATA, json!(null), "unknown_shape"),
        (DATA, json!([TOKEN]), "unknown_shape"),
        (DATA, json!(TOKEN), "unknown_shape"),
        ("/eventData/data/object", json!("order"), "unknown_shape"),
        ("/eventData/data/object", json!(null), "token.approved"),
        ("/eventData/data/test", json!(false), "mode_mismatch"),
        (TOKEN_ID, json!(12), "token_id_invalid"),
        (TOKEN_ID, json!("order_test_abc"), "token_id_invalid"),
        (TOKEN_ID, json!("paytok_test_"), "token_id_invalid"),
        (TOKEN_ID, json!("paytok_test_a\n"), "token_id_invalid"),
        (TOKEN_ID, json!("paytok_test_x';drop table inputs;--"), "token_id_invalid"),
        (TOKEN_ID, json!(format!("paytok_test_{}", "a".repeat(49))), "token_id_invalid"),
        (TOKEN_ID, json!(format!("paytok_test_{}", "a".repeat(48))), "token.approved"),
        (TOKEN_ID, json!("paytok_live_a"), "mode_mismatch"),
        (STATUS, json!(null), "unknown_shape"),
        (STATUS, json!("paused"), "unknown_status"),
        (STATUS, json!("Active"), "unknown_status"),
        ("/eventData/data/updatedAt", json!(0), "implausible_time"),
        ("/eventData/data/updatedAt", json!(1_577_836_799_999_i64), "implausible_time"),
        ("/eventData/data/updatedAt", json!(1_577_836_800_000_i64), "token.approved"),
        ("/eventData/data/updatedAt", json!(NOW_MS * 10), "implausible_time"),
        ("/eventData/data/createdAt", json!(NOW_MS * 1000), "implausible_time"),
        ("/eventData/data/metadata", json!("none"), "token.approved"),
        ("/eventData/version", json!({"a": 1}), "token.approved"),
    ];
    for (pointer, value, verdict_expected) in table {
        let found = verdict_of(&with(pointer, value.clone()));
        assert_eq!(found, verdict_expected, "{pointer} = {value}");
    }
}

#[test]
fn a_missing_field_gets_its_verdict() {
    let table = [
        ("/id", "event_id_invalid"),
        ("/object", "token.approved"),
        ("/createdAt", "implausible_time"),
        ("/test", "unknown_shape"),
        ("/eventData", "unknown_shape"),
        (TYPE, "unknown_shape"),
        ("/eventData/version", "token.approved"),
        (DATA, "unknown_shape"),
        (TOKEN_ID, "token_id_invalid"),
        ("/eventData/data/object", "token.approved"),
        ("/eventData/data/test", "token.approved"),
        ("/eventData/data/createdAt", "implausible_time"),
        ("/eventData/data/updatedAt", "implausible_time"),
        (REFERENCE, "token.approved"),
        (STATUS, "unknown_shape"),
        ("/eventData/data/metadata", "token.approved"),
    ];
    for (pointer, verdict_expected) in table {
        assert_eq!(verdict_of(&without(pointer)), verdict_expected, "without {pointer}");
    }
}

#[test]
fn what_is_not_an_event_is_of_an_unknown_shape() {
    for body in ["null", "true", "1", "\"x\"", "[]", "{}", "[{\"id\":\"evt_test_X\"}]"] {
        assert_eq!(verdict(body.as_bytes()), "unknown_shape", "{body}");
    }
}

#[test]
fn an_event_about_something_else_is_ignored_whatever_its_shape_but_not_its_mode() {
    let about = |kind: &str, data: Value| {
        let mut body = with(TYPE, json!(kind));
        set(&mut body, DATA, Some(data));
        set(&mut body, "/object", Some(json!("anything")));
        set(&mut body, "/createdAt", None);
        body
    };
    assert_eq!(verdict_of(&about("order.authorized", json!({"id": "order_test_a"}))), "ignored");
    assert_eq!(verdict_of(&about("payout.paid", json!(null))), "ignored");
    let mut other_mode = about("order.authorized", json!({"id": "order_test_a", "test": false}));
    assert_eq!(verdict_of(&other_mode), "mode_mismatch");
    other_mode = about("order.authorized", json!({"id": "paytok_live_a"}));
    assert_eq!(verdict_of(&other_mode), "mode_mismatch");
    other_mode = about("order.authorized", json!({}));
    set(&mut other_mode, "/test", Some(json!(false)));
    assert_eq!(verdict_of(&other_mode), "mode_mismatch");
    set(&mut other_mode, "/test", None);
    assert_eq!(verdict_of(&other_mode), "unknown_shape");
}

#[test]
fn an_ignored_type_is_kept_only_if_it_can_be_printed() {
    let long = "a".repeat(65);
    let table = [
        ("order.authorized", "order.authorized"),
        ("merchant_user.password_reset", "merchant_user.password_reset"),
        ("order authorized", "unprintable"),
        ("<script>", "unprintable"),
        (TOKEN, "unprintable"),
        (&long, "unprintable"),
        ("", "unprintable"),
    ];
    for (kind, kept) in table {
        let body = serde_json::to_vec(&with(TYPE, json!(kind))).unwrap();
        assert_eq!(read(&body, &expected()).unwrap().kind(), kept);
    }
}

#[test]
fn a_quarantined_body_still_says_what_could_be_read_of_it() {
    let body = with(STATUS, json!("paused")).to_string();
    let found = quarantined(body.as_bytes());
    assert_eq!(found.reason, Reason::UnknownStatus);
    assert_eq!(found.event_id.unwrap().as_str(), "evt_test_X");
    assert_eq!(found.kind.as_deref(), Some("token.approved"));
    assert_eq!(found.token, Some(TokenId::parse(TOKEN).unwrap()));

    let body = with(TYPE, json!(format!("token.{TOKEN}"))).to_string();
    let found = quarantined(body.as_bytes());
    assert_eq!((found.reason, found.kind), (Reason::UnknownType, None));
    assert!(found.token.is_some());

    let found = quarantined(&mutated("@dupid"));
    assert_eq!((found.event_id, found.kind, found.token), (None, None, None));
}

#[test]
fn a_reference_that_cannot_be_kept_is_left_out() {
    assert_eq!(reference_kept(json!("c1")).as_deref(), Some("c1"));
    assert_eq!(reference_kept(json!("=cmd|' /C calc'!A0")).as_deref(), Some("=cmd|' /C calc'!A0"));
    assert_eq!(
        reference_kept(json!("\u{202e}\u{200b}😀e\u{301}")).as_deref(),
        Some("\u{202e}\u{200b}😀e\u{301}")
    );
    for odd in [json!(null), json!(7), json!(["c1"]), json!("x".repeat(256)), json!(TOKEN)] {
        assert_eq!(reference_kept(odd), None);
    }
}

#[test]
fn the_use_of_a_token_is_dated_by_its_event_and_marked_when_odd() {
    let mut body = with(TYPE, json!("token.used"));
    for (status, marked) in [("active", None), ("disabled", Some(Said::Disabled))] {
        set(&mut body, STATUS, Some(json!(status)));
        match read(body.to_string().as_bytes(), &expected()) {
            Ok(Message::Used { used_at, unusual, token, .. }) => {
                assert_eq!((used_at.millis(), unusual), (NOW_MS - 20, marked));
                assert_eq!(token.expose(), TOKEN);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_message_names_its_token_where_it_has_one() {
    let named = |kind: &str| {
        let body = with(TYPE, json!(kind)).to_string();
        let message = read(body.as_bytes(), &expected()).unwrap();
        message.token().map(|token| token.expose().to_owned())
    };
    for kind in ["token.approved", "token.used"] {
        assert_eq!(named(kind).as_deref(), Some(TOKEN));
    }
    assert_eq!(named("order.authorized"), None);
}

#[test]
fn a_body_in_the_other_mode_is_read_by_a_ledger_of_that_mode_only() {
    let body = base().to_string().replace("_test_", "_live_").replace("true", "false");
    assert_eq!(verdict(body.as_bytes()), "mode_mismatch");
    let live = Expected { mode: Mode::Live, ..expected() };
    assert_eq!(read(body.as_bytes(), &live).unwrap().kind(), "token.approved");
    assert!(read(base().to_string().as_bytes(), &live).is_err());
}

#[test]
fn no_message_prints_a_token_id() {
    let bodies = [base(), with(TYPE, json!("token.used")), with(STATUS, json!("paused"))];
    for body in bodies.into_iter().chain([with(REFERENCE, json!(TOKEN)), with(TYPE, json!(TOKEN))])
    {
        let printed = format!("{:?}", read(body.to_string().as_bytes(), &expected()));
        assert!(!printed.contains("paytok_") && !printed.contains("zAo001"), "{printed}");
    }
}
