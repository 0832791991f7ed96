//! What a line may say, and what is said of a wrong one.

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::prop_assert_eq;
use proptest::proptest;
use serde_json::json;
use tokenledger::ledger::import::Format;
use tokenledger::ledger::import::LINE_BYTES_MAX;
use tokenledger::ledger::import::Line;
use tokenledger::ledger::import::Reader;
use tokenledger::ledger::import::Unreadable;
use tokenledger::ledger::import::Wrong;
use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::token::Consumer;

use crate::bodies::NOW_MS;
use crate::bodies::WINDOW_MS;
use crate::token_inputs::ms;

/// Stands in every wrong line, and must stand in nothing that is said of it.
const SECRET: &str = "zAo001ZRfyjz1F4rMyYPnL";

type Read = Vec<(u64, Result<Line, Wrong>)>;

fn all(file: &[u8], format: Option<Format>) -> Result<Read, Unreadable> {
    let expected = Expected { mode: Mode::Test, received_at: ms(NOW_MS), window_ms: WINDOW_MS };
    let mut reader = Reader::open(file, format, expected)?;
    Ok(std::iter::from_fn(|| reader.read_line().unwrap()).collect())
}

#[test]
fn fields_are_read_as_another_program_writes_them() {
    let text = "[^\r\n\u{0}]{0,20}";
    proptest!(|(fields in vec((text, text), 1..10), quoted in any::<bool>())| {
        let style = if quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
        let mut writer =
            csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
        writer.write_record(["reference", "consumer", "token_id"]).unwrap();
        for (reference, consumer) in &fields {
            writer.write_record([reference, consumer, "paytok_test_1"]).unwrap();
        }
        let file = writer.into_inner().unwrap();
        let lines = all(&file, None).unwrap();
        prop_assert_eq!(lines.len(), fields.len());
        for ((_, line), (reference, consumer)) in lines.into_iter().zip(&fields) {
            // Whether they may be names is another question.
            if let Ok(line) = line {
                prop_assert_eq!(line.consumer.as_str(), consumer);
                prop_assert_eq!(line.reference.map_or(String::new(), |r| r.to_string()), reference.as_str());
            } else {
                prop_assert_eq!(Consumer::parse(consumer).is_ok(), false);
            }
        }
    });
}

#[test]
fn each_wrong_line_is_told_by_its_reason_and_never_repeated() {
    let id = format!("paytok_test_{SECRET}");
    let live = format!("paytok_live_{SECRET}");
    let long = format!("{id},{}", "x".repeat(LINE_BYTES_MAX));
    let table = [
        (format!("{SECRET},C-1,,"), "token_id: a token id is paytok_test_ or"),
        (format!(" {id},C-1,,"), "token_id: a token id is paytok_test_ or"),
        (format!("C-1,{id},,"), "token_id: a token id is paytok_test_ or"),
        (",C-1,,".to_owned(), "token_id is missing"),
        (format!("{live},C-1,,"), "token_id is not of the ledger's mode, which is test"),
        (format!("{id},,,"), "consumer is missing"),
        (format!("{id},C-1 {id},,"), "consumer: it holds a Smartpay token id"),
        (format!("{id},C\t1,,"), "consumer: it holds a character that is not allowed"),
        (format!("{id},C\u{0},,"), "consumer: it holds a character that is not allowed"),
        (format!("{id},C\r1,,"), "consumer: it holds a character that is not allowed"),
        (format!("{id},C-1,{SECRET},"), "session: a session id begins with"),
        (format!("{id},C-1,checkout_live_{SECRET},"), "session is not of the ledger's mode"),
        (format!("{id},C-1,,yesterday"), "since: write a time with its offset"),
        (format!("{id},C-1,,2023-01-31T09:00:00"), "since: write a time with its offset"),
        (format!("{id},C-1,,2019-12-31T23:59:59Z"), "since lies before 2020 or in the future"),
        (format!("{id},C-1,,2033-01-31T09:00:00Z"), "since lies before 2020 or in the future"),
        (format!("{id},C-1"), "it has 2 fields, the first line names 4"),
        (format!("{id},C-1,,,{SECRET}"), "it has 5 fields, the first line names 4"),
        (format!("{id},\"C-1,,"), "a quote stands within a field, or is not closed"),
        (format!("{id},C\"1,,"), "a quote stands within a field, or is not closed"),
        (long, "it is longer than 8192 bytes"),
    ];
    let header = "token_id,consumer,session,since".to_owned();
    let lines = table.iter().map(|(line, _)| line.as_str());
    let right = format!("{id},C-1,,");
    let file: Vec<&str> = std::iter::once(header.as_str()).chain(lines).chain([&*right]).collect();
    let read = all(file.join("\r\n").as_bytes(), None).unwrap();
    assert_eq!(read.len(), table.len() + 1);
    for ((number, line), (text, reason)) in read.iter().zip(&table) {
        let said = line.as_ref().unwrap_err().to_string();
        assert!(said.contains(reason) && !said.contains(SECRET), "line {number}, {text}: {said}");
    }
    assert!(read.last().unwrap().1.is_ok());
}

#[test]
fn each_wrong_json_line_is_told_by_its_reason_and_never_repeated() {
    let id = format!("paytok_test_{SECRET}");
    let table = [
        (format!("{{\"token_id\":\"{id}\""), "it is no JSON object on one line: the body is not"),
        (format!("[\"{id}\"]"), "it is JSON, but no object"),
        (format!("{{\"token_id\":\"{id}\",\"token_id\":\"{id}\"}}"), "a key occurs twice"),
        (
            json!({"token_id": id, "consumer": "C-1", SECRET: "x"}).to_string(),
            "none of token_id, con",
        ),
        (json!({"token_id": id, "consumer": 7}).to_string(), "consumer is not a text"),
        (json!({"token_id": id, "consumer": null}).to_string(), "consumer is missing"),
        (json!({"consumer": SECRET}).to_string(), "token_id is missing"),
        (format!("{id},C-1"), "it is no JSON object on one line: the body is not well-formed"),
    ];
    let mut file = Vec::new();
    for (line, _) in &table {
        file.extend_from_slice(line.as_bytes());
        file.push(b'\n');
    }
    file.extend_from_slice(b"\xff\xfe\n");
    file.extend_from_slice(json!({"token_id": id, "consumer": "C-1"}).to_string().as_bytes());
    let read = all(&file, None).unwrap();
    for ((number, line), (text, reason)) in read.iter().zip(&table) {
        let said = line.as_ref().unwrap_err().to_string();
        assert!(said.contains(reason) && !said.contains(SECRET), "line {number}, {text}: {said}");
    }
    assert_eq!(read.get(table.len()).unwrap().1.as_ref().unwrap_err(), &Wrong::NotUtf8);
    assert!(read.last().unwrap().1.is_ok());
}

#[test]
fn a_file_whose_columns_are_not_told_is_not_read() {
    let table = [
        ("", "it is empty"),
        ("\n \n", "it is empty"),
        ("consumer,session", "token_id is not there"),
        ("token_id", "consumer is not there"),
        ("token_id,consumer,token_id", "token_id is there twice"),
        ("token_id,consumer,zAo001ZRfyjz1F4rMyYPnL", "one of them is none of token_id"),
        ("token_id;consumer", "one of them is none of token_id"),
        ("Token_ID,consumer", "one of them is none of token_id"),
        ("token_id,\"consumer", "a quote stands within a field"),
    ];
    for (file, reason) in table {
        let said = all(file.as_bytes(), None).unwrap_err().to_string();
        assert!(said.contains(reason) && !said.contains(SECRET), "{file}: {said}");
    }
    assert!(all(b"", Some(Format::JsonLines)).unwrap().is_empty());
    let marked = "\u{feff}consumer,\"token_id\"\r\nC-1,paytok_test_1\r\n";
    assert!(all(marked.as_bytes(), None).unwrap()[0].1.is_ok());
}
