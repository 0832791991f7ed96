//! What is asked: whole requests, tokens and consumers by chance.

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::shared::API_KEY;

/// After so many different ones the first comes again.
const QUESTIONS: usize = 200_000;
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
