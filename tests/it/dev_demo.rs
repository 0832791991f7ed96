//! The demo of a `dev`: unfinished, finished, reset, and never on a ledger that is not its own.
#![expect(clippy::disallowed_methods, reason = "tests look at tables in their own words")]

use std::fs;
use std::time::Instant;

use serde_json::Value;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;

use crate::home::DEADLINE;
use crate::home::Home;
use crate::home::comes_true;
use crate::running::Running;
use crate::running::log;
use crate::running::run;
use crate::running::said;
use crate::running::spawn_piped;

const DEMO: [&str; 6] = ["--tokens", "6", "--days", "8", "--seed", "7"];

/// Until a demo that is being made has so many events.
async fn events(home: &Home, count: i64) {
    let file = home.dir.path().join("dev.json");
    assert!(comes_true(|| file.exists()), "no dev.json");
    let json: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let url = json.get("database_owner_url").and_then(Value::as_str).unwrap();
    let mut owner = PgConnection::connect(url).await.unwrap();
    let began = Instant::now();
    while sqlx::query_scalar::<_, i64>("SELECT position FROM tokenledger.head")
        .fetch_one(&mut owner)
        .await
        .unwrap()
        < count
    {
        assert!(began.elapsed() < DEADLINE, "no events come");
        tokio::task::yield_now().await;
    }
}

fn kept(home: &Home) -> Value {
    serde_json::from_str(&fs::read_to_string(home.dir.path().join("demo.json")).unwrap()).unwrap()
}

async fn tokens(running: &Running) -> usize {
    let ledger = running.gets("/v1/tokens?limit=200").await;
    let url = format!("{}/sandbox/tokens", running.text("sandbox_url"));
    let sandbox: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    let count = |list: &Value, name| list.get(name).and_then(Value::as_array).unwrap().len();
    let ours = count(&ledger, "data");
    assert_eq!(count(&sandbox, "tokens"), ours);
    ours
}

#[tokio::test]
async fn a_demo_that_was_cut_off_is_made_anew_and_whole() {
    let home = Home::new();
    let data = home.dir.path().to_str().unwrap();
    let arguments = ["--tokens", "60", "--days", "40"];
    let mut child =
        spawn_piped(&[&["--data", data, "dev", "--port", "0"], &arguments[..]].concat());
    events(&home, 20).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(kept(&home)["made"], false);
    let running = Running::start(&home, 0, &arguments);
    assert_eq!(kept(&home)["made"], true);
    let told = String::from_utf8(log(&home)).unwrap();
    assert!(told.contains("dropped and made anew"), "{told}");
    assert_eq!(tokens(&running).await, 60);
    let refused = "SELECT coalesce(sum(count), 0)::bigint FROM refusals
        WHERE cause = 'bad_signature'";
    let refused: i64 =
        sqlx::query_scalar(refused).fetch_one(&mut running.owner().await).await.unwrap();
    assert_eq!(refused, 300, "strangers leave counters");
    let verified = run(&["--data", data, "verify"], &[]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    assert!(running.stop().success());
}

#[tokio::test]
async fn a_reset_lets_the_next_dev_make_it_anew() {
    let home = Home::new();
    let data = home.dir.path().to_str().unwrap();
    let reset = |more: &[&str]| run(&[&["--data", data, "demo", "reset"], more].concat(), &[]);
    let nothing = reset(&["--yes"]);
    assert_eq!(nothing.status.code(), Some(4), "{}", said(&nothing));
    let running = Running::start(&home, 0, &DEMO);
    let first = running.leaves().await;
    let key = running.text("api_key").to_owned();
    let busy = reset(&["--yes"]);
    assert_eq!(busy.status.code(), Some(2), "{}", said(&busy));
    assert!(said(&busy).contains("another `dev`"), "{}", said(&busy));
    assert!(running.stop().success());
    let unsure = reset(&[]);
    assert_eq!(unsure.status.code(), Some(7), "{}", said(&unsure));
    assert!(said(&unsure).contains("--yes"), "{}", said(&unsure));
    let running = Running::start(&home, 0, &DEMO);
    let kept = running.leaves().await;
    assert_eq!(kept, first, "nothing was lost so far");
    assert!(running.stop().success());

    let done = reset(&["--yes"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let again = reset(&["--yes"]);
    assert_eq!(again.status.code(), Some(4), "{}", said(&again));
    let running = Running::start(&home, 0, &["--tokens", "4", "--days", "5"]);
    assert_eq!(tokens(&running).await, 4);
    assert_eq!(running.text("api_key"), key, "keys outlive a reset");
    assert_ne!(running.leaves().await, first);
    assert!(running.stop().success());
}

#[tokio::test]
async fn no_other_ledger_is_ever_dropped() {
    let home = Home::new();
    let data = home.dir.path().to_str().unwrap();
    let running = Running::start(&home, 0, &["--empty"]);
    assert!(running.stop().success());
    let refused = run(&["--data", data, "demo", "reset", "--yes"], &[]);
    assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
    assert!(said(&refused).contains("not marked demo"), "{}", said(&refused));
    // Nor does a forgotten file make it one, or a `dev` without --empty.
    let forged = r#"{"until":"2026-01-01T00:00:00Z","seed":1,"tokens":3,"days":3,"made":false}"#;
    for file in [Some(forged), None] {
        let path = home.dir.path().join("demo.json");
        match file {
            Some(text) => fs::write(path, text).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let refused = run(&["--data", data, "demo", "reset", "--yes"], &[]);
        assert_eq!(refused.status.code(), Some(5), "{}", said(&refused));
        let running = Running::start(&home, 0, &DEMO);
        assert_eq!(tokens(&running).await, 0);
        assert!(running.stop().success());
    }
}

#[tokio::test]
async fn a_demo_of_another_directory_is_not_reset_here() {
    let address = crate::postgres::cluster().await;
    let mut superuser = PgConnection::connect(&address.url("postgres", "postgres")).await.unwrap();
    let name = format!("shared_{:016x}", rand::random::<u64>());
    superuser.execute(format!("CREATE DATABASE {name}").as_str()).await.unwrap();
    let url = address.url(&name, "postgres");
    let named = [&["--database-url", &url], &DEMO[..]].concat();
    let (mine, theirs) = (Home::new(), Home::new());
    let running = Running::start(&theirs, 0, &named);
    assert_eq!(tokens(&running).await, 6);
    assert!(running.stop().success());
    // The same keys, but it did not make the demo.
    for file in ["dev.json", "master.key"] {
        fs::copy(theirs.dir.path().join(file), mine.dir.path().join(file)).unwrap();
    }
    let data = mine.dir.path().to_str().unwrap();
    let forgotten = run(&["--data", data, "demo", "reset", "--yes"], &[]);
    assert_eq!(forgotten.status.code(), Some(2), "{}", said(&forgotten));
    assert!(said(&forgotten).contains("--database-url"), "{}", said(&forgotten));
    let reset = |home: &Home| {
        let data = home.dir.path().to_str().unwrap();
        run(&["--data", data, "demo", "reset", "--yes", "--database-url", &url], &[])
    };
    assert_eq!(reset(&mine).status.code(), Some(5));
    assert_eq!(reset(&theirs).status.code(), Some(0));
    superuser.execute(format!("DROP DATABASE {name} (FORCE)").as_str()).await.unwrap();
}
