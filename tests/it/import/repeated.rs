//! Whatever a file holds, it goes in once.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::sample::select;
use serde_json::Value;
use tokenledger::ledger::import::Column;
use tokio::runtime::Runtime;

use crate::world::World;
use crate::world::token_id;

const CASES: u32 = 32;
const TOKENS: u64 = 3;
const SINCE: [&str; 2] = ["2023-01-31T09:00:00+09:00", "2023-11-14T22:00:00.250Z"];

/// A right line of a property's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Right {
    token: u64,
    consumer: u8,
    session: Option<u8>,
    since: Option<usize>,
    reference: Option<u8>,
}

#[derive(Clone, Debug)]
enum Written {
    Right(Right),
    Wrong(String),
}

impl Right {
    fn fields(&self, first_token: u64) -> [(Column, String); 5] {
        let session = self.session.map(|session| format!("checkout_test_s{session}"));
        let since = self.since.and_then(|since| SINCE.get(since)).copied().unwrap_or_default();
        let reference = self.reference.map(|reference| format!("order, \"{reference}\""));
        [
            (Column::TokenId, token_id(first_token + self.token)),
            (Column::Consumer, format!("=C({})", self.consumer)),
            (Column::Session, session.unwrap_or_default()),
            (Column::Since, since.to_owned()),
            (Column::Reference, reference.unwrap_or_default()),
        ]
    }

    fn csv(&self, first_token: u64) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.fields(first_token).map(|(_, text)| text)).unwrap();
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    fn json(&self, first_token: u64) -> String {
        let fields = self.fields(first_token).into_iter().filter(|(_, text)| !text.is_empty());
        let object = fields.map(|(column, text)| (column.to_string(), Value::String(text)));
        format!("{}\n", Value::Object(object.collect()))
    }
}

fn written() -> impl Strategy<Value = Written> {
    let (session, since) = (option::of(0..2_u8), option::of(0..SINCE.len()));
    let right = (0..TOKENS, 0..3_u8, session, since, option::of(0..2_u8));
    let right = right.prop_map(|(token, consumer, session, since, reference)| Right {
        token,
        consumer,
        session,
        since,
        reference,
    });
    let wrong = ["", ",", "\"", "{", "paytok_live_a,b,,,", "\u{0}", "{}", "[1]", "a,b,c,d,e,f"];
    let wrong = select(wrong.to_vec()).prop_map(|text| format!("x{text}"));
    prop_oneof![3 => right.prop_map(Written::Right), 1 => wrong.prop_map(Written::Wrong)]
}

fn file(written: &[Written], as_csv: bool, first_token: u64) -> Vec<u8> {
    // The first line of JSON tells what it is, so it has to be a right one.
    let mut text = if as_csv {
        "token_id,consumer,session,since,reference\n".to_owned()
    } else {
        "{\"of\":\"another kind\"}\n".to_owned()
    };
    for written in written {
        match written {
            Written::Right(right) if as_csv => text += &right.csv(first_token),
            Written::Right(right) => text += &right.json(first_token),
            Written::Wrong(wrong) => text += &[wrong, "\n"].concat(),
        }
    }
    text.into_bytes()
}

/// What the lines amount to: per token each claim that differs from the one before it.
fn model(written: &[Written], first_token: u64) -> BTreeMap<String, Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut claims: BTreeMap<String, Vec<(u8, Option<u8>)>> = BTreeMap::new();
    for written in written {
        let Written::Right(right) = written else { continue };
        if !seen.insert(right) {
            continue;
        }
        let of_token = claims.entry(token_id(first_token + right.token)).or_default();
        let said = (right.consumer, right.session);
        if of_token.last() != Some(&said) {
            of_token.push(said);
        }
    }
    let consumers = |claims: Vec<(u8, Option<u8>)>| -> Vec<String> {
        claims.into_iter().map(|(consumer, _)| format!("=C({consumer})")).collect()
    };
    claims.into_iter().map(|(token, claims)| (token, consumers(claims))).collect()
}

/// The consumers that each token was said to have, in the order of the record.
async fn recorded(world: &World, first_token: u64) -> BTreeMap<String, Vec<String>> {
    let events = world.events().await;
    let tokens = (first_token..first_token + TOKENS).map(token_id);
    let claims = tokens.map(|token| {
        let reference = world.ref_of(&token);
        let of_token = events.iter().filter(|entry| entry.reference == reference);
        let consumers = of_token.map(|entry| {
            let payload: Value = serde_json::from_str(&entry.payload).unwrap();
            payload.get("consumer").and_then(Value::as_str).unwrap().to_owned()
        });
        (token, consumers.collect::<Vec<_>>())
    });
    claims.filter(|(_, consumers)| !consumers.is_empty()).collect()
}

#[test]
fn any_file_goes_in_once_in_whatever_form_it_comes_again() {
    let runtime = Runtime::new().unwrap();
    let _inside = runtime.enter();
    let world = runtime.block_on(World::new());
    let tokens = AtomicU64::new(1_000);
    let config = ProptestConfig { cases: CASES, ..ProptestConfig::default() };
    proptest!(config, |(written in vec(written(), 0..20), as_csv in any::<bool>())| {
        let first_token = tokens.fetch_add(TOKENS, Ordering::Relaxed);
        runtime.block_on(async {
            let right = written.iter().filter(|line| matches!(line, Written::Right(_))).count();
            let outcomes = world.imports(&file(&written, as_csv, first_token)).await;
            let wrong = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).count();
            prop_assert_eq!(outcomes.len() - wrong, right);
            prop_assert_eq!(wrong, written.len() - right + usize::from(!as_csv));
            prop_assert_eq!(recorded(&world, first_token).await, model(&written, first_token));

            let before = (world.events().await.len(), world.count("inputs").await);
            for as_csv in [as_csv, !as_csv] {
                let again = world.imports(&file(&written, as_csv, first_token)).await;
                let receipts = again.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
                for receipt in receipts {
                    assert!(receipt.copy);
                }
            }
            let after = (world.events().await.len(), world.count("inputs").await);
            prop_assert_eq!(after, before);
            Ok(())
        })?;
    });
}

#[tokio::test]
async fn two_processes_that_import_one_file_at_once_record_it_once() {
    let world = World::new().await;
    let lines: Vec<String> = (0..600).map(|n| format!("{},C-{n}\n", token_id(n))).collect();
    let file = format!("token_id,consumer\n{}", lines.concat()).into_bytes();
    let second = world.second_ledger();
    let here = world.imports(&file);
    let there = world.imports_through(&second, &file);
    let (here, there) = tokio::join!(here, there);
    let lines = here.iter().chain(&there);
    let new = lines.filter(|(_, line)| !line.as_ref().unwrap().copy).count();
    assert_eq!(new, 600);
    assert_eq!((world.count("inputs").await, world.events().await.len()), (600, 600));
}
