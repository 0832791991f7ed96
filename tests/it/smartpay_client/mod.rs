//! The client of Smartpay's API, against a server over real TCP that answers whatever it is told to.

mod answers;
mod any_bytes;
mod hostile;
mod outcomes;
mod requests;
pub(crate) mod server;
mod settings;
mod truth;

use std::time::Duration;

use tokenledger::clock::Clock;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::IdempotencyKey;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;

const SECRET: &str = "sk_test_9ExampleNeverShown9";
const TOKEN: &str = "paytok_test_zAo001ZRfyjz1F4rMyYPnL";
/// Long enough to be of no importance.
const PATIENT: Duration = Duration::from_mins(1);
const TRIES_MAX: u32 = 3;

/// Without pauses, so that no test waits.
const LIMITS: Limits = Limits {
    tries_max: TRIES_MAX,
    try_timeout: PATIENT,
    backoff_first: Duration::ZERO,
    backoff_max: Duration::ZERO,
};

fn client(url: &str) -> Client {
    client_with(url, LIMITS)
}

fn client_with(url: &str, limits: Limits) -> Client {
    let url = ApiUrl::parse(url).unwrap();
    Client::new(url, SecretKey::parse(SECRET).unwrap(), Clock::system(), limits).unwrap()
}

fn token() -> TokenId {
    TokenId::parse(TOKEN).unwrap()
}

fn key() -> IdempotencyKey {
    IdempotencyKey::parse("0b1c7c5e-76f2-4d3e-9b39-9b7b6c1d2e3f").unwrap()
}
