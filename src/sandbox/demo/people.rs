//! Whose the demo's tokens are: each consumer has one to three, and one token nobody has claimed.

use std::collections::HashSet;

use rand::Rng;
use rand::RngExt;

use crate::token::Consumer;

/// The consumer whose story the documentation tells, and how many tokens are theirs.
pub(crate) const STORY_CONSUMER: u32 = 20_418;
pub(crate) const STORY_TOKENS: usize = 3;

const NUMBERS: std::ops::Range<u32> = 10_000..100_000;

/// The owner of each token, the story's first. The last one's is not known.
pub(crate) fn owners(tokens: usize, rng: &mut impl Rng) -> Vec<Option<Consumer>> {
    let mut taken = HashSet::from([STORY_CONSUMER]);
    let mut owners: Vec<Option<Consumer>> = Vec::with_capacity(tokens);
    owners.extend((0..STORY_TOKENS.min(tokens)).map(|_| Some(consumer(STORY_CONSUMER))));
    while owners.len() < tokens {
        let number = unused(&mut taken, rng);
        let count = match rng.random_range(0..20) {
            0..13 => 1,
            13..18 => 2,
            _ => 3,
        };
        let count = count.min(tokens - owners.len());
        owners.extend((0..count).map(|_| Some(consumer(number))));
    }
    if tokens > STORY_TOKENS
        && let Some(last) = owners.last_mut()
    {
        *last = None;
    }
    owners
}

/// Ends because there are far more numbers than a demo may have tokens.
fn unused(taken: &mut HashSet<u32>, rng: &mut impl Rng) -> u32 {
    loop {
        let number = rng.random_range(NUMBERS);
        if taken.insert(number) {
            return number;
        }
    }
}

fn consumer(number: u32) -> Consumer {
    Consumer::parse(&format!("C-{number}")).expect("a letter, a dash and digits are a name")
}
