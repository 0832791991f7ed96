//! A ledger as in production: a database of its own with its roles, and services started on it.

use std::process::Child;
use std::process::ExitStatus;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use reqwest::Client;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokenledger::database::Hosts;
use tokenledger::database::Primary;
use tokenledger::database::create_roles;
use tokenledger::embedded::Address;
use tokenledger::sandbox::Sender;
use tokenledger::vault::MasterKey;
use tokio::task::spawn_blocking;
use tokio::time::interval;

use crate::home::signal;
use crate::postgres;
use crate::running::free_port;
use crate::running::run;
use crate::running::said;
use crate::running::spawn_logging;

pub(crate) const KEY: &str = "tl_test_0123456789abcdefghijklmnopqrstuvwxyz";
const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
const LEDGER: &str = "tokenledger";
const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

pub(crate) struct Site {
    owner_url: String,
    service_url: String,
    master_key: SecretString,
    /// A database on the server that all tests share, and its name.
    shared: Option<(&'static Address, String)>,
}

/// A `serve`, which is killed when it is dropped.
pub(crate) struct Serving {
    child: Option<Child>,
    pub(crate) port: u16,
}

impl Site {
    /// Roles and an empty database.
    pub(crate) async fn new() -> Self {
        let address = postgres::cluster().await;
        let mut superuser = superuser(address).await;
        create_roles(&mut superuser).await.unwrap();
        let name = format!("production_{:016x}", rand::random::<u64>());
        let create = format!("CREATE DATABASE {name} OWNER tokenledger_owner");
        superuser.execute(create.as_str()).await.unwrap();
        let url = |role| address.url(&name, role);
        let site = Self::at(url("tokenledger_owner"), url("tokenledger_service"));
        Self { shared: Some((address, name)), ..site }
    }

    /// On a database that somebody else made.
    pub(crate) fn at(owner_url: String, service_url: String) -> Self {
        let master_key = MasterKey::generate().to_text();
        Self { owner_url, service_url, master_key, shared: None }
    }

    pub(crate) fn migrate(&self) {
        let owner = self.owner_url.as_str();
        let environment = [("TOKENLEDGER_DATABASE_OWNER_URL", owner), ("TOKENLEDGER_MODE", "test")];
        let migrated = run(&["migrate"], &environment);
        assert!(migrated.status.success(), "{}", said(&migrated));
    }

    /// A service on this port, or on one that is free. It is not ready yet.
    pub(crate) fn serve(&self, port: Option<u16>) -> Serving {
        self.start(port, Stdio::null(), &[])
    }

    /// The same, with its log.
    pub(crate) fn serve_logging(&self, port: Option<u16>, log: Stdio) -> Serving {
        self.start(port, log, &[])
    }

    /// The same, with more settings.
    pub(crate) fn serve_with(&self, port: Option<u16>, more: &[(&str, &str)]) -> Serving {
        self.start(port, Stdio::null(), more)
    }

    fn start(&self, port: Option<u16>, log: Stdio, more: &[(&str, &str)]) -> Serving {
        let port = port.unwrap_or_else(free_port);
        let listen = format!("127.0.0.1:{port}");
        let mut environment = self.environment();
        environment.push(("TOKENLEDGER_LISTEN", &listen));
        environment.extend(more);
        Serving { child: Some(spawn_logging(&["serve"], &environment, log)), port }
    }

    /// A command with the configuration of the service.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        run(arguments, &self.environment())
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        vec![
            ("TOKENLEDGER_DATABASE_URL", self.service_url.as_str()),
            ("TOKENLEDGER_MODE", "test"),
            ("TOKENLEDGER_MASTER_KEY", self.master_key.expose_secret()),
            ("TOKENLEDGER_API_KEY", KEY),
            ("TOKENLEDGER_WEBHOOK_SECRETS", SECRET),
        ]
    }

    pub(crate) async fn owner(&self) -> PgConnection {
        let hosts = Hosts::parse(&self.owner_url, &LEDGER.parse().unwrap()).unwrap();
        let (primary, _) = Primary::find(hosts).await.unwrap();
        primary.connect().await.unwrap()
    }

    /// As if the network had failed.
    pub(crate) async fn end_sessions(&self, sessions: &[i32]) {
        let mut superuser = superuser(self.shared.as_ref().unwrap().0).await;
        for pid in sessions {
            let end = format!("SELECT pg_terminate_backend({pid})");
            superuser.execute(end.as_str()).await.unwrap();
        }
    }

    pub(crate) async fn clear(self) {
        let (address, name) = self.shared.unwrap();
        let drop = format!("DROP DATABASE {name} (FORCE)");
        superuser(address).await.execute(drop.as_str()).await.unwrap();
    }
}

impl Serving {
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) async fn becomes_ready(&self) {
        becomes(&format!("{}/readyz", self.url()), StatusCode::OK).await;
    }

    /// What its metric says about the duty lease.
    pub(crate) async fn becomes_on_duty(&self, held: &str) {
        let line = format!("tokenledger_duty {held}");
        let client = Client::builder().no_proxy().build().unwrap();
        let started = Instant::now();
        let mut polls = interval(POLL);
        loop {
            if let Ok(answer) = client.get(format!("{}/metrics", self.url())).send().await
                && answer.text().await.unwrap().lines().any(|said| said == line)
            {
                return;
            }
            assert!(started.elapsed() < DEADLINE, "{line} is not said");
            polls.tick().await;
        }
    }

    /// SIGTERM.
    pub(crate) fn tell_to_end(&self) {
        signal("-TERM", self.child.as_ref().unwrap().id());
    }

    pub(crate) async fn ended(mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        spawn_blocking(move || child.wait().unwrap()).await.unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Sends to the service, or the proxy, at this port.
pub(crate) fn sender_to(port: u16) -> Sender {
    let hook = format!("http://127.0.0.1:{port}/webhooks/smartpay/main");
    Sender::new(&hook, SECRET, "any", Clock::system()).unwrap()
}

/// Asks until the answer has this status.
pub(crate) async fn becomes(url: &str, status: StatusCode) {
    let client = Client::builder().no_proxy().build().unwrap();
    let started = Instant::now();
    let mut polls = interval(POLL);
    while client.get(url).send().await.map(|answer| answer.status()).ok() != Some(status) {
        assert!(started.elapsed() < DEADLINE, "{url} is not {status}");
        polls.tick().await;
    }
}

async fn superuser(address: &Address) -> PgConnection {
    PgConnection::connect(&address.url("postgres", "postgres")).await.unwrap()
}
