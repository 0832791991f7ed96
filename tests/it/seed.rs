//! The seed of a randomised test: a new one each time, or the one that is to be replayed.

use std::env;

/// `TOKENLEDGER_TEST_SEED` replays a failure; the test's output names the seed.
#[expect(clippy::print_stderr, reason = "shown when the test fails")]
pub(crate) fn seed() -> u64 {
    let seed = match env::var_os("TOKENLEDGER_TEST_SEED") {
        Some(seed) => seed.to_str().unwrap().parse().unwrap(),
        None => rand::random(),
    };
    eprintln!("TOKENLEDGER_TEST_SEED={seed}");
    seed
}
