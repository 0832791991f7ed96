//! The commands that look, on the data of a running `dev`.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Output;

use serde_json::Value;

use crate::home::Home;
use crate::home::signal;
use crate::running::Running;
use crate::running::run;
use crate::running::said;
use crate::running::spawn_piped;

const DEMO: [&str; 6] = ["--tokens", "12", "--days", "20", "--seed", "7"];

struct Commands<'a>(&'a str);

impl Commands<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        run(&[&["--data", self.0], arguments].concat(), &[])
    }

    /// What a command prints that must succeed.
    fn text(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.text(&[arguments, &["-o", "json"]].concat())).unwrap()
    }
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[tokio::test]
async fn each_command_shows_what_the_service_answers() {
    let home = Home::new();
    let running = Running::start(&home, 0, &DEMO);
    let commands = Commands(home.dir.path().to_str().unwrap());

    let served = running.gets("/v1/consumers/C-20418/tokens").await;
    let refs = commands.text(&["-q", "consumer", "tokens", "C-20418"]);
    let refs: Vec<&str> = refs.lines().collect();
    let served = at(&served, "/data").as_array().unwrap();
    assert_eq!(refs, served.iter().map(|t| at(t, "/ref").as_str().unwrap()).collect::<Vec<_>>());

    let disabled = served.iter().find(|token| at(token, "/status") == "disabled").unwrap();
    let reference = at(disabled, "/ref").as_str().unwrap();
    let shown = commands.text(&["token", "show", reference]);
    for word in ["NOT USABLE: disabled since", "▒ disabled", "consumer C-20418", "SessionCreated"]
    {
        assert!(shown.contains(word), "{word:?} in {shown}");
    }
    let events = running.gets("/v1/events?limit=3").await;
    let listed = commands.json(&["events", "list", "--after", "0", "--limit", "3"]);
    for index in 0..3 {
        let field = format!("/data/{index}/leaf_hash");
        assert_eq!(at(&listed, &field), at(&events, &field));
    }
    let inbox = commands.json(&["inbox", "list", "--limit", "1"]);
    let newest = at(&inbox, "/data/0/id").as_str().unwrap();
    assert!(commands.text(&["inbox", "show", newest]).contains("verdict"));
    assert!(running.stop().success());
}

#[tokio::test]
async fn triggers_arrive_are_followed_and_can_be_refused() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let data = home.dir.path().to_str().unwrap();
    let commands = Commands(data);
    let mut tail = spawn_piped(&["--data", data, "events", "tail", "--after", "0", "-o", "jsonl"]);
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };

    commands.text(&["trigger", "token.created", "--consumer", "C-7"]);
    assert_eq!(at(&next(), "/type"), "SessionCreated");
    commands.text(&["trigger", "token.approved", "--duplicate", "20"]);
    assert_eq!(at(&next(), "/type"), "Activated");
    let forged = commands.run(&["trigger", "token.disabled", "--bad-signature"]);
    assert!(said(&forged).contains("401"), "{}", said(&forged));
    let late = commands.run(&["trigger", "token.disabled", "--skew", "-600000"]);
    assert!(said(&late).contains("400"), "{}", said(&late));
    commands.text(&["trigger", "token.disabled"]);
    let event = next();
    assert_eq!(at(&event, "/type"), "Disabled");
    assert_eq!(at(&event, "/position"), 3, "nothing came between");
    signal("-INT", tail.id());
    assert_eq!(tail.wait().unwrap().code(), Some(130));

    let tokens = running.gets("/v1/consumers/C-7/tokens").await;
    assert_eq!(at(&tokens, "/data/0/unusable_reason"), "disabled");
    let approved = commands.run(&["trigger", "token.approved"]);
    assert_eq!(approved.status.code(), Some(4), "{}", said(&approved));
    assert!(running.stop().success());
}

#[tokio::test]
async fn what_is_not_there_or_not_running_has_its_exit_code() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let commands = Commands(home.dir.path().to_str().unwrap());
    let unknown = commands.run(&["token", "show", "tok_test_0000000000000000000000"]);
    assert_eq!(unknown.status.code(), Some(4), "{}", said(&unknown));
    let unknown = commands.run(&["inbox", "show", "in_4711"]);
    assert_eq!(unknown.status.code(), Some(4), "{}", said(&unknown));
    assert_eq!(commands.text(&["-q", "consumer", "tokens", "nobody"]), "");
    let misspelt = commands.run(&["tokn", "show"]);
    assert_eq!(misspelt.status.code(), Some(2));
    assert!(running.stop().success());
    let gone = commands.run(&["events", "list"]);
    assert_eq!(gone.status.code(), Some(6), "{}", said(&gone));
}
