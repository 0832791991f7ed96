//! What our return URLs carry: sealed, so that nobody can make one, and good for one purpose.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::Serialize;

use crate::ledger::intents::IntentId;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Salt;
use crate::vault::Vault;

/// A merchant's URL of 2,048 bytes, sealed and encoded, is well below.
const CHARS_MAX: usize = 4_096;
const PLACE: Place<'_> = Place { table: "returns", row: "-", field: "state" };
/// A state lies nowhere, so that there is nothing to be erased with its salt.
const SALT: Salt = Salt::from_bytes([0; 16]);

/// Which session the shopper comes from, which way, and where to. The merchant's URL is in it, so
/// that the shopper is sent on whatever is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub intent: IntentId,
    pub way: Way,
    pub url: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Success,
    Cancel,
}

#[derive(Serialize, Deserialize)]
struct Text {
    intent: String,
    way: Way,
    url: String,
}

impl State {
    pub fn seal(&self, vault: &Vault) -> String {
        let (way, url) = (self.way, self.url.clone());
        let text = Text { intent: self.intent.to_string(), way, url };
        let text = serde_json::to_vec(&text).expect("three texts");
        URL_SAFE_NO_PAD.encode(vault.seal(&PLACE, NO_TOKEN, &SALT, &text))
    }

    /// None if it is not one that this ledger made.
    pub fn open(vault: &Vault, text: &str) -> Option<Self> {
        if text.len() > CHARS_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let opened = vault.unseal(&PLACE, NO_TOKEN, &SALT, &sealed).ok()?;
        let text: Text = serde_json::from_slice(&opened).ok()?;
        Some(Self { intent: IntentId::parse(&text.intent)?, way: text.way, url: text.url })
    }
}

#[cfg(test)]
mod tests {
    use crate::ledger::intents::IntentId;
    use crate::returns::State;
    use crate::returns::Way;
    use crate::vault::MasterKey;
    use crate::vault::Vault;

    #[test]
    fn only_what_the_ledger_made_opens() {
        let (vault, _) = Vault::create("a", &MasterKey::generate());
        let url = format!("https://shop.example/{}", "x".repeat(2_000));
        let state = State { intent: IntentId::random(), way: Way::Cancel, url };
        let text = state.seal(&vault);
        assert_eq!(State::open(&vault, &text), Some(state.clone()));

        let (foreign, _) = Vault::create("b", &MasterKey::generate());
        assert_eq!(State::open(&foreign, &text), None);
        for at in [0, 7, 40, text.len() - 1] {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(State::open(&vault, str::from_utf8(&forged).unwrap()), None, "{at}");
        }
        for bad in ["", "A", "%", "états", &"A".repeat(5_000)] {
            assert_eq!(State::open(&vault, bad), None);
        }
    }
}
