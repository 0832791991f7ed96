//! What the fuzzer kept, and the vectors and cases that it began from, through the same properties.
#![expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha1::Digest;
use sha1::Sha1;

use crate::bodies::base;
use crate::bodies::mutated;
use crate::tree::files_of;

#[expect(unreachable_pub, reason = "to the fuzzer it is a library")]
#[path = "../../fuzz/src/lib.rs"]
mod properties;

type Property = fn(&[u8]);

const TARGETS: [(&str, Property); 4] = [
    ("cursor", properties::cursor::holds),
    ("json", properties::json::holds),
    ("notice", properties::notice::holds),
    ("signature", properties::signature::holds),
];

#[test]
fn the_properties_hold_for_everything_that_the_fuzzer_kept() {
    let mut broken = Vec::new();
    for (target, property) in TARGETS {
        let kept: Vec<PathBuf> =
            fs::read_dir(corpus(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(kept.len() > 10, "{target}: the corpus is gone");
        for path in kept {
            let bytes = fs::read(&path).unwrap();
            if catch_unwind(|| property(&bytes)).is_err() {
                broken.push(path);
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// `TOKENLEDGER_TEST_WRITE_SEEDS=1` adds the seeds to the corpus, for the next run to begin from.
#[test]
fn the_properties_hold_for_vectors_and_cases() {
    let write = std::env::var("TOKENLEDGER_TEST_WRITE_SEEDS").is_ok();
    for (target, property) in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() >= 3, "{target}");
        for seed in seeds {
            if write {
                let name = hex::encode(Sha1::digest(&seed));
                fs::create_dir_all(corpus(target)).unwrap();
                fs::write(corpus(target).join(name), &seed).unwrap();
            }
            property(&seed);
        }
    }
}

#[test]
fn each_target_is_a_property_that_is_run_here() {
    let named: Vec<String> = files_of("fuzz/targets/", ".rs")
        .into_iter()
        .map(|file| file.path.replace("fuzz/targets/", "").replace(".rs", ""))
        .collect();
    assert_eq!(named, TARGETS.map(|(target, _)| target));
}

fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target)
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "signature" => deliveries(),
        "cursor" => (0..4).map(|n| [&[n; 14], b"tokens?&&C-1".as_slice()].concat()).collect(),
        // What is no webhook is JSON at least.
        "json" => [bodies(), golden_events()].concat(),
        _ => bodies(),
    }
}

/// The bodies of the bad-input file that are small enough to be varied.
fn bodies() -> Vec<Vec<u8>> {
    let file = fs::read("tests/bad-input/bad-input.json").unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&file).unwrap();
    let steps = cases.iter().filter_map(|case| case["mutation"].as_array()).flatten();
    let named = steps.filter(|step| step[0] == "body").filter_map(|step| step[1].as_str());
    let mut bodies = vec![base().to_string().into_bytes()];
    bodies.extend(named.map(mutated).filter(|body| body.len() <= 1_000));
    for kind in ["created", "rejected", "enabled", "disabled", "deleted", "used", "canceled"] {
        bodies.push(mutated(&format!("@type:token.{kind}")));
    }
    bodies
}

fn golden_events() -> Vec<Vec<u8>> {
    files_of("tests/events/", ".json").into_iter().map(|file| file.text.into_bytes()).collect()
}

/// Form (as it stands, digits from digits), length of the secret, and the byte to change.
fn deliveries() -> Vec<Vec<u8>> {
    let file = fs::read("tests/vectors/smartpay-signature.json").unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    let text = |vector: &Value, name: &str| vector[name].as_str().unwrap().to_owned();
    let vectors = file.pointer("/vectors").unwrap().as_array().unwrap().iter();
    let short = vectors.filter(|vector| text(vector, "secret").len() < 64);
    short
        .map(|vector| {
            let (secret, timestamp) = (text(vector, "secret"), text(vector, "timestamp"));
            let length = u8::try_from(secret.len()).unwrap();
            let body = STANDARD.decode(text(vector, "body_base64")).unwrap();
            let head = [3, length, 1, 1];
            [head.as_slice(), secret.as_bytes(), timestamp.as_bytes(), &body].concat()
        })
        .filter(|seed| seed.len() <= 1_000)
        .collect()
}
