//! `doctor`: one look at everything, and what is wrong has its line.

use std::process::Output;

use serde_json::Value;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::audit::Attempt;
use tokenledger::audit::Stopped;
use tokenledger::audit::try_to_change_history;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;

use crate::home::Home;
use crate::running::Running;
use crate::running::run;
use crate::running::said;
use crate::world::World;

fn doctor(home: &Home, arguments: &[&str]) -> Output {
    run(&[&["--data", home.dir.path().to_str().unwrap(), "doctor"], arguments].concat(), &[])
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The result of one check.
fn result<'a>(document: &'a Value, check: &str) -> &'a Value {
    let data = document["data"].as_array().unwrap();
    data.iter().find(|line| line["check"] == check).unwrap()
}

fn looked(home: &Home) -> Value {
    serde_json::from_str(&printed(&doctor(home, &["-o", "json"]))).unwrap()
}

#[tokio::test]
async fn one_look_finds_a_sound_ledger_sound_and_warns_of_what_waits() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--empty"]);
    let trigger = |arguments: &[&str]| {
        let data = ["--data", home.dir.path().to_str().unwrap(), "trigger"];
        run(&[&data, arguments].concat(), &[])
    };
    assert!(trigger(&["token.created"]).status.success());
    let sound = doctor(&home, &["--strict"]);
    assert_eq!(sound.status.code(), Some(0), "{}{}", printed(&sound), said(&sound));
    let text = printed(&sound);
    for line in ["✓ postgres", "✓ ledger", "✓ history", "✓ vault", "✓ webhooks", "✓ secrets"]
    {
        assert!(text.contains(line), "{line:?} in {text}");
    }
    assert!(said(&sound).contains("0 warnings, 0 errors"));

    let url = running.text("database_url");
    let mut service = PgConnection::connect(url).await.unwrap();
    let schema = running.json.get("ledger").and_then(Value::as_str).unwrap_or("tokenledger");
    let plant = format!(
        "SET search_path = {schema};
        INSERT INTO refusals VALUES ('dev', 'bad_signature', now(), 2),
            ('dev', 'stale_timestamp', now(), 1), ('dev', 'bad_signature', now() - interval '2 days', 9);
        INSERT INTO readings_due SELECT ref, 'stale_timestamp', now(), 1 FROM vault"
    );
    service.execute(plant.as_str()).await.unwrap();
    let document = looked(&home);
    assert_eq!(result(&document, "readings")["facts"]["open"], 1);
    assert_eq!(result(&document, "refused")["facts"][0]["count"], 2, "of 24 hours only");
    assert_eq!((&document["warnings"], &document["errors"]), (&2.into(), &0.into()));
    assert_eq!(doctor(&home, &[]).status.code(), Some(0));
    assert_eq!(doctor(&home, &["--strict"]).status.code(), Some(3));
    let why = printed(&doctor(&home, &["--why", "refused", "-o", "plain"]));
    assert!(why.starts_with("dev\tbad_signature\t2\t"), "{why}");
    assert_eq!(why.lines().count(), 2);
    let all = printed(&doctor(&home, &[]));
    assert!(!all.contains("paytok_") && !all.contains(running.text("webhook_secret")), "{all}");

    assert!(running.stop().success());
    assert_eq!(doctor(&home, &[]).status.code(), Some(6));
}

#[tokio::test]
async fn a_right_to_change_history_is_found_by_trying() {
    let world = World::new().await;
    let mut service = world.sql_as(SERVICE).await;
    let attempts = try_to_change_history(&mut service).await.unwrap();
    assert_eq!(attempts.len(), 14);
    assert!(attempts.iter().all(|attempt| attempt.stopped == Stopped::ByPrivilege));
    world.execute("GRANT UPDATE ON events TO tokenledger_service").await;
    let by_trigger = |verb: &str, table: &str, attempts: &[Attempt]| {
        attempts
            .iter()
            .filter(|attempt| attempt.stopped == Stopped::ByTrigger)
            .all(|attempt| (attempt.verb, attempt.table) == (verb, table))
    };
    let attempts = try_to_change_history(&mut service).await.unwrap();
    assert!(by_trigger("UPDATE", "events", &attempts));
    let mut owner = world.sql_as(OWNER).await;
    let attempts = try_to_change_history(&mut owner).await.unwrap();
    assert!(attempts.iter().all(|attempt| attempt.stopped == Stopped::ByTrigger));
    world.execute("DROP TRIGGER history_is_final ON events").await;
    let attempts = try_to_change_history(&mut service).await.unwrap();
    let allowed: Vec<_> =
        attempts.iter().filter(|attempt| attempt.stopped == Stopped::Nothing).collect();
    assert_eq!(allowed.len(), 1);
    assert_eq!((allowed[0].verb, allowed[0].table), ("UPDATE", "events"));
}
