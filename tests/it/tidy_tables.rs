//! Each table is written by one module of the library.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::tidy::refuse;
use crate::tree::TreeFile;
use crate::tree::files_of;

/// `migrate` writes the first row of these, before there is a writer to do it.
const BEGUN_BY: &str = "database";
const BEGUN: [&str; 2] = ["acts", "head"];

#[test]
fn each_table_is_written_by_one_module() {
    let migrations = ["migrations/", "src/sandbox/migrations/"].map(|to| files_of(to, ".sql"));
    let tables: BTreeSet<String> =
        migrations.iter().flatten().flat_map(|file| created(&file.text)).collect();
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files_of("src/", ".rs") {
        for table in written(&code(&file)) {
            if file.module() != BEGUN_BY || !BEGUN.contains(&table.as_str()) {
                writers.entry(table).or_default().insert(file.module().to_owned());
            }
        }
    }
    assert!(writers.len() > 10, "writes are no longer found: {writers:?}");
    refuse(writers.iter().filter_map(|(table, modules)| {
        if !tables.contains(table) {
            return Some(format!("{table} is written by {modules:?}, but no migration makes it"));
        }
        (modules.len() > 1).then(|| format!("{table} is written by {modules:?}: one owns it"))
    }));
}

#[test]
fn writes_are_found_in_every_form() {
    let text = r##"
        "INSERT INTO one (a)" r#"DELETE FROM two WHERE"# "UPDATE three SET x = 1"
        "UPDATE four AS f SET" "TRUNCATE five" "INSERT INTO six(a)
         ON CONFLICT (a) DO UPDATE SET a = 1" "SELECT a FROM seven FOR UPDATE"
    "##;
    assert_eq!(written(text), ["one", "two", "three", "four", "five", "six"]);
    assert_eq!(created("CREATE TABLE one (\n) CREATE TABLE two("), ["one", "two"]);
}

fn code(file: &TreeFile) -> String {
    file.code().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

fn created(sql: &str) -> Vec<String> {
    let after = |(index, _): (usize, &str)| name(sql.get(index..)?.split_whitespace().nth(2)?);
    sql.match_indices("CREATE TABLE ").filter_map(after).collect()
}

fn written(text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '"')
        .filter(|word| !word.is_empty())
        .collect();
    let table = |index: usize| -> Option<String> {
        match words.get(index..)? {
            ["INSERT" | "MERGE", "INTO", table, ..]
            | ["DELETE", "FROM", table, ..]
            | ["UPDATE", table, "SET" | "AS", ..]
            | ["TRUNCATE", table, ..] => name(table),
            _ => None,
        }
    };
    (0..words.len()).filter_map(table).collect()
}

fn name(word: &str) -> Option<String> {
    let name = word.split('(').next()?;
    (!name.is_empty()).then(|| name.to_owned())
}
