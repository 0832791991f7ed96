//! A primary and its synchronous standby that Patroni keeps, with an etcd of its own: it promotes,
//! as in production.

use std::fs::File;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;
use sqlx::Connection;
use sqlx::PgConnection;
use tokio::time::interval;

use crate::pair::Ground;
use crate::pair::Installed;
use crate::pair::Server;
use crate::pair::yes;
use crate::running::free_port;

const PROGRAMS: [&str; 2] = ["patroni", "etcd"];
const BIN: &str = "/usr/bin";
/// A first node is made, and a second one copied from it.
const DEADLINE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(100);

pub(crate) struct Patroni {
    nodes: [Node; 2],
    _etcd: Process,
    // Last: all of them write into it.
    ground: Ground,
}

/// A Patroni and the server that it keeps.
struct Node {
    keeper: Process,
    server: Server,
}

/// Killed when it is dropped.
struct Process(Child);

impl Patroni {
    /// Roles and an empty database. None where a program is missing.
    pub(crate) async fn new() -> Option<Self> {
        let installed = Installed::find()?;
        if !PROGRAMS.iter().all(|program| Path::new(BIN).join(program).is_file()) {
            return None;
        }
        let ground = Ground::new(installed);
        let client = free_port();
        let etcd = etcd(&ground, client);
        let one = Node::start(&ground, "one", client);
        becomes(&ground, &one.server, "SELECT NOT pg_is_in_recovery()").await;
        ground.prepare(one.server.port).await;
        let two = Node::start(&ground, "two", client);
        let sync = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";
        becomes(&ground, &one.server, sync).await;
        Some(Self { nodes: [one, two], _etcd: etcd, ground })
    }

    pub(crate) fn url(&self, role: &str) -> String {
        let [one, two] = &self.nodes;
        self.ground.url(role, [two.server.port, one.server.port])
    }

    /// As if its machine had failed. The other one is promoted when the leader's key has run out.
    pub(crate) fn kill_the_leader(&mut self) {
        let [leader, _] = &mut self.nodes;
        leader.keeper.0.kill().unwrap();
        leader.server.kill();
    }
}

impl Node {
    fn start(ground: &Ground, name: &str, etcd: u16) -> Self {
        let server = Server::at(ground, name);
        let file = ground.path(&format!("{name}.yml"));
        // JSON is YAML.
        ground.write(&file, &configuration(ground, &server, name, etcd).to_string());
        let mut keeper = ground.installed.command(Path::new(BIN).join("patroni"));
        keeper.arg(file);
        Self { keeper: Process::start(ground, keeper, name), server }
    }
}

impl Process {
    fn start(ground: &Ground, mut command: Command, name: &str) -> Self {
        let log = File::create(ground.path(&format!("{name}.log"))).unwrap();
        let said = log.try_clone().unwrap();
        Self(command.stdout(log).stderr(said).spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        drop(self.0.kill());
        self.0.wait().unwrap();
    }
}

fn etcd(ground: &Ground, client: u16) -> Process {
    let [client, peer] = [client, free_port()].map(|port| format!("http://127.0.0.1:{port}"));
    let mut etcd = ground.installed.command(Path::new(BIN).join("etcd"));
    etcd.arg("--data-dir").arg(ground.path("etcd.data"));
    etcd.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    etcd.args(["--initial-cluster", &format!("default={peer}")]);
    Process::start(ground, etcd, "etcd")
}

/// The shortest times that Patroni takes; a standby that must have every commit.
fn configuration(ground: &Ground, server: &Server, name: &str, etcd: u16) -> Value {
    let password = &ground.password;
    let address = format!("127.0.0.1:{}", server.port);
    let api = format!("127.0.0.1:{}", free_port());
    let access = [
        "host all all 127.0.0.1/32 scram-sha-256",
        "host replication all 127.0.0.1/32 scram-sha-256",
    ];
    json!({
        "scope": "ledger",
        "name": name,
        "restapi": {
            "listen": api,
            "connect_address": api,
        },
        "etcd3": { "host": format!("127.0.0.1:{etcd}") },
        "watchdog": { "mode": "off" },
        "bootstrap": {
            "dcs": { "ttl": 20, "loop_wait": 2, "retry_timeout": 3, "synchronous_mode": true },
            "initdb": [{ "encoding": "UTF8" }, { "locale": "C" }, "no-sync"],
        },
        "postgresql": {
            "listen": address,
            "connect_address": address,
            "data_dir": server.data,
            "bin_dir": ground.installed.programs,
            "pgpass": ground.path(&format!("{name}.pgpass")),
            "pg_hba": access,
            "parameters": {
                "password_encryption": "scram-sha-256",
                "unix_socket_directories": "",
                "shared_buffers": "32MB",
            },
            "authentication": {
                "superuser": { "username": "postgres", "password": password },
                "replication": { "username": "replicator", "password": password },
            },
        },
    })
}

/// Until the server answers, and says yes.
async fn becomes(ground: &Ground, server: &Server, question: &str) {
    let url = ground.superuser_url(server.port, "postgres");
    let started = Instant::now();
    let mut polls = interval(POLL);
    loop {
        if let Ok(mut connection) = PgConnection::connect(&url).await
            && yes(&mut connection, question).await
        {
            return;
        }
        assert!(started.elapsed() < DEADLINE, "not true: {question}");
        polls.tick().await;
    }
}
