//! Chances without floating point, and decisions that a seed repeats.

use std::str::FromStr;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error;
use serde_json::Number;
use sha2::Digest;
use sha2::Sha256;

/// A chance is counted in these parts of one: four decimals.
const WHOLE: u16 = 10_000;
const DECIMALS: usize = 4;

/// How likely something is: in JSON a number from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chance(u16);

/// The decisions about one call or one delivery: the same number, the same decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Draw {
    pub(crate) seed: u64,
    pub(crate) number: i64,
}

impl Chance {
    pub(crate) fn is_never(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Chance {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Chance, Self::Err> {
        let wrong = "a chance is a number from 0 to 1 with at most four decimals";
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !matches!(whole, "0" | "1") || decimals.len() > DECIMALS || !digits(decimals) {
            return Err(wrong);
        }
        let parts: u16 = format!("{whole}{decimals:0<DECIMALS$}").parse().map_err(|_| wrong)?;
        if parts > WHOLE { Err(wrong) } else { Ok(Chance(parts)) }
    }
}

impl<'de> Deserialize<'de> for Chance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Chance, D::Error> {
        Number::deserialize(deserializer)?.to_string().parse().map_err(D::Error::custom)
    }
}

impl Serialize for Chance {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = format!("{}.{:04}", self.0 / WHOLE, self.0 % WHOLE);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        let number: Number = text.parse().expect("digits and at most one point are a number");
        number.serialize(serializer)
    }
}

impl Draw {
    pub(crate) fn happens(self, word: &str, chance: Chance) -> bool {
        self.below(word, u64::from(WHOLE)) < u64::from(chance.0)
    }

    pub(crate) fn below(self, word: &str, limit: u64) -> u64 {
        let digest = Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(self.number.to_be_bytes())
            .chain_update(word)
            .finalize();
        let (first, _) = digest.split_first_chunk().expect("a digest has 32 bytes");
        u64::from_be_bytes(*first) % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use crate::sandbox::chance::Chance;
    use crate::sandbox::chance::Draw;

    #[test]
    fn a_chance_is_between_0_and_1_and_reads_back() {
        for (text, back) in
            [("0", "0"), ("1", "1"), ("0.25", "0.25"), ("1.0", "1"), ("0.0001", "0.0001")]
        {
            let chance: Chance = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&chance).unwrap(), back);
        }
        for wrong in ["-1", "1.1", "2", "0.00001", "\"0.5\"", "1e-5", "null"] {
            assert!(serde_json::from_str::<Chance>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn about_so_often_and_again_the_same() {
        let half: Chance = "0.5".parse().unwrap();
        let draws = |seed| (0..1_000).map(move |number| Draw { seed, number });
        let happened: Vec<bool> = draws(7).map(|draw| draw.happens("drop", half)).collect();
        let again: Vec<bool> = draws(7).map(|draw| draw.happens("drop", half)).collect();
        let other: Vec<bool> = draws(7).map(|draw| draw.happens("copy", half)).collect();
        assert_eq!(happened, again);
        assert_ne!(happened, other);
        let count = happened.iter().filter(|happened| **happened).count();
        assert!((400..600).contains(&count), "{count}");
        let never = draws(8).any(|draw| draw.happens("drop", "0".parse().unwrap()));
        let always = draws(8).all(|draw| draw.happens("drop", "1".parse().unwrap()));
        assert!(!never && always);
    }
}
