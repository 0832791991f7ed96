//! The deliveries: whole requests, signed beforehand, each of which is exactly one new event.

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::json;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::signature;

use crate::shared::SECRET;

pub(crate) const TOKENS: usize = 5_000;
const SEED: u64 = 20_260_101;

/// The id of the token of this number.
pub(crate) fn token_id(number: usize) -> String {
    format!("paytok_test_{number:022}")
}

/// Tokens by chance, so that two deliveries of one token sometimes meet. No two have one time, and
/// a notice is known by its type and time: so each says something new.
pub(crate) fn sign(count: usize, now_ms: i64) -> Vec<Vec<u8>> {
    let secret = SigningSecret::parse(SECRET).expect("the benchmark's secret is a good one");
    let mut rng = SmallRng::seed_from_u64(SEED);
    let first = now_ms - i64::try_from(count).expect("a count is small");
    (first..now_ms)
        .map(|at| {
            let token = token_id(rng.random_range(0..TOKENS));
            let (kind, status) = if at % 2 == 0 {
                ("token.enabled", "active")
            } else {
                ("token.disabled", "disabled")
            };
            let event_id = format!("evt_test_{at:022}");
            let body = json!({
                "id": event_id, "object": "event", "createdAt": at, "test": true,
                "eventData": { "type": kind, "version": "2022-02-18", "data": {
                    "id": token, "object": "token", "test": true,
                    "createdAt": first - 60_000, "updatedAt": at,
                    "reference": "subscription-0993", "status": status, "metadata": {},
                } },
            })
            .to_string();
            request(&secret, &event_id, now_ms, &body)
        })
        .collect()
}

fn request(secret: &SigningSecret, event_id: &str, now_ms: i64, body: &str) -> Vec<u8> {
    let timestamp = now_ms.to_string();
    let signature = signature::sign(secret, &timestamp, body.as_bytes());
    format!(
        "POST /webhooks/smartpay/main HTTP/1.1\r\n\
         Host: 127.0.0.1\r\n\
         Content-Type: application/json\r\n\
         Smartpay-Signature: {signature}\r\n\
         Smartpay-Signature-Timestamp: {timestamp}\r\n\
         Smartpay-Subscription-Id: webhookendpoint_test_benchmark\r\n\
         Smartpay-Event-Id: {event_id}\r\n\
         Content-Length: {}\r\n\
         \r\n\
         {body}",
        body.len()
    )
    .into_bytes()
}
