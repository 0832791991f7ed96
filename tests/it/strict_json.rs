//! Bodies that two readers could take differently, as the bad-input file has them and beyond.

use std::fs;

use serde_json::Value;

use tokenledger::smartpay::notice::Message;
use tokenledger::smartpay::notice::read;

use crate::bodies::expected;
use crate::bodies::mutated;
use crate::bodies::verdict;

#[test]
fn each_body_of_the_bad_input_file_gets_the_verdict_it_asks_for() {
    let file = fs::read("tests/bad-input/bad-input.json").unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&file).unwrap();
    let mut checked = 0;
    for case in cases.iter().filter(|case| case["group"] == "json") {
        let Some([mutation]) = case["mutation"].as_array().map(Vec::as_slice) else {
            continue;
        };
        assert_eq!(mutation[0], "body");
        let found = match read(&mutated(mutation[1].as_str().unwrap()), &expected()) {
            Ok(Message::Ignored { .. }) => "ignored",
            Ok(_) => "applied or witness",
            Err(_) => "quarantined",
        };
        assert_eq!(case["expect_inbox"], found, "{}: {}", case["id"], case["case"]);
        checked += 1;
    }
    assert!(checked >= 24);
}

#[test]
fn ambiguous_json_is_quarantined_by_its_cause() {
    let table = [
        ("", "malformed_json"),
        ("   ", "malformed_json"),
        ("{}garbage", "malformed_json"),
        ("{'id':1}", "malformed_json"),
        ("{\"id\":}", "malformed_json"),
        ("@bom", "malformed_json"),
        ("@utf16", "malformed_json"),
        ("@badutf8", "malformed_json"),
        ("@created:1e200000", "malformed_json"),
        ("@created:Infinity", "malformed_json"),
        ("@created:01700000000000", "malformed_json"),
        ("@dupid", "duplicate_key"),
        ("@dupesc", "duplicate_key"),
        ("@dupstatus", "duplicate_key"),
        ("@nul", "forbidden_character"),
        ("@lone", "forbidden_character"),
        ("@refesc:\\udc00\\ud800", "forbidden_character"),
        ("@deep", "too_deep"),
        ("@created:1699999999980.0", "implausible_time"),
        ("@created:1.69999999998e12", "implausible_time"),
        ("@created:18446744073709551615", "implausible_time"),
        ("@created:null", "implausible_time"),
        ("@refesc:\\u3042\\ud83d\\ude00", "token.approved"),
        ("@extra", "token.approved"),
        ("@proto", "token.approved"),
        ("@bigmeta", "token.approved"),
    ];
    for (mutation, verdict_expected) in table {
        assert_eq!(verdict(&mutated(mutation)), verdict_expected, "{mutation}");
    }
}
