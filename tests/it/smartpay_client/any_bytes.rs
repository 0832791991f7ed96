//! No bytes make a reader panic, and no error repeats what must not be shown.

use proptest::prelude::any;
use proptest::prop_assert;
use proptest::proptest;
use proptest::sample::Index;
use serde_json::json;

use tokenledger::smartpay::Mode;
use tokenledger::smartpay::client::Earlier;
use tokenledger::smartpay::client::answer::Received;
use tokenledger::smartpay::client::answer::changed;
use tokenledger::smartpay::client::answer::deleted;
use tokenledger::smartpay::client::answer::endpoint;
use tokenledger::smartpay::client::answer::endpoints;
use tokenledger::smartpay::client::answer::session;
use tokenledger::smartpay::client::answer::sessions;
use tokenledger::smartpay::client::answer::token;
use tokenledger::smartpay::client::answer::tokens;

use crate::smartpay_client::answers::a_session;
use crate::smartpay_client::answers::a_token;
use crate::smartpay_client::answers::an_endpoint;
use crate::smartpay_client::answers::expected;
use crate::smartpay_client::token as asked;

const STATUSES: [u16; 9] = [100, 200, 201, 204, 302, 401, 404, 429, 500];
/// Parts of the token id and of the signing secret that stand in the bodies.
const HIDDEN: [&str; 2] = ["zAo001", "9Abcsj"];

/// Everything that any reader makes of these bytes, as it would be printed.
fn all_said(received: Received<'_>) -> Vec<String> {
    let mode = Mode::Test;
    let expected = expected();
    vec![
        format!("{:?}", token(received, &asked(), &expected)),
        format!("{:?}", session(received, None, &expected)),
        format!("{:?}", endpoint(received, None, mode)),
        format!("{:?}", tokens(received, None, &expected)),
        format!("{:?}", sessions(received, None, &expected)),
        format!("{:?}", endpoints(received, None, mode)),
        format!("{:?}", changed(received)),
        format!("{:?}", deleted(received, Earlier::MayHaveActed)),
        token(received, &asked(), &expected)
            .map_or_else(|wrong| wrong.to_string(), |_| String::new()),
        session(received, None, &expected)
            .map_or_else(|wrong| wrong.to_string(), |_| String::new()),
    ]
}

fn bodies() -> Vec<Vec<u8>> {
    let rows = json!([a_token(), a_session(), an_endpoint()]);
    let page = json!({"object": "collection", "data": rows, "nextPageToken": "p"});
    let error =
        json!({"statusCode": 404, "errorCode": "token.not-found", "message": "paytok_test_zAo001"});
    [a_token(), a_session(), an_endpoint(), page, error]
        .map(|body| body.to_string().into_bytes())
        .to_vec()
}

proptest! {
    #[test]
    fn bytes_of_any_kind_are_read_or_refused(
        bytes in any::<Vec<u8>>(),
        status in any::<Index>(),
    ) {
        let status = *status.get(&STATUSES);
        all_said(Received { status, body: &bytes });
    }

    /// Good bodies with a few bytes changed or taken out reach deeper than chance does.
    #[test]
    fn damaged_answers_are_read_or_refused_and_nothing_of_them_is_repeated(
        body in any::<Index>(),
        status in any::<Index>(),
        damage in proptest::collection::vec((any::<Index>(), any::<Option<u8>>()), 0..4),
    ) {
        let mut bytes = body.get(&bodies()).clone();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            match byte {
                Some(byte) => bytes[place] = byte,
                None => drop(bytes.remove(place)),
            }
        }
        let received = Received { status: *status.get(&STATUSES), body: &bytes };
        for said in all_said(received) {
            prop_assert!(HIDDEN.iter().all(|hidden| !said.contains(hidden)), "{}", said);
        }
    }
}
