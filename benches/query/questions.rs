//! What is asked: whole requests, tokens and consumers by chance.

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::json;

use crate::shared::API_KEY;

/// After so many different ones the first comes again.
const QUESTIONS: usize = 200_000;
const CHECKS: usize = 2_000;
/// Tokens in one check.
const CHECKED: usize = 200;
const SEED: u64 = 20_260_101;

/// The ref of the token of this number, from 1, as the seed makes it.
pub(crate) fn reference(number: u64) -> String {
    format!("tok_test_{number:022}")
}

pub(crate) fn of_tokens(tokens: u64) -> Vec<Vec<u8>> {
    ask(tokens, |number| format!("/v1/tokens/{}", reference(number)))
}

pub(crate) fn of_consumers(tokens: u64) -> Vec<Vec<u8>> {
    ask(tokens, |number| format!("/v1/consumers/C-{}/tokens", number / 2))
}

pub(crate) fn of_bare(tokens: u64) -> Vec<Vec<u8>> {
    ask(tokens, |number| format!("/tokens/{}", reference(number)))
}

/// As many of them in one request as the interface takes.
pub(crate) fn of_checks(tokens: u64, path: &str) -> Vec<Vec<u8>> {
    let mut rng = SmallRng::seed_from_u64(SEED);
    (0..CHECKS)
        .map(|_| {
            let wanted = (0..CHECKED).map(|_| reference(rng.random_range(1..=tokens)));
            let body = json!({ "tokens": wanted.collect::<Vec<_>>() }).to_string();
            let length = body.len();
            format!(
                "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {API_KEY}\r\n\
                 Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .into_bytes()
        })
        .collect()
}

fn ask(tokens: u64, path: impl Fn(u64) -> String) -> Vec<Vec<u8>> {
    let mut rng = SmallRng::seed_from_u64(SEED);
    (0..QUESTIONS)
        .map(|_| {
            let path = path(rng.random_range(1..=tokens));
            format!(
                "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {API_KEY}\r\n\r\n"
            )
            .into_bytes()
        })
        .collect()
}
