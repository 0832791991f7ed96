//! The commands that the README and the documents name are those of the binary.

use std::collections::BTreeMap;
use std::process::Command;

use crate::tidy::refuse;
use crate::tree::files_of;

/// What a command line of ours begins with. Bare, it counts in a block of code only.
const BEGINNINGS: [&str; 4] =
    ["cargo run --release -- ", "cargo run -- ", "`tokenledger ", "$ tokenledger "];
const BARE: &str = "tokenledger ";

/// The help of each command by its words, as `--help` prints it.
type Helps<'a> = &'a mut dyn FnMut(&[&str]) -> String;

#[test]
fn the_commands_that_documents_name_exist() {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut help = |words: &[&str]| {
        helps.entry(words.join(" ")).or_insert_with(|| ask_for_help(words)).clone()
    };
    let mut complaints = Vec::new();
    let readme = files_of("README.md", "");
    for file in readme.iter().chain(&files_of("docs/", ".md")) {
        for line in command_lines(&file.text) {
            if let Some(complaint) = unknown_word(&line, &mut help) {
                complaints.push(format!("{}: `{line}`: {complaint}", file.path));
            }
        }
    }
    refuse(complaints.into_iter());
}

#[test]
fn commands_are_found_and_a_wrong_one_is_told() {
    let text = "Run `tokenledger token show REF`.\ntokenledger is a ledger\n```console\n\
        $ cargo run --release -- dev --port=1 # starts\ntokenledger --tz UTC token show X | head\n```";
    let lines = ["token show REF", "dev --port=1", "--tz UTC token show X"];
    assert_eq!(command_lines(text), lines);
    let mut help = |words: &[&str]| match words {
        [] => {
            "Usage: tokenledger\n\nCommands:\n  token\n\nOptions:\n  -q\n    --tz <TZ>\n".to_owned()
        }
        ["token"] => "Usage: tokenledger token\n\nCommands:\n  show\n".to_owned(),
        ["token", "show", ..] => "Usage: tokenledger token show <REF>\n".to_owned(),
        ["dev"] => "Usage: tokenledger dev\n\nOptions:\n    --port <PORT>\n".to_owned(),
        _ => String::new(),
    };
    for line in lines {
        assert_eq!(unknown_word(line, &mut help), None, "{line}");
    }
    for line in ["tokens", "token list", "dev --por", "dev --ports 1"] {
        assert!(unknown_word(line, &mut help).is_some(), "{line}");
    }
}

/// What stands behind the program's name, without comments and pipes.
fn command_lines(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
            continue;
        }
        let bare = line.trim_start().strip_prefix(BARE).filter(|_| in_code);
        let others =
            BEGINNINGS.iter().flat_map(|beginning| line.split(*beginning).skip(1)).chain(bare);
        for rest in others {
            let end = rest.find(['`', '#', '|', '>', ';', '&']).unwrap_or(rest.len());
            found.push(rest.get(..end).unwrap().trim_end().to_owned());
        }
    }
    found
}

fn unknown_word(line: &str, help: Helps<'_>) -> Option<String> {
    let mut command: Vec<&str> = Vec::new();
    let mut page = help(&command);
    let mut after_flag = false;
    for word in line.split_whitespace() {
        let flag = word.split('=').next().unwrap();
        if flag.starts_with('-') {
            let known = page.split(|c: char| !c.is_alphanumeric() && c != '-').any(|w| w == flag);
            if !known {
                return Some(format!("{command:?} has no flag {flag}"));
            }
        } else {
            let longer = [command.as_slice(), &[word]].concat();
            let its_page = help(&longer);
            if its_page.contains(&format!("Usage: tokenledger {}", longer.join(" "))) {
                (command, page) = (longer, its_page);
            } else if !after_flag && page.lines().any(|line| line == "Commands:") {
                return Some(format!("{command:?} has no command {word}"));
            }
        }
        after_flag = flag.starts_with('-') && flag == word;
    }
    command.is_empty().then(|| "there is no such command".to_owned())
}

fn ask_for_help(words: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tokenledger"));
    let answer = program.args(words).arg("--help").output().unwrap();
    String::from_utf8(answer.stdout).unwrap()
}
