//! The seed of a randomised test: a new one each time, or the one that is to be replayed.

use std::env;

/// `TOKENLEDGER_TEST_SEED` replays a failure, which must have printed its seed.
pub(crate) fn seed() -> u64 {
    match env::var_os("TOKENLEDGER_TEST_SEED") {
        Some(seed) => seed.to_str().unwrap().parse().unwrap(),
        None => rand::random(),
    }
}
