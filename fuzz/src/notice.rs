//! Webhook bodies: one verdict for ever, which follows from the body and gives no token id away.

use serde_json::Value;
use tokenledger::smartpay::EventId;
use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::Reason;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::ids::TOKEN_ID_PREFIX;
use tokenledger::smartpay::json;
use tokenledger::smartpay::notice::Message;
use tokenledger::smartpay::notice::Quarantined;
use tokenledger::smartpay::notice::read;
use tokenledger::token::ProviderTime;

const NOW_MS: i64 = 1_700_000_000_000;
const WINDOW_MS: i64 = 300_000;
/// 2020-01-01.
const TIME_MS_MIN: i64 = 1_577_836_800_000;

/// Panics where a body's verdict does not follow from it.
pub fn holds(bytes: &[u8]) {
    let test = expected(Mode::Test, WINDOW_MS);
    let found = read(bytes, &test);
    assert_eq!(found, read(bytes, &test), "another verdict the second time");
    let printed = format!("{found:?}");
    assert!(!printed.contains(TOKEN_ID_PREFIX), "a token id is printed");
    let other_mode = read(bytes, &expected(Mode::Live, WINDOW_MS));
    match &found {
        Ok(message) => {
            understood(bytes, message);
            let wider = read(bytes, &expected(Mode::Test, 2 * WINDOW_MS));
            assert_eq!(Ok(message), wider.as_ref(), "a wider window takes less");
            let reason = other_mode.map_err(|quarantined| quarantined.reason);
            assert_eq!(reason, Err(Reason::ModeMismatch), "taken in both modes");
        }
        Err(quarantined) => not_understood(bytes, quarantined),
    }
}

fn expected(mode: Mode, window_ms: i64) -> Expected {
    Expected { mode, received_at: ProviderTime::from_millis(NOW_MS), window_ms }
}

/// Everything in a message stands in the body, and is plausible.
fn understood(bytes: &[u8], message: &Message) {
    let body = json::read(bytes).expect("what was understood is strict JSON");
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    assert_eq!(text("/id"), Some(message.event_id().as_str()));
    assert_eq!(message.event_id().mode(), Mode::Test);
    assert_eq!(body.get("test"), Some(&Value::Bool(true)));
    let kind = text("/eventData/type").expect("what was understood has a type");
    assert_eq!(kind.starts_with("token."), message.token().is_some(), "{kind:?}");
    let id = text("/eventData/data/id");
    if let Some(token) = message.token() {
        assert_eq!((Some(token.expose()), token.mode()), (id, Mode::Test));
        assert_eq!(kind, message.kind());
    }
    let time = |pointer: &str| body.pointer(pointer).and_then(Value::as_i64);
    let plausible = |at: ProviderTime| (TIME_MS_MIN..=NOW_MS + WINDOW_MS).contains(&at.millis());
    match message {
        Message::Token { notice, .. } => {
            for (at, pointer) in [
                (notice.updated_at, "/eventData/data/updatedAt"),
                (notice.token_created_at, "/eventData/data/createdAt"),
                (notice.created_at, "/createdAt"),
            ] {
                assert_eq!(Some(at.millis()), time(pointer), "{pointer}");
                assert!(plausible(at), "{pointer}");
            }
            if let Some(reference) = &notice.reference {
                assert_eq!(Some(reference.as_str()), text("/eventData/data/reference"));
            }
        }
        Message::Used { used_at, .. } => {
            assert_eq!(Some(used_at.millis()), time("/createdAt"));
            assert!(plausible(*used_at));
        }
        Message::Ignored { kind: kept, .. } => {
            assert!(kept == kind || kept == "unprintable", "{kept:?}");
        }
    }
}

/// What is kept of a quarantined body stands in it.
fn not_understood(bytes: &[u8], quarantined: &Quarantined) {
    let Quarantined { reason, event_id, kind, token } = quarantined;
    let body = match json::read(bytes) {
        Ok(body) => body,
        Err(cause) => {
            assert_eq!(*reason, Reason::from(cause));
            assert_eq!((event_id, kind, token), (&None, &None, &None));
            return;
        }
    };
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    assert_eq!(*event_id, text("/id").and_then(|id| EventId::parse(id).ok()));
    let id = text("/eventData/data/id");
    assert_eq!(*token, id.and_then(|id| TokenId::parse(id).ok()));
    assert!(kind.is_none() || kind.as_deref() == text("/eventData/type"), "{kind:?}");
    let of_json = [
        Reason::MalformedJson,
        Reason::DuplicateKey,
        Reason::ForbiddenCharacter,
        Reason::TooDeep,
        Reason::Internal,
        Reason::HeaderIdMismatch,
    ];
    assert!(!of_json.contains(reason), "{reason}");
}
