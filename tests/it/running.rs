//! The binary as a process: `dev` on a directory of its own, and other commands beside it.

use std::fs;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::net::TcpListener;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Output;
use std::process::Stdio;
use std::time::Instant;

use serde_json::Value;
use sqlx::Connection;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::sandbox::Sender;

use crate::home::DEADLINE;
use crate::home::Home;
use crate::home::signal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tokenledger");

/// A `dev` that said `ready`.
pub(crate) struct Running {
    child: Child,
    pub(crate) json: Value,
}

/// A port that was free a moment ago, as was the next one.
pub(crate) fn free_port() -> u16 {
    loop {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

/// A command on the data of a `dev`, or on a configuration in the environment.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    command(arguments).envs(environment.iter().copied()).output().unwrap()
}

/// A command that goes on until it is told to end, and a place for its log.
pub(crate) fn spawn_logging(arguments: &[&str], environment: &[(&str, &str)], log: Stdio) -> Child {
    let mut command = command(arguments);
    command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(log);
    command.spawn().unwrap()
}

/// The same, with what it prints to be read.
pub(crate) fn spawn_piped(arguments: &[&str]) -> Child {
    command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// A command that reads what it is fed on stdin.
pub(crate) fn spawn_fed(arguments: &[&str]) -> Child {
    let mut command = command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What a command said on stderr.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

impl Running {
    pub(crate) fn start(home: &Home, port: u16, arguments: &[&str]) -> Self {
        Self::start_with(home, port, arguments, &[])
    }

    /// Also with an environment. What it says on stderr goes to the file `log` beside its data.
    pub(crate) fn start_with(
        home: &Home,
        port: u16,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let data = home.dir.path().to_str().unwrap();
        let port = port.to_string();
        let mut command = command(&["--data", data, "dev", "--port", &port]);
        command.envs(environment.iter().copied());
        let log = home.dir.path().join("log");
        let stderr = File::create(&log).unwrap();
        let mut child =
            command.args(arguments).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready = line.starts_with("ready http://127.0.0.1:");
        assert!(ready, "dev is not ready: {}", fs::read_to_string(log).unwrap());
        let json = fs::read_to_string(home.dir.path().join("dev.json")).unwrap();
        Self { child, json: serde_json::from_str(&json).unwrap() }
    }

    pub(crate) fn text(&self, field: &str) -> &str {
        self.json.get(field).and_then(Value::as_str).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: nothing is said to it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Killed, and started anew on what it left.
    pub(crate) fn start_again_after_kill(self, home: &Home, arguments: &[&str]) -> Self {
        self.kill();
        Self::start(home, 0, arguments)
    }

    /// SIGTERM, and its orderly end.
    pub(crate) fn stop(mut self) -> ExitStatus {
        signal("-TERM", self.pid());
        self.child.wait().unwrap()
    }

    pub(crate) fn sender(&self) -> Sender {
        let url =
            format!("{}/webhooks/smartpay/{}", self.text("url"), self.text("webhook_endpoint"));
        let subscription = self.text("webhook_subscription_id");
        Sender::new(&url, self.text("webhook_secret"), subscription, Clock::system()).unwrap()
    }

    /// The body of a read, which must be answered.
    pub(crate) async fn gets(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.text("url"));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(url).bearer_auth(self.text("api_key"));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// The hashes of all events, in their order. The rest of what is shown of one may still grow:
    /// readings that are made by and by agree with some.
    pub(crate) async fn leaves(&self) -> Vec<Value> {
        let events = self.gets("/v1/events?limit=200").await;
        let data = events.get("data").and_then(Value::as_array).unwrap();
        data.iter().map(|event| event.get("leaf_hash").unwrap().clone()).collect()
    }

    /// The body of a read, once the ledger has come to this position.
    pub(crate) async fn gets_from(&self, path: &str, position: i64) -> Value {
        let url = format!("{}{path}", self.text("url"));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let started = Instant::now();
        loop {
            let request = client.get(&url).bearer_auth(self.text("api_key"));
            let request = request.header("Ledger-Min-Position", position);
            let answer = request.send().await.unwrap();
            if answer.status() == 200 {
                return answer.json().await.unwrap();
            }
            assert_eq!(answer.status(), 503, "{path}");
            assert!(started.elapsed() < DEADLINE, "position {position} does not come");
        }
    }

    /// The ledger's tables, as their owner sees them.
    pub(crate) async fn owner(&self) -> PgConnection {
        let ledger = self.text("ledger").parse().unwrap();
        let url = self.text("database_owner_url");
        let options = database::connect_options(url, &ledger).unwrap();
        PgConnection::connect_with(&options).await.unwrap()
    }
}

/// Everything that a run said so far.
pub(crate) fn log(home: &Home) -> Vec<u8> {
    fs::read(home.dir.path().join("log")).unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null());
    command
}
