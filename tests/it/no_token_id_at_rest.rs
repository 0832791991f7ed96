//! No token id can be read at rest: not in a dump, not in the files of the database.
#![expect(clippy::indexing_slicing, reason = "all slices are of what was just measured")]

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::slice::from_ref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::json;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::bodies::REFERENCE;
use crate::bodies::STATUS;
use crate::bodies::TYPE;
use crate::bodies::set;
use crate::skip::skip;
use crate::world::World;
use crate::world::approved;
use crate::world::ask;
use crate::world::claim;
use crate::world::told;
use crate::world::used;

const TOKENS: u64 = 20;
/// What is looked for of each id: half of it would be as bad.
const PART_BYTES: usize = 12;

/// An id that no other test has.
fn random_token_id() -> String {
    format!("paytok_test_{:016x}{:08x}", rand::random::<u64>(), rand::random::<u32>())
}

/// The first and the last part of the secret half of an id, in every form in which bytes are
/// commonly written as text. Base64 writes the same bytes in three ways, by their place.
fn needles(token: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body = token.strip_prefix("paytok_test_").unwrap().as_bytes();
    let mut needles = Vec::new();
    for part in [&body[..PART_BYTES], &body[body.len() - PART_BYTES..]] {
        needles.push(("clear", part.to_vec()));
        needles.push(("hex", hex::encode(part).into_bytes()));
        needles.push(("hex", hex::encode_upper(part).into_bytes()));
        for (place, alphabet) in (0..3).flat_map(|place| [(place, &STANDARD), (place, &URL_SAFE)]) {
            let text = alphabet.encode([&vec![0; place], part].concat());
            // Characters that neighbours have a part in are left out.
            let (from, to) = ((place * 4).div_ceil(3), (place + part.len()) / 3 * 4);
            needles.push(("base64", text.as_bytes()[from..to].to_vec()));
        }
    }
    needles
}

/// The forms in which something of the ids is found, or nothing.
pub(crate) fn found(haystack: &[u8], tokens: &[String]) -> BTreeSet<&'static str> {
    let mut by_beginning: HashMap<[u8; 2], Vec<_>> = HashMap::new();
    for (form, needle) in tokens.iter().flat_map(|token| needles(token)) {
        by_beginning.entry([needle[0], needle[1]]).or_default().push((form, needle));
    }
    let mut forms = BTreeSet::new();
    for (at, beginning) in haystack.windows(2).enumerate() {
        for (form, needle) in by_beginning.get(beginning).into_iter().flatten() {
            if haystack[at..].starts_with(needle) {
                forms.insert(*form);
            }
        }
    }
    forms
}

/// Every way in, with every token.
async fn a_full_run(world: &World) -> Vec<String> {
    let tokens: Vec<String> = (0..TOKENS).map(|_| random_token_id()).collect();
    for (number, token) in tokens.iter().enumerate() {
        world.delivers(&told(token, Happened::Created, NOW_MS - 2_000)).await;
        world.claims(token, claim(&format!("s{number}"), "C-1")).await;
        let approved = approved(token);
        world.delivers(&approved).await;
        world.delivers(&approved).await;
        world.delivers_at("two", &approved).await;
        world.delivers(&used(token, NOW_MS - 10)).await;
        let mut odd = told(token, Happened::Disabled, NOW_MS - 9);
        set(&mut odd, STATUS, Some(json!("frozen")));
        world.delivers(&odd).await;
        set(&mut odd, TYPE, Some(json!(format!("order.{token}"))));
        world.delivers(&odd).await;
        let mut named = told(token, Happened::Disabled, NOW_MS - 8);
        set(&mut named, REFERENCE, Some(json!(token)));
        world.delivers(&named).await;
        let mut named = told(token, Happened::Disabled, NOW_MS - 7);
        set(&mut named, "/id", Some(json!(format!("evt_test_{token}"))));
        world.delivers(&named).await;
        let broken = format!("{{\"id\":\"{token}\"").into_bytes();
        world.ledger.submit(world.delivery_of_bytes("main", broken)).await.unwrap();
    }
    tokens
}

/// `None` where the server came without its tools.
async fn dump(world: &World) -> Option<Vec<u8>> {
    let mut superuser = world.sql_as("postgres").await;
    let binaries = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
    let binaries: String = ask(&mut superuser, binaries).await;
    let program = Path::new(&binaries).join("pg_dump");
    program.exists().then(|| {
        let output = Command::new(program).arg("--dbname").arg(world.url("postgres")).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    })
}

/// The files of the database, as they lie on the disk after a checkpoint.
async fn files(world: &World) -> Vec<u8> {
    let mut superuser = world.sql_as("postgres").await;
    world.execute("CHECKPOINT").await;
    let directory = "SELECT current_setting('data_directory') || '/base/' || oid::text
        FROM pg_database WHERE datname = current_database()";
    let directory: String = ask(&mut superuser, directory).await;
    let mut bytes = Vec::new();
    for file in fs::read_dir(PathBuf::from(directory)).unwrap() {
        // One may be gone by now.
        bytes.extend(fs::read(file.unwrap().path()).unwrap_or_default());
    }
    bytes
}

#[tokio::test]
async fn no_token_id_is_in_a_dump_or_in_the_files_and_a_planted_one_is_found() {
    let world = World::new().await;
    let tokens = a_full_run(&world).await;
    assert_eq!(world.count("vault").await, i64::try_from(TOKENS).unwrap());
    assert!(found(&files(&world).await, &tokens).is_empty());
    match dump(&world).await {
        Some(dump) => {
            assert!(
                String::from_utf8(dump.clone())
                    .unwrap()
                    .contains(world.ref_of(&tokens[0]).as_str())
            );
            assert!(found(&dump, &tokens).is_empty());
        }
        None => skip("pg_dump is not beside the server"),
    }
}

#[tokio::test]
async fn the_same_search_finds_a_planted_id_in_each_form_and_at_each_place() {
    for place in 0..3 {
        let token = random_token_id();
        let text = format!("{}{token} and more", "x".repeat(place));
        let planted = [
            ("clear", text.clone()),
            ("hex", hex::encode(&text)),
            ("hex", hex::encode_upper(&text)),
            ("base64", STANDARD.encode(&text)),
            ("base64", URL_SAFE.encode(&text)),
        ];
        for (form, text) in planted {
            assert_eq!(found(text.as_bytes(), from_ref(&token)), [form].into(), "{text}");
        }
    }
    let world = World::new().await;
    let tokens = [random_token_id(), random_token_id(), random_token_id()];
    world
        .execute(&format!(
            "CREATE TABLE planted AS VALUES ('{}', ''), ('{}', ''), ('{}', '')",
            tokens[0],
            hex::encode(&tokens[1]),
            STANDARD.encode(&tokens[2])
        ))
        .await;
    let forms = BTreeSet::from(["clear", "hex", "base64"]);
    assert_eq!(found(&files(&world).await, &tokens), forms);
    if let Some(dump) = dump(&world).await {
        assert_eq!(found(&dump, &tokens), forms);
    }
}
