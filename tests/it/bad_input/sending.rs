//! How a case is sent: once, again, at once, half.

use std::net::SocketAddr;

use tokio::task::JoinSet;

use crate::bad_input::case::Case;
use crate::bad_input::case::Literal;
use crate::bad_input::case::Step;
use crate::bad_input::signing::Unsigned;
use crate::bad_input::signing::golden;
use crate::bad_input::signing::replaced;
use crate::bad_input::spoil::spoil;
use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::API_KEY;

/// Answers to everything that was sent, and the body whose row is looked for.
pub(crate) struct Sent {
    pub(crate) answers: Vec<Answer>,
    pub(crate) body: Vec<u8>,
}

pub(crate) async fn send(address: SocketAddr, case: Case) -> Sent {
    let unsigned = Unsigned::of(&case);
    let mut request = unsigned.sign();
    for step in case.steps() {
        assert!(KNOWN.contains(&step.name), "an unknown mutation: {}", step.name);
        spoil(&mut request, &step);
    }
    let way = case.steps().find(|step| WAYS.contains(&step.name));
    let Some(way) = way else {
        let answers = vec![one(address, &request).await];
        return Sent { answers, body: request.body };
    };
    in_way(address, &way, unsigned, request).await
}

/// A request of `surface: rest`.
pub(crate) async fn send_literal(address: SocketAddr, literal: &Literal) -> Answer {
    let keyed = |text: &str| text.replace("{api_key}", API_KEY);
    let mut request = Request::new(&literal.method, &keyed(&literal.path));
    for (name, value) in &literal.headers {
        request = request.with(name, &keyed(value));
    }
    one(address, &request.body(literal.body.clone().unwrap_or_default())).await
}

/// Steps that say how to send.
const WAYS: [&str; 10] = [
    "slowhdr",
    "raw",
    "rawh2",
    "repeat",
    "concurrent",
    "pipeline",
    "resend_ts",
    "resend_evid",
    "resend_body",
    "golden",
];

/// Every step that there is.
const KNOWN: [&str; 36] = [
    "body",
    "ts",
    "tsraw",
    "secret",
    "mac",
    "sigmap",
    "drop",
    "set",
    "dup",
    "dupfirst",
    "flip",
    "append",
    "reorder",
    "escape",
    "tsalter",
    "pad",
    "chunked",
    "method",
    "path",
    "ver",
    "cl",
    "cl2",
    "clte",
    "short",
    "bighdr",
    "manyhdr",
    "slowhdr",
    "raw",
    "rawh2",
    "repeat",
    "concurrent",
    "pipeline",
    "resend_ts",
    "resend_evid",
    "resend_body",
    "golden",
];

async fn in_way(address: SocketAddr, way: &Step<'_>, unsigned: Unsigned, request: Request) -> Sent {
    let body = request.body.clone();
    let answers = match way.name {
        "slowhdr" => vec![bytes(address, half_a_head(&request)).await],
        "raw" => vec![bytes(address, way.text(0).into_bytes()).await],
        "rawh2" => vec![bytes(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()).await],
        "repeat" => {
            let times = if way.has_value() { way.size(0) } else { 2 };
            let mut answers = Vec::new();
            for _ in 0..times {
                answers.push(one(address, &request).await);
            }
            answers
        }
        "concurrent" => at_once(address, &request, way.size(0)).await,
        "pipeline" => on_one_connection(address, &request, way.size(0)).await,
        "golden" => {
            let golden = golden();
            let answers = vec![one(address, &golden).await];
            return Sent { answers, body: golden.body };
        }
        _ => return resend(address, way, unsigned, request).await,
    };
    Sent { answers, body }
}

/// A second delivery of the same event.
async fn resend(
    address: SocketAddr,
    way: &Step<'_>,
    mut unsigned: Unsigned,
    first: Request,
) -> Sent {
    let mut answers = vec![one(address, &first).await];
    match way.name {
        "resend_ts" => {
            let signed_at = unsigned.timestamp.parse::<i64>().unwrap();
            unsigned.timestamp = (signed_at + way.number(0)).to_string();
        }
        "resend_evid" => unsigned.event_id = way.text(0),
        _ => unsigned.body = replaced(&unsigned.body, b"\"active\"", b"\"rejected\""),
    }
    let second = unsigned.sign();
    answers.push(one(address, &second).await);
    Sent { answers, body: second.body }
}

async fn at_once(address: SocketAddr, request: &Request, times: usize) -> Vec<Answer> {
    let mut sending = JoinSet::new();
    for _ in 0..times {
        let request = request.clone();
        sending.spawn(async move { one(address, &request).await });
    }
    sending.join_all().await
}

pub(crate) async fn on_one_connection(
    address: SocketAddr,
    request: &Request,
    times: usize,
) -> Vec<Answer> {
    let mut wire = Wire::connect(address).await;
    wire.send(&request.bytes().repeat(times)).await;
    let mut answers = Vec::new();
    for _ in 0..times {
        answers.push(wire.answer(request.is_head()).await);
    }
    answers
}

pub(crate) async fn one(address: SocketAddr, request: &Request) -> Answer {
    let mut wire = Wire::connect(address).await;
    wire.send(&request.clone().set("Connection", "close").bytes()).await;
    wire.answer(request.is_head()).await
}

async fn bytes(address: SocketAddr, bytes: Vec<u8>) -> Answer {
    let mut wire = Wire::connect(address).await;
    wire.send(&bytes).await;
    wire.answer(false).await
}

/// Up to the middle of the header behind the first two.
fn half_a_head(request: &Request) -> Vec<u8> {
    let bytes = request.bytes();
    let place = bytes.windows(8).position(|window| window == b"Smartpay").unwrap();
    bytes.split_at(place + 12).0.to_vec()
}
