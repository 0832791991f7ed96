//! The project's own rules of source and text: each is a function from files to complaints, and is
//! shown a planted violation.

use std::path::Path;

use crate::tree::TreeFile;
use crate::tree::files;
use crate::tree::files_of;

const LINES_MAX: usize = 300;
const COLUMNS_MAX: usize = 100;

/// The binary's own files: they use the library as everybody does.
const BINARY: [&str; 2] = ["main", "cli"];

const UPWARDS: &str = concat!("super", "::");

/// Names of this or that workplace and its neighbours, which no reader has. Written in two parts,
/// so that this file does not name them either.
const FOREIGN: [&str; 6] = [
    concat!("/wo", "rk/"),
    concat!("crates", ".io"),
    concat!("npm", "js."),
    concat!("pypi", ".org"),
    concat!("python", "hosted"),
    concat!("deb", ".debian"),
];

#[test]
fn a_module_uses_only_modules_above_it() {
    let lib = files_of("src/lib.rs", "").remove(0);
    let order = modules(&lib.text);
    assert!(order.len() > 5, "lib.rs no longer lists its modules: {order:?}");
    refuse(files_of("src/", ".rs").iter().flat_map(|file| uses_below(&order, file)));
}

#[test]
fn imports_are_spelled_out() {
    let src = files_of("src/", ".rs");
    let tests = files_of("tests/", ".rs");
    let fuzz = files_of("fuzz/", ".rs");
    refuse(src.iter().chain(&tests).chain(&fuzz).flat_map(unclear_imports));
}

#[test]
fn every_source_file_begins_with_what_it_is_for() {
    let headless = |file: &TreeFile| {
        (!file.text.starts_with("//! ")).then(|| format!("{}: begin with `//! …`", file.path))
    };
    refuse(files().iter().filter(|file| is_of(file, "rs")).filter_map(headless));
}

#[test]
fn source_files_are_short() {
    refuse(files_of("src/", ".rs").iter().filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LINES_MAX)
            .then(|| format!("{}: {lines} lines; what is the second noun?", file.path))
    }));
}

#[test]
fn lines_of_sql_and_markdown_fit_the_screen() {
    let written = |file: &&TreeFile| is_of(file, "sql") || is_of(file, "md");
    refuse(files().iter().filter(written).flat_map(wide_lines));
}

#[test]
fn the_repository_speaks_of_the_product_alone() {
    refuse(files().iter().flat_map(foreign_names));
}

#[test]
fn each_rule_finds_a_planted_violation() {
    let order = ["clock", "ledger", "api"].map(str::to_owned);
    let planted =
        |path: &str, text: &str| TreeFile { path: path.to_owned(), text: text.to_owned() };
    let ledger = |text: &str| planted("src/ledger/mod.rs", text);
    for text in ["use crate::api::App;", "    crate::api::serve();", "use crate::untold::X;"] {
        assert_eq!(uses_below(&order, &ledger(text)).len(), 1, "{text}");
    }
    for text in ["use crate::clock::Clock;", "use crate::ledger::X;", "// crate::api"] {
        assert_eq!(uses_below(&order, &ledger(text)).len(), 0, "{text}");
    }
    for text in ["pub use a::b::*;", "use a::{b, c};", &format!("let x = {UPWARDS}x();")] {
        assert_eq!(unclear_imports(&ledger(text)).len(), 1, "{text}");
    }
    assert_eq!(unclear_imports(&ledger("pub(super) use a::b;")).len(), 0);
    let wide = "é".repeat(COLUMNS_MAX + 1);
    assert_eq!(wide_lines(&planted("docs/a.md", &wide)).len(), 1);
    assert_eq!(wide_lines(&planted("docs/a.md", &format!("| {wide} |"))).len(), 0);
    assert_eq!(foreign_names(&ledger(&format!("see {}x", FOREIGN[0]))).len(), 1);
}

/// Fails with all complaints at once.
pub(crate) fn refuse(complaints: impl Iterator<Item = String>) {
    let complaints: Vec<String> = complaints.collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// The modules of lib.rs, in their order.
fn modules(lib: &str) -> Vec<String> {
    lib.lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned()))
        .collect()
}

fn uses_below(order: &[String], file: &TreeFile) -> Vec<String> {
    if file.module() == "lib" || BINARY.contains(&file.module()) {
        return Vec::new();
    }
    let place = |name: &str| order.iter().position(|module| module == name);
    let own = place(file.module());
    let mut complaints = Vec::new();
    for (number, line) in file.code() {
        for after in line.split("crate::").skip(1) {
            let used = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if own.is_none() || place(used).is_none() || place(used) > own {
                let path = &file.path;
                complaints.push(format!("{path}:{number}: {used} is not above it in lib.rs"));
            }
        }
    }
    complaints
}

fn unclear_imports(file: &TreeFile) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, line) in file.code() {
        let words: Vec<&str> = line.split_whitespace().take(2).collect();
        let import = words.first() == Some(&"use")
            || words.first().is_some_and(|word| word.starts_with("pub"))
                && words.get(1) == Some(&"use");
        if import && line.contains(['{', '*']) || line.contains(UPWARDS) {
            let path = &file.path;
            complaints.push(format!("{path}:{number}: name one full path per line: {line}"));
        }
    }
    complaints
}

/// Rows of tables and lines with an address cannot be broken.
fn wide_lines(file: &TreeFile) -> Vec<String> {
    file.lines()
        .filter(|(_, line)| line.chars().count() > COLUMNS_MAX)
        .filter(|(_, line)| !line.starts_with('|') && !line.contains("://"))
        .map(|(number, _)| format!("{}:{number}: over {COLUMNS_MAX} columns", file.path))
        .collect()
}

fn foreign_names(file: &TreeFile) -> Vec<String> {
    file.lines()
        .filter_map(|(number, line)| {
            let name = FOREIGN.iter().find(|name| line.contains(**name))?;
            Some(format!("{}:{number}: names {name}", file.path))
        })
        .collect()
}

fn is_of(file: &TreeFile, extension: &str) -> bool {
    Path::new(&file.path).extension().is_some_and(|found| found == extension)
}
