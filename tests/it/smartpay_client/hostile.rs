//! Answers that no honest server gives.

use std::time::Duration;

use tokenledger::smartpay::client::ANSWER_BYTES_MAX;
use tokenledger::smartpay::client::Call;
use tokenledger::smartpay::client::Called;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::Outcome;
use tokenledger::smartpay::client::Unknown;

use crate::smartpay_client::LIMITS;
use crate::smartpay_client::PATIENT;
use crate::smartpay_client::client;
use crate::smartpay_client::client_with;
use crate::smartpay_client::key;
use crate::smartpay_client::server::Server;
use crate::smartpay_client::server::Then;
use crate::smartpay_client::server::answer;
use crate::smartpay_client::token;

const FLOOD_BYTES: usize = 50 * 1024 * 1024;
/// What sockets may hold on both sides beyond what the client reads.
const BUFFERS_BYTES_MAX: usize = 16 * 1024 * 1024;

async fn after(then: Then) -> (Called, Server) {
    let server = Server::of(vec![then]).await;
    let called = client(&server.url()).send(&Call::enable(&token(), &key()), PATIENT).await;
    (called, server)
}

#[tokio::test]
async fn a_flood_is_left_at_the_limit_and_not_asked_for_again() {
    let (called, server) = after(Then::Flood(FLOOD_BYTES)).await;
    assert!(matches!(called.outcome, Outcome::Unknown(Unknown::TooLarge)), "{called:?}");
    assert_eq!(server.requests().len(), 1);
    assert!(server.flooded() < ANSWER_BYTES_MAX + BUFFERS_BYTES_MAX, "{}", server.flooded());
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_byte_larger() {
    let (called, _server) = after(answer(200, "", &"a".repeat(ANSWER_BYTES_MAX))).await;
    let Outcome::Answered(answered) = called.outcome else { panic!("{called:?}") };
    assert_eq!(answered.body.len(), ANSWER_BYTES_MAX);
    let (called, _server) = after(answer(200, "", &"a".repeat(ANSWER_BYTES_MAX + 1))).await;
    assert!(matches!(called.outcome, Outcome::Unknown(Unknown::TooLarge)), "{called:?}");
}

#[tokio::test]
async fn a_server_that_dawdles_is_left_and_the_outcome_unknown() {
    let limits = Limits { tries_max: 1, try_timeout: Duration::from_millis(100), ..LIMITS };
    for begun in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        let server = Server::of(vec![Then::Hold(begun.as_bytes().to_vec())]).await;
        let client = client_with(&server.url(), limits);
        let called = client.send(&Call::disable(&token(), &key()), PATIENT).await;
        assert!(
            matches!(called.outcome, Outcome::Unknown(Unknown::TimedOut)),
            "{begun} {called:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_http_or_breaks_off_is_unknown() {
    let long_head = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(256 * 1024));
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 999999 OK\r\n\r\n",
        "HTTP/9.1 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\0\0\0\0",
        &long_head,
    ] {
        let (called, _server) = after(Then::Bytes(bytes.as_bytes().to_vec())).await;
        let shown: String = bytes.chars().take(80).collect();
        assert!(matches!(called.outcome, Outcome::Unknown(Unknown::Cut(_))), "{shown} {called:?}");
    }
}

#[tokio::test]
async fn redirects_are_answers_and_bodies_stay_as_they_came() {
    for (status, headers) in [
        (307, "location: /v1/elsewhere\r\n"),
        (302, "location: http://192.0.2.1/\r\n"),
        (200, "content-encoding: gzip\r\ncontent-type: text/html\r\nset-cookie: a=b\r\n"),
    ] {
        let (called, server) = after(answer(status, headers, "\u{1f}not gzip")).await;
        let Outcome::Answered(answered) = called.outcome else { panic!("{called:?}") };
        assert_eq!(
            (answered.status, answered.body.as_slice()),
            (status, b"\x1fnot gzip".as_slice())
        );
        assert_eq!(server.requests().len(), 1);
    }
}
