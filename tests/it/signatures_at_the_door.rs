//! Signatures over HTTP: the vendor's vectors at their own time, and every bit that counts.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value;
use tokenledger::smartpay::SigningSecret;
use tokenledger::webhooks::Endpoints;
use tokio::task::JoinSet;

use crate::request::Request;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::Serving;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

/// Of the body, in the test of single bits: enough to meet keys, values and numbers.
const BODY_BITS: usize = 40;

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    secret: String,
    timestamp: String,
    body_base64: String,
    signature: String,
}

impl Vector {
    fn request(&self, endpoint: &str) -> Request {
        let body = STANDARD.decode(&self.body_base64).unwrap();
        let event_id = self.event().and_then(|event| Some(event.get("id")?.as_str()?.to_owned()));
        Request::new("POST", &format!("/webhooks/smartpay/{endpoint}"))
            .with("Content-Type", "application/json")
            .with("Smartpay-Signature", &self.signature)
            .with("Smartpay-Signature-Timestamp", &self.timestamp)
            .with("Smartpay-Subscription-Id", "webhookendpoint_test_any")
            .with("Smartpay-Event-Id", event_id.as_deref().unwrap_or("evt_test_none"))
            .body(body)
    }

    fn event(&self) -> Option<Value> {
        serde_json::from_slice(&STANDARD.decode(&self.body_base64).unwrap()).ok()
    }

    /// The verdicts that such a body may have.
    fn verdicts(&self) -> &'static [&'static str] {
        let event = self.event().unwrap_or_default();
        match event.pointer("/eventData/type").and_then(Value::as_str) {
            Some(kind) if kind.starts_with("token.") => &["applied", "witness"],
            Some(_) => &["ignored"],
            None => &["quarantined"],
        }
    }
}

#[tokio::test]
async fn every_vector_is_taken_at_its_own_time_and_refused_at_another() {
    let vectors = fs::read("tests/vectors/smartpay-signature.json").unwrap();
    let Vectors { vectors } = serde_json::from_slice(&vectors).unwrap();
    let world = World::new().await;
    let mut endpoints = Endpoints::default();
    let mut strong = Vec::new();
    for (number, vector) in vectors.iter().enumerate() {
        if let Ok(secret) = SigningSecret::parse(&vector.secret) {
            endpoints.add(&format!("v{number}"), secret, None);
            strong.push((format!("v{number}"), vector));
        }
    }
    let served = world.serves_with(Serving { endpoints, ..world.serving() }).await;
    let mut taken = 0;
    for (endpoint, vector) in &strong {
        let request = vector.request(endpoint);
        if vector.timestamp.len() != 13 {
            served.sends(&request).await.refuses(400, "webhook_header_invalid");
            continue;
        }
        // The world's own time is a year and more away.
        served.sends(&request).await.refuses(400, "webhook_header_invalid");
        let signed_at = vector.timestamp.parse().unwrap();
        let now = world.clock.now();
        world.clock.set(DateTime::from_timestamp_millis(signed_at).unwrap());
        let answer = served.sends(&request).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", vector.name);
        let verdict = answer.json().get("verdict").unwrap().as_str().unwrap().to_owned();
        assert!(vector.verdicts().contains(&verdict.as_str()), "{}: {verdict}", vector.name);
        world.clock.set(now);
        taken += 1;
    }
    assert!(taken >= 15 && strong.len() >= taken + 2, "{taken} of {}", strong.len());
    assert_eq!(world.count("inputs").await, i64::try_from(taken).unwrap());
}

#[tokio::test]
async fn one_bit_more_or_less_anywhere_is_refused() {
    let world = World::new().await;
    let served = world.serves().await;
    let right = world.signed(&approved(&token_id(1)));
    let address = served.address;
    let mut sending = JoinSet::new();
    for (place, spoiled) in spoiled(&right).into_iter().enumerate() {
        sending.spawn(async move {
            let mut wire = Wire::connect(address).await;
            wire.send(&spoiled.bytes()).await;
            (place, wire.answer(false).await)
        });
    }
    let answers: Vec<(usize, Answer)> = sending.join_all().await;
    assert!(answers.len() > 130, "{}", answers.len());
    for (place, answer) in answers {
        assert!([400, 401].contains(&answer.status), "{place}: {answer:?}");
    }
    assert_eq!(world.count("inputs").await, 0);
    assert_eq!(served.sends(&right).await.status, 200);
}

/// One bit of the body, the timestamp or the signature differs, spread over each.
fn spoiled(right: &Request) -> Vec<Request> {
    let mut all = Vec::new();
    for bit in spread(right.body.len(), BODY_BITS) {
        let mut one = right.clone();
        flip(&mut one.body, bit);
        all.push(one);
    }
    for name in ["Smartpay-Signature-Timestamp", "Smartpay-Signature"] {
        let bytes = right.value(name).len();
        // The lowest bit turns most digits into others; the rest are spread.
        for bit in (0..bytes).map(|byte| byte * 8).chain(spread(bytes, bytes)) {
            let mut one = right.clone();
            let place = one.place(name);
            let (_, value) = one.headers.get_mut(place).unwrap();
            flip(value, bit);
            // Line ends would make another request of it, and outer spaces are no part of a value.
            if value.iter().all(u8::is_ascii_graphic) {
                all.push(one);
            }
        }
    }
    all.extend(timestamps_nearby(right));
    all
}

/// Still thirteen digits, so that only the MAC can tell.
fn timestamps_nearby(right: &Request) -> Vec<Request> {
    let name = "Smartpay-Signature-Timestamp";
    let signed = String::from_utf8(right.value(name).to_vec()).unwrap();
    let signed: i64 = signed.parse().unwrap();
    let nearby = (0..40).map(|step| signed + 1 + step * 7 - 140);
    nearby.filter(|at| *at != signed).map(|at| right.clone().set(name, &at.to_string())).collect()
}

/// So many bits of so many bytes, each in another byte where possible, and of every weight.
fn spread(bytes: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |number| number * bytes / count * 8 + number % 8)
}

fn flip(bytes: &mut [u8], bit: usize) {
    *bytes.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
}
