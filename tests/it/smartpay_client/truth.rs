//! Whatever a server does, the outcome never says more than what is true: random scripts of steps,
//! each with or without effect, against what really happened.

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use tokenledger::smartpay::client::Call;
use tokenledger::smartpay::client::Outcome;

use crate::seed::seed;
use crate::smartpay_client::PATIENT;
use crate::smartpay_client::TRIES_MAX;
use crate::smartpay_client::client;
use crate::smartpay_client::key;
use crate::smartpay_client::server::Server;
use crate::smartpay_client::server::Then;
use crate::smartpay_client::server::answer;
use crate::smartpay_client::server::cut;
use crate::smartpay_client::token;

const SCRIPTS: u32 = 100;

/// A step, and whether the server acted before it.
fn step(random: &mut StdRng) -> (Then, bool) {
    let acts = random.random_range(0..2) == 0;
    match random.random_range(0..8) {
        0 => (answer(200, "", ""), true),
        1 => (answer(409, "", ""), false),
        2 => (answer(401, "", ""), false),
        3 => (answer(429, "", ""), false),
        4 => (answer(502, "", "<html>"), acts),
        5 => (Then::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{".to_vec()), true),
        6 => (Then::Leave, false),
        _ => (cut(), acts),
    }
}

#[tokio::test]
async fn no_outcome_denies_an_effect_or_claims_one() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    for number in 0..SCRIPTS {
        let steps: Vec<(Then, bool)> = (0..TRIES_MAX).map(|_| step(&mut random)).collect();
        let script = steps.iter().map(|(then, _)| then.clone()).collect();
        let server = Server::of(script).await;
        let call = Call::disable(&token(), &key());
        let called = client(&server.url()).send(&call, PATIENT).await;
        let acted = steps.iter().take(server.connections()).any(|(_, acts)| *acts);
        let shown = format!("seed {seed}, script {number}: {steps:?} {called:?}");
        match called.outcome {
            Outcome::Answered(answer) if answer.status < 300 => assert!(acted, "{shown}"),
            Outcome::Answered(_) | Outcome::NotSent(_) => assert!(!acted, "{shown}"),
            Outcome::Unknown(_) => {}
        }
    }
}
