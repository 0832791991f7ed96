//! The way of production: roles, `migrate` as the owner, `serve` as the service, an orderly end.

use std::time::Duration;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokenledger::database::create_roles;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::Token;
use tokenledger::vault::MasterKey;

use crate::home::signal;
use crate::postgres;
use crate::running::free_port;
use crate::running::run;
use crate::running::said;
use crate::running::spawn;

const KEY: &str = "tl_test_0123456789abcdefghijklmnopqrstuvwxyz";
const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
const DEADLINE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_migrated_ledger_is_served_and_ends_in_order() {
    let address = postgres::cluster().await;
    let mut superuser = PgConnection::connect(&address.url("postgres", "postgres")).await.unwrap();
    create_roles(&mut superuser).await.unwrap();
    let name = format!("production_{:016x}", rand::random::<u64>());
    let create = format!("CREATE DATABASE {name} OWNER tokenledger_owner");
    superuser.execute(create.as_str()).await.unwrap();
    let port = free_port();
    let owner = address.url(&name, "tokenledger_owner");
    let service = address.url(&name, "tokenledger_service");
    let listen = format!("127.0.0.1:{port}");
    let master_key = MasterKey::generate().to_text();
    let environment = [
        ("TOKENLEDGER_DATABASE_OWNER_URL", owner.as_str()),
        ("TOKENLEDGER_DATABASE_URL", service.as_str()),
        ("TOKENLEDGER_MODE", "test"),
        ("TOKENLEDGER_LISTEN", &listen),
        ("TOKENLEDGER_MASTER_KEY", master_key.expose_secret()),
        ("TOKENLEDGER_API_KEY", KEY),
        ("TOKENLEDGER_WEBHOOK_SECRETS", SECRET),
    ];
    for _ in 0..2 {
        let migrated = run(&["migrate"], &environment);
        assert!(migrated.status.success(), "{}", said(&migrated));
    }
    let mut serving = spawn(&["serve"], &environment);
    let url = format!("http://{listen}");
    becomes(&url, "/readyz", StatusCode::OK).await;

    let hook = format!("{url}/webhooks/smartpay/main");
    let sender = Sender::new(&hook, SECRET, "any", Clock::system()).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let (_, message) = Token::create(None, Clock::system().now(), &mut rng);
    assert_eq!(sender.send(&message).await.unwrap(), 200);
    let events = reqwest::Client::new().get(format!("{url}/v1/events")).bearer_auth(KEY);
    let events = events.send().await.unwrap();
    assert_eq!(events.headers().get("ledger-position").unwrap(), "1");

    signal("-TERM", serving.id());
    becomes(&url, "/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(answer(&url, "/livez").await, Some(StatusCode::OK), "requests are still taken");
    assert!(serving.wait().unwrap().success());
    superuser.execute(format!("DROP DATABASE {name} (FORCE)").as_str()).await.unwrap();
}

async fn becomes(url: &str, path: &str, status: StatusCode) {
    let started = Instant::now();
    while answer(url, path).await != Some(status) {
        assert!(started.elapsed() < DEADLINE, "{path} is not {status}");
        tokio::task::yield_now().await;
    }
}

async fn answer(url: &str, path: &str) -> Option<StatusCode> {
    Some(reqwest::get(format!("{url}{path}")).await.ok()?.status())
}
