//! What became of a call: answered, certainly not sent, or unknown; and how often it was tried.

use std::time::Duration;

use tokio::net::TcpListener;

use tokenledger::clock::Clock;
use tokenledger::smartpay::client::Answer;
use tokenledger::smartpay::client::Call;
use tokenledger::smartpay::client::Earlier;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::NotSent;
use tokenledger::smartpay::client::Outcome;
use tokenledger::smartpay::client::Unknown;
use tokenledger::smartpay::client::answer::Deleted;
use tokenledger::smartpay::client::answer::deleted;

use crate::smartpay_client::LIMITS;
use crate::smartpay_client::PATIENT;
use crate::smartpay_client::TRIES_MAX;
use crate::smartpay_client::client;
use crate::smartpay_client::client_with;
use crate::smartpay_client::key;
use crate::smartpay_client::server::Server;
use crate::smartpay_client::server::Then;
use crate::smartpay_client::server::answer;
use crate::smartpay_client::server::cut;
use crate::smartpay_client::token;

const NOT_FOUND: &str =
    r#"{"statusCode":404,"errorCode":"token.not-found","message":"","details":[]}"#;

fn answered(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Answered(answer) => answer,
        Outcome::NotSent(_) | Outcome::Unknown(_) => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_is_certain_and_one_that_is_cut_is_not() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", closed.local_addr().unwrap());
    drop(closed);
    let disable = Call::disable(&token(), &key());
    let called = client(&url).send(&disable, PATIENT).await;
    assert!(matches!(called.outcome, Outcome::NotSent(NotSent::NoConnection(_))), "{called:?}");

    for then in [cut(), Then::Leave] {
        let server = Server::of(vec![then]).await;
        let called = client(&server.url()).send(&disable, PATIENT).await;
        assert!(matches!(called.outcome, Outcome::Unknown(Unknown::Cut(_))), "{called:?}");
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_and_a_server_without_tls_are_certain() {
    let plain = Server::of(vec![Then::Leave]).await;
    for url in [format!("https://{}/v1", plain.address), "https://nowhere.invalid/v1".to_owned()] {
        // Once, because resolving may take its time.
        let client = client_with(&url, Limits { tries_max: 1, ..LIMITS });
        let called = client.send(&Call::delete(&token()), PATIENT).await;
        assert!(matches!(called.outcome, Outcome::NotSent(NotSent::NoConnection(_))), "{called:?}");
    }
}

#[tokio::test]
async fn a_call_without_time_is_not_sent() {
    let server = Server::of(vec![answer(200, "", "")]).await;
    let called = client(&server.url()).send(&Call::get_token(&token()), Duration::ZERO).await;
    assert!(matches!(called.outcome, Outcome::NotSent(NotSent::NoTime)), "{called:?}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn every_try_is_the_same_request_until_an_answer_is_final() {
    let script = vec![
        answer(429, "retry-after: 0\r\n", "{}"),
        cut(),
        answer(200, "idempotent-replay: true\r\n", "{}"),
    ];
    let server = Server::of(script).await;
    let call = Call::create_session(br#"{"mode":"token"}"#.to_vec(), &key());
    let before = Clock::system().now();
    let called = client(&server.url()).send(&call, PATIENT).await;
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| *request == requests[0]), "{requests:?}");
    assert_eq!(called.not_final.len(), 1);
    assert_eq!((called.not_final[0].status, called.not_final[0].earlier), (429, Earlier::NoEffect));
    let answer = answered(called.outcome);
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!((answer.replayed, answer.earlier), (true, Earlier::MayHaveActed));
    assert!(before <= answer.sent_at && answer.sent_at <= answer.answered_at);
}

#[tokio::test]
async fn the_own_key_sent_back_marks_no_replay() {
    let server = Server::of(vec![answer(200, "Idempotency-Key: a\r\n", "")]).await;
    let called = client(&server.url()).send(&Call::enable(&token(), &key()), PATIENT).await;
    assert!(!answered(called.outcome).replayed);
}

#[tokio::test]
async fn a_wish_to_wait_beyond_the_deadline_ends_the_call_at_once() {
    for wish in ["3600", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let server = Server::of(vec![answer(429, &format!("Retry-After: {wish}\r\n"), "")]).await;
        let called = client(&server.url()).send(&Call::enable(&token(), &key()), PATIENT).await;
        let answer = answered(called.outcome);
        assert!(answer.status == 429 && answer.retry_after > Some(PATIENT), "{answer:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn too_many_requests_are_a_refusal_and_a_failing_server_leaves_it_open() {
    let call = Call::disable(&token(), &key());
    let server = Server::of(vec![answer(429, "", "")]).await;
    let called = client(&server.url()).send(&call, PATIENT).await;
    assert_eq!((called.not_final.len(), answered(called.outcome).status), (2, 429));

    let server = Server::of(vec![answer(503, "", "")]).await;
    let called = client(&server.url()).send(&call, PATIENT).await;
    assert!(matches!(called.outcome, Outcome::Unknown(Unknown::NotFinal(503))), "{called:?}");
    assert_eq!(u32::try_from(called.not_final.len()), Ok(TRIES_MAX));
    assert_eq!(u32::try_from(server.requests().len()), Ok(TRIES_MAX));
}

#[tokio::test]
async fn a_refusal_after_an_unknown_try_settles_nothing_of_that_try() {
    for (status, body) in [(401, "{}"), (404, NOT_FOUND), (409, "{}")] {
        let server = Server::of(vec![cut(), answer(status, "", body)]).await;
        let called = client(&server.url()).send(&Call::disable(&token(), &key()), PATIENT).await;
        assert!(matches!(called.outcome, Outcome::Unknown(Unknown::Cut(_))), "{called:?}");
        assert_eq!(called.not_final.len(), 2);
    }
    // A question has no effect that could be open.
    let server = Server::of(vec![cut(), answer(404, "", NOT_FOUND)]).await;
    let called = client(&server.url()).send(&Call::get_token(&token()), PATIENT).await;
    assert_eq!(answered(called.outcome).status, 404);
}

#[tokio::test]
async fn not_there_after_a_try_to_delete_is_deleted_and_else_it_is_an_error() {
    let delete = Call::delete(&token());
    for (script, expected) in [
        (vec![answer(204, "", "")], Some(Deleted::Now)),
        (vec![cut(), answer(204, "", "")], Some(Deleted::Now)),
        (vec![cut(), answer(404, "", NOT_FOUND)], Some(Deleted::OnAnEarlierTry)),
        (vec![answer(500, "", ""), answer(404, "", NOT_FOUND)], Some(Deleted::OnAnEarlierTry)),
        (vec![answer(404, "", NOT_FOUND)], None),
        (vec![answer(429, "", ""), answer(404, "", NOT_FOUND)], None),
    ] {
        let server = Server::of(script.clone()).await;
        let called = client(&server.url()).send(&delete, PATIENT).await;
        let answer = answered(called.outcome);
        let read = deleted(answer.received(), answer.earlier);
        assert_eq!(read.ok(), expected, "{script:?}");
    }
}

#[tokio::test]
async fn a_resumed_call_says_what_an_earlier_process_may_have_done() {
    let delete = Call::delete(&token());
    let server = Server::of(vec![answer(404, "", NOT_FOUND)]).await;
    let called = client(&server.url()).resume(&delete, PATIENT).await;
    let last = answered(called.outcome);
    assert_eq!(deleted(last.received(), last.earlier), Ok(Deleted::OnAnEarlierTry));

    // A refusal of today says nothing of yesterday, and neither does no connection.
    let server = Server::of(vec![answer(401, "", "{}")]).await;
    let called = client(&server.url()).resume(&Call::disable(&token(), &key()), PATIENT).await;
    assert!(matches!(called.outcome, Outcome::Unknown(Unknown::SentEarlier)), "{called:?}");
    let closed = "http://127.0.0.1:1/v1";
    let called = client(closed).resume(&Call::disable(&token(), &key()), PATIENT).await;
    assert!(matches!(called.outcome, Outcome::Unknown(Unknown::SentEarlier)), "{called:?}");
    // A question has nothing to resume.
    let called = client(closed).resume(&Call::get_token(&token()), PATIENT).await;
    assert!(matches!(called.outcome, Outcome::NotSent(_)), "{called:?}");
}

#[tokio::test]
async fn a_page_of_a_gateway_settles_nothing_after_a_try_that_may_have_acted() {
    let page = "<html>";
    for (call, status) in [
        (Call::delete(&token()), 404),
        (Call::delete(&token()), 200),
        (Call::disable(&token(), &key()), 200),
        (Call::disable(&token(), &key()), 204),
        (Call::create_session(b"{}".to_vec(), &key()), 200),
    ] {
        let server = Server::of(vec![cut(), answer(status, "", page)]).await;
        let called = client(&server.url()).send(&call, PATIENT).await;
        assert!(matches!(called.outcome, Outcome::Unknown(_)), "{call:?} {status}: {called:?}");
    }
}
