//! What a mutation does before the signature is made, and the signature itself.

use hmac::Hmac;
use hmac::Mac;
use sha1::Sha1;
use sha2::Sha256;
use sha2::Sha512;
use tokenledger::smartpay::keys::decode_key;
use tokenledger::smartpay::signature::mac;

use crate::bad_input::case::Case;
use crate::bad_input::case::Step;
use crate::bodies::NOW_MS;
use crate::bodies::TOKEN;
use crate::bodies::base;
use crate::bodies::mutated;
use crate::request::Framing;
use crate::request::Request;
use crate::world::DEV;
use crate::world::LIVE;
use crate::world::PREVIOUS;
use crate::world::REVOKED;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;

const BASE_ID: &str = "evt_test_X";
const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const OTHER_DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A delivery that is about to be signed.
#[derive(Clone)]
pub(crate) struct Unsigned {
    pub(crate) body: Vec<u8>,
    pub(crate) event_id: String,
    pub(crate) timestamp: String,
    secret: &'static str,
    mac: String,
    framing: Framing,
}

impl Unsigned {
    pub(crate) fn of(case: &Case) -> Self {
        let mut unsigned = Self {
            body: named(case, base().to_string().as_bytes()),
            event_id: case.event_id(),
            timestamp: NOW_MS.to_string(),
            secret: SECRET,
            mac: "right".to_owned(),
            framing: Framing::Length,
        };
        for step in case.steps() {
            unsigned.apply(case, &step);
        }
        unsigned
    }

    pub(crate) fn sign(&self) -> Request {
        let mut request = Request::new("POST", DEV)
            .with("Content-Type", "application/json")
            .with("Smartpay-Signature", &self.signature())
            .with("Smartpay-Signature-Timestamp", &self.timestamp)
            .with("Smartpay-Subscription-Id", SUBSCRIPTION)
            .with("Smartpay-Event-Id", &self.event_id)
            .body(self.body.clone());
        request.framing = self.framing.clone();
        request
    }

    fn apply(&mut self, case: &Case, step: &Step<'_>) {
        match step.name {
            "body" => {
                let text = step.text(0);
                self.body = body(case, &text);
                if let Some(id) = text.strip_prefix("@evid:") {
                    id.clone_into(&mut self.event_id);
                }
            }
            "ts" => self.timestamp = (NOW_MS + step.number(0)).to_string(),
            "tsraw" if step.text(0) == "S" => self.timestamp = (NOW_MS / 1_000).to_string(),
            "tsraw" => self.timestamp = step.text(0),
            "secret" => self.secret = secret(&step.text(0)),
            "mac" => self.mac = step.text(0),
            "pad" => self.pad(step.size(0)),
            "chunked" => {
                self.framing = Framing::Chunked;
                if step.size(0) > 0 {
                    self.body = vec![b'x'; step.size(0)];
                }
            }
            _ => {}
        }
    }

    fn pad(&mut self, bytes: usize) {
        let text = String::from_utf8(self.body.clone()).unwrap();
        let (before, after) = text.split_once("\"metadata\":{}").unwrap();
        let frame = before.len() + after.len() + "\"metadata\":{\"p\":\"\"}".len();
        let padding = "x".repeat(bytes - frame);
        self.body = format!("{before}\"metadata\":{{\"p\":\"{padding}\"}}{after}").into_bytes();
    }

    fn signature(&self) -> String {
        let key = decode_key(self.secret).unwrap();
        let (timestamp, body) = (self.timestamp.as_bytes(), self.body.as_slice());
        let dotted = [timestamp, b".", body].concat();
        match self.mac.as_str() {
            "right" => hex::encode(mac(&key, &self.timestamp, body)),
            "body" => sha256(&key, body),
            "nodot" => sha256(&key, &[timestamp, body].concat()),
            "asciikey" => sha256(self.secret.as_bytes(), &dotted),
            "alpha2" => sha256(&decode_key(&in_other_digits(self.secret)).unwrap(), &dotted),
            "sha1" => {
                let mac = Hmac::<Sha1>::new_from_slice(&key).unwrap().chain_update(&dotted);
                hex::encode(mac.finalize().into_bytes())
            }
            "sha512" => {
                let mac = Hmac::<Sha512>::new_from_slice(&key).unwrap().chain_update(&dotted);
                hex::encode(mac.finalize().into_bytes()).chars().take(64).collect()
            }
            other => panic!("an unknown MAC: {other}"),
        }
    }
}

/// The vendor's published delivery, as it is.
pub(crate) fn golden() -> Request {
    let vectors = std::fs::read("tests/vectors/smartpay-signature.json").unwrap();
    let vectors: serde_json::Value = serde_json::from_slice(&vectors).unwrap();
    let first = vectors.pointer("/vectors/0").unwrap();
    let text = |name: &str| first.get(name).unwrap().as_str().unwrap();
    Request::new("POST", DEV)
        .with("Content-Type", "application/json")
        .with("Smartpay-Signature", text("signature"))
        .with("Smartpay-Signature-Timestamp", text("timestamp"))
        .with("Smartpay-Subscription-Id", SUBSCRIPTION)
        .with("Smartpay-Event-Id", "evt_test_dwPfFKu5iSEKyHR2LFj9Lx")
        .body(text("body"))
}

fn body(case: &Case, mutation: &str) -> Vec<u8> {
    named(case, &mutated(mutation))
}

/// With the ids of this case.
fn named(case: &Case, body: &[u8]) -> Vec<u8> {
    let body = replaced(body, BASE_ID.as_bytes(), case.event_id().as_bytes());
    replaced(&body, TOKEN.as_bytes(), case.token().as_bytes())
}

pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        let (before, after) = rest.split_at(at);
        result.extend(before);
        result.extend(to);
        rest = after.split_at(from.len()).1;
    }
    result.extend(rest);
    result
}

fn secret(name: &str) -> &'static str {
    match name {
        "previous" => PREVIOUS,
        "revoked" => REVOKED,
        "live" => LIVE,
        other => panic!("an unknown secret: {other}"),
    }
}

fn sha256(key: &[u8], message: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message);
    hex::encode(mac.finalize().into_bytes())
}

/// The same digits' values, read by another alphabet.
fn in_other_digits(text: &str) -> String {
    let value = |character: char| OTHER_DIGITS.find(character).unwrap();
    text.chars().map(|character| DIGITS.chars().nth(value(character)).unwrap()).collect()
}
