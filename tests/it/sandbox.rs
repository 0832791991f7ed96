//! The pretend Smartpay: what can happen to a token, and how it is told.

use std::fs;

use chrono::DateTime;
use chrono::Utc;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use tokenledger::sandbox::Action;
use tokenledger::sandbox::Message;
use tokenledger::sandbox::Token;
use tokenledger::token::Reference;
use tokenledger::token::Said;

const STATUSES: [Option<Said>; 6] = [
    None,
    Some(Said::RequiresAuthorization),
    Some(Said::Active),
    Some(Said::Rejected),
    Some(Said::Disabled),
    Some(Said::Deleted),
];

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_700_000_000_000).unwrap()
}

fn create(rng: &mut StdRng) -> (Token, Message) {
    Token::create(Some(Reference::parse("sub-0001").unwrap()), noon(), rng)
}

/// The vendor's sample of this event, with the ids and times of ours.
fn sample(name: &str, ours: &Message) -> String {
    let text = fs::read("tests/vectors/smartpay-signature.json").unwrap();
    let vectors: Value = serde_json::from_slice(&text).unwrap();
    let mut all = vectors.get("vectors").unwrap().as_array().unwrap().iter();
    let theirs = all.find(|vector| vector["name"] == name).unwrap()["body"].as_str().unwrap();
    let of = |body: &Value, pointer: &str| body.pointer(pointer).unwrap().to_string();
    let (from, to): (Value, Value) =
        (serde_json::from_str(theirs).unwrap(), serde_json::from_slice(ours.body()).unwrap());
    let pointers = [
        "/id",
        "/createdAt",
        "/eventData/data/id",
        "/eventData/data/createdAt",
        "/eventData/data/updatedAt",
    ];
    pointers.iter().fold(theirs.to_owned(), |text, pointer| {
        text.replace(&of(&from, pointer), &of(&to, pointer))
    })
}

#[test]
fn only_what_smartpay_has_can_happen_to_a_token() {
    let legal = [
        (None, Action::Create, Said::RequiresAuthorization),
        (Some(Said::RequiresAuthorization), Action::Approve, Said::Active),
        (Some(Said::RequiresAuthorization), Action::Reject, Said::Rejected),
        (Some(Said::Active), Action::Disable, Said::Disabled),
        (Some(Said::Active), Action::Delete, Said::Deleted),
        (Some(Said::Active), Action::Use, Said::Active),
        (Some(Said::Disabled), Action::Enable, Said::Active),
        (Some(Said::Disabled), Action::Delete, Said::Deleted),
    ];
    for status in STATUSES {
        for action in Action::ALL {
            let expected = legal.iter().find(|(from, by, _)| (*from, *by) == (status, action));
            let found = action.applied_to(status).ok();
            assert_eq!(found, expected.map(|(_, _, to)| *to), "{action} of {status:?}");
        }
    }
}

#[test]
fn a_refusal_says_what_is_possible_instead() {
    let refusal = |action: Action, status| action.applied_to(status).unwrap_err().to_string();
    assert_eq!(
        refusal(Action::Enable, Some(Said::Active)),
        "there is no token.enabled for a token that is active: possible now is token.disabled, \
         token.deleted, token.used"
    );
    assert!(refusal(Action::Enable, Some(Said::Deleted)).ends_with("choose another token"));
    assert!(refusal(Action::Use, None).ends_with("possible now is token.created"));
}

#[test]
fn every_action_reads_back_from_its_event() {
    for action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Ok(action));
    }
    assert!(Action::parse("token.canceled").unwrap_err().to_string().contains("token.rejected"));
}

#[test]
fn bodies_are_rendered_byte_for_byte_as_in_the_samples() {
    let mut rng = rng();
    let (mut token, created) = create(&mut rng);
    assert_eq!(std::str::from_utf8(created.body()).unwrap(), sample("token-created", &created));
    for (name, action) in [
        ("token-approved", Action::Approve),
        ("token-disabled", Action::Disable),
        ("token-deleted", Action::Delete),
    ] {
        let told = token.apply(action, noon(), &mut rng).unwrap();
        assert_eq!(std::str::from_utf8(told.body()).unwrap(), sample(name, &told));
    }
}

#[test]
fn changes_of_one_millisecond_are_told_apart_and_a_use_is_no_change() {
    let mut rng = rng();
    let (mut token, _) = create(&mut rng);
    let mut updated_ms = vec![];
    for action in [Action::Approve, Action::Disable, Action::Enable, Action::Use, Action::Delete] {
        token.apply(action, noon(), &mut rng).unwrap();
        updated_ms.push(token.updated_at().millis() - noon().timestamp_millis());
    }
    assert_eq!(updated_ms, [1, 2, 3, 3, 4]);
}

#[test]
fn nothing_shows_a_token_id() {
    let shown = format!("{:?}", create(&mut rng()));
    assert!(!shown.contains("paytok_"), "{shown}");
}
