//! Golden files: one text or more of every event version that was ever written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cqrs_es::DomainEvent;
use sha2::Digest;
use sha2::Sha256;

use tokenledger::token::EVENT_VERSION;
use tokenledger::token::EventKind;
use tokenledger::token::StoredEvent;
use tokenledger::token::decode_stored;
use tokenledger::token::upcasters;

/// The name begins with type and version. A line here never changes; new files add lines.
const FILES: [(&str, &str); 12] = [
    ("Activated.1.notice.json", "101925622231bb3059755e55eea49a2fc5351e862beebf3cd92167d65de74e22"),
    (
        "Activated.1.undated.json",
        "843584624e58b5d41da67d189248c9e5e93cfe5b018e3b75122dc0abd86be7fb",
    ),
    ("Canceled.1.expired.json", "0232e215017bcdcd4c8ca62c77f44b700c2956afa7f8631c1d703d32ab8489ad"),
    (
        "Canceled.1.rejected.json",
        "df9b91dedd7494685c0a1e7ffb1e28b76f55dc86e5ade3f90aa124aedce84d45",
    ),
    ("Canceled.1.shopper.json", "fc74576a66cbd3554fd5ab7a4f591f3c68b57f63b0c25624b8d0780d90808d05"),
    ("Deleted.1.absence.json", "2fb7bbe31d437b3c8eba743c2de33243cb53f6754675e028bafdf3663af6c78a"),
    ("Deleted.1.notice.json", "9d262fef3c75c6b7f68e6ff85866b07110ef637918230953fd1ef4788c65b1c9"),
    ("Disabled.1.notice.json", "26dc1ba180644547f735f9bda6fd142176fb3d3a84137320a01ab60f4388c3f8"),
    ("Disabled.1.reading.json", "96ff7378a2cf667879a928104ed4bd5ec6eccf1ea6db0b3eb5272ce5a430470e"),
    ("Enabled.1.refuting.json", "23236f15e36cc105659275f7cbe8897433d6fbd82d57a2d913d9afb0d609d4be"),
    (
        "SessionCreated.1.claim.json",
        "f5f56aaca212e0aef4f47f658535510b30ed35b6cc281f4adccbe68e3d7d6484",
    ),
    (
        "SessionCreated.1.notice.json",
        "700469ad3decc55c9917538f912c9392353fb3472d33a90da4e2534010d7fcf4",
    ),
];

fn files() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/events");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect()
}

#[test]
fn no_golden_file_has_changed_gone_or_come_unlisted() {
    let hash = |text: &String| hex::encode(Sha256::digest(text.as_bytes()));
    let found: BTreeMap<String, String> =
        files().iter().map(|(name, text)| (name.clone(), hash(text))).collect();
    let listed: BTreeMap<String, String> =
        FILES.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect();
    assert_eq!(found, listed);
}

#[test]
fn every_version_decodes_for_ever_and_the_present_one_encodes_to_the_same_text() {
    for (name, text) in files() {
        let payload = text.trim_end();
        let mut words = name.split('.');
        let (event_type, event_version) = (words.next().unwrap(), words.next().unwrap());
        let stored = StoredEvent { event_type, event_version, payload };
        let event = decode_stored(stored, &upcasters()).unwrap();
        assert_eq!(event.event_type(), event_type, "{name}");
        if event_version == EVENT_VERSION {
            assert_eq!(serde_json::to_string(&event).unwrap(), payload, "{name}");
        }
    }
}

#[test]
fn every_event_has_a_golden_file_of_the_present_version() {
    for kind in EventKind::ALL {
        let wanted = format!("{kind}.{EVENT_VERSION}.");
        assert!(files().keys().any(|name| name.starts_with(&wanted)), "{wanted}*.json is missing");
    }
}
