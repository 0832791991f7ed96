//! The programs that documents show, run as they stand there.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use tokenledger::vault::MasterKey;

use crate::skip::skip;

#[test]
fn the_leaf_of_the_example_is_the_one_that_is_printed_there() {
    let document = read("docs/leaf-format.md");
    let Some(printed) = run_python_of(&document) else { return };
    assert_eq!(printed.len(), 64);
    assert!(document.contains(&format!("\n    {printed}\n")), "{printed} is not in the document");
    assert!(read("src/journal/leaf.rs").contains(&printed), "{printed} is not the code's");
}

#[test]
fn the_master_key_that_the_guide_makes_is_one() {
    let Some(printed) = run_python_of(&read("docs/production.md")) else { return };
    MasterKey::parse(&printed).unwrap();
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What the only block of Python prints, without its last newline. None where there is no Python.
fn run_python_of(document: &str) -> Option<String> {
    let (_, rest) = document.split_once("\n```python\n").unwrap();
    let (program, rest) = rest.split_once("```").unwrap();
    assert!(!rest.contains("```python"), "a second program, which nothing runs");
    let mut python = Command::new("python3");
    let Ok(answer) = python.args(["-c", program]).stderr(Stdio::inherit()).output() else {
        skip("there is no python3");
        return None;
    };
    assert!(answer.status.success(), "the program fails");
    Some(String::from_utf8(answer.stdout).unwrap().trim_end().to_owned())
}
