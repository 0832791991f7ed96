//! `import tokens` as a command: exit codes, what it prints, stdin, Ctrl-C.

use std::fs;
use std::io::Write;
use std::process::Output;

use serde_json::Value;
use serde_json::json;

use crate::home::Home;
use crate::home::signal;
use crate::running::Running;
use crate::running::run;
use crate::running::said;
use crate::running::spawn_fed;

/// Of every token here.
const SECRET: &str = "zAo001ZRfyjz1F4rMyYPn";

struct Shell {
    home: Home,
    running: Running,
}

impl Shell {
    fn new() -> Self {
        let home = Home::new();
        let running = Running::start(&home, 0, &["--empty"]);
        Self { home, running }
    }

    fn data(&self) -> &str {
        self.home.dir.path().to_str().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(&[&["--data", self.data()], arguments].concat(), &[])
    }

    /// A file of this name, imported.
    fn import(&self, name: &str, text: &str, flags: &[&str]) -> Output {
        let file = self.home.dir.path().join(name);
        fs::write(&file, text).unwrap();
        self.run(&[&["import", "tokens", file.to_str().unwrap()], flags].concat())
    }

    async fn events(&self) -> usize {
        let events = self.running.gets("/v1/events?limit=200").await;
        events.pointer("/data").and_then(Value::as_array).unwrap().len()
    }
}

fn printed(output: &Output) -> Value {
    assert!(!said(output).contains(SECRET), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

fn counts(output: &Output) -> [u64; 5] {
    let document = printed(output);
    ["read", "recorded", "known", "superseded", "wrong"]
        .map(|count| document.get(count).and_then(Value::as_u64).unwrap())
}

#[tokio::test]
async fn right_lines_go_in_wrong_ones_are_listed_and_again_nothing_changes() {
    let shell = Shell::new();
    let csv = format!(
        "consumer,token_id\nC-1,paytok_test_{SECRET}1\nC-1,{SECRET}\n=1+1,paytok_test_{SECRET}2\n"
    );
    let flags = ["--actor", "aiko", "--reason", "orders until 2026", "-o", "json"];
    let looked = shell.import("tokens.csv", &csv, &[&flags, ["--dry-run"].as_slice()].concat());
    assert_eq!((looked.status.code(), counts(&looked)), (Some(3), [3, 0, 0, 0, 1]));
    assert_eq!(shell.events().await, 0);

    let first = shell.import("tokens.csv", &csv, &flags);
    assert_eq!((first.status.code(), counts(&first)), (Some(3), [3, 2, 0, 0, 1]));
    assert!(said(&first).starts_with("line 3: token_id: a token id is"), "{}", said(&first));
    let wrong = &printed(&first)["wrong_lines"];
    assert_eq!(wrong[0]["line"], 3);
    let event = shell.running.gets("/v1/events/2").await;
    let cause = &event["cause"];
    assert_eq!((&cause["actor"], &cause["reason"]), (&json!("aiko"), &json!("orders until 2026")));
    assert_eq!(cause["id"], printed(&first)["run"]);
    let listed = shell.running.gets("/v1/consumers/=1+1/tokens").await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);

    let jsonl = json!({"token_id": format!("paytok_test_{SECRET}1"), "consumer": "C-1"});
    let again = shell.import("tokens.csv", &csv, &flags);
    assert_eq!((again.status.code(), counts(&again)), (Some(3), [3, 0, 2, 0, 1]));
    let other_form = shell.import("tokens", &format!("{jsonl}\n"), &flags);
    assert_eq!((other_form.status.code(), counts(&other_form)), (Some(0), [1, 0, 1, 0, 0]));
    assert_eq!(shell.events().await, 2);

    let table = shell.import("tokens.csv", &csv, &["-o", "plain"]);
    assert_eq!(String::from_utf8(table.stdout).unwrap(), "3\t0\t2\t1\n");
    let doctor = shell.run(&["doctor", "-o", "json"]);
    let doctor = String::from_utf8(doctor.stdout).unwrap();
    assert!(doctor.contains("\"import\"") && !doctor.contains(SECRET), "{doctor}");
    let verified = shell.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    assert!(shell.running.stop().success());
}

#[tokio::test]
async fn what_is_no_list_of_tokens_has_its_exit_code() {
    let shell = Shell::new();
    let import = |name: &str, text: &str| shell.import(name, text, &[]);
    for (name, text, code) in [
        ("empty.csv", "", 2),
        ("empty.jsonl", "", 0),
        ("columns.csv", "token_id,who\n", 2),
        ("ids.csv", &format!("{SECRET},C-1\n"), 2),
        ("one.csv", "token_id,consumer\n", 0),
    ] {
        let output = import(name, text);
        assert_eq!(output.status.code(), Some(code), "{name}: {}", said(&output));
        assert!(!said(&output).contains(SECRET));
    }
    let directory = shell.run(&["import", "tokens", shell.data()]);
    assert_eq!(directory.status.code(), Some(1), "{}", said(&directory));
    let missing = shell.run(&["import", "tokens", "/nowhere/tokens.csv"]);
    assert_eq!(missing.status.code(), Some(2), "{}", said(&missing));
    let id = format!("paytok_test_{SECRET}");
    let actor = shell.import("one.csv", "token_id,consumer\n", &["--actor", &id]);
    assert_eq!(actor.status.code(), Some(2));
    assert!(!said(&actor).contains(SECRET));
    let many = "token_id,consumer\n".to_owned() + &"x\n".repeat(150);
    let many = import("many.csv", &many);
    assert_eq!(many.status.code(), Some(3));
    assert_eq!(said(&many).lines().filter(|line| line.starts_with("line ")).count(), 100);
    assert!(said(&many).contains("and 50 more wrong lines"));
    assert!(shell.running.stop().success());
}

#[tokio::test]
async fn an_import_that_was_interrupted_goes_on_when_it_is_run_again() {
    let shell = Shell::new();
    let lines: Vec<String> = (0..700).map(|n| format!("paytok_test_{SECRET}{n},C-{n}\n")).collect();
    let arguments = ["--data", shell.data(), "import", "tokens", "-", "-o", "json"];
    let mut first = spawn_fed(&arguments);
    // Kept open to the end: the command waits for more when it is interrupted.
    let mut stdin = first.stdin.take().unwrap();
    stdin.write_all(b"token_id,consumer\n").unwrap();
    stdin.write_all(lines.concat().as_bytes()).unwrap();
    stdin.flush().unwrap();
    // The first group is recorded; the rest waits for more, or for the end.
    shell.running.gets_from("/v1/events/512", 512).await;
    signal("-INT", first.id());
    let first = first.wait_with_output().unwrap();
    drop(stdin);
    assert_eq!((first.status.code(), counts(&first)), (Some(130), [512, 512, 0, 0, 0]));

    let mut second = spawn_fed(&arguments);
    let text = format!("token_id,consumer\n{}", lines.concat());
    second.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let second = second.wait_with_output().unwrap();
    assert_eq!((second.status.code(), counts(&second)), (Some(0), [700, 188, 512, 0, 0]));
    assert!(shell.running.stop().success());
}
