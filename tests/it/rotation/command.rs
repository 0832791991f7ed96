//! `vault rotate` and `vault export` as commands.

use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::Executor;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::vault::MasterKey;
use tokenledger::vault::store;

use crate::place::Outcome;
use crate::place::Place;
use crate::world::LEDGER;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

fn place(world: &World, master_key: &MasterKey) -> Place {
    Place::new()
        .with("DATABASE_URL", &world.url(SERVICE))
        .with("DATABASE_OWNER_URL", &world.url(OWNER))
        .with("LEDGER", LEDGER)
        .with("MODE", "test")
        .with("MASTER_KEY", master_key.to_text().expose_secret())
}

fn vault_line(outcome: &Outcome) -> Value {
    let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let lines = document.get("data").unwrap().as_array().unwrap();
    lines.iter().find(|line| line.get("check").unwrap() == "vault").unwrap().clone()
}

#[tokio::test]
async fn what_is_exported_restores_the_keys_and_is_worth_nothing_alone() {
    let world = World::new().await;
    world.delivers(&approved(&token_id(1))).await;
    let place = place(&world, &world.master_key);
    let rotated = place.run(&["vault", "rotate", "--reason", "yearly", "--actor", "aiko"]);
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    assert!(rotated.stderr.contains("made data key 2"), "{}", rotated.stderr);
    let exported = place.run(&["vault", "export", "--reason", "escrow"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    let export: Value = serde_json::from_str(&exported.stdout).unwrap();
    assert_eq!(export["form"], "tokenledger/vault-export/1");
    assert_eq!(export["keys"].as_array().unwrap().len(), 3);
    let text = world.master_key.to_text();
    assert!(!exported.stdout.contains(text.expose_secret()));

    let before = world.kept().await;
    let mut owner = world.sql_as(OWNER).await;
    owner.execute("DELETE FROM vault_keys").await.unwrap();
    let mut service = world.sql_as(SERVICE).await;
    let lost = store::open(&mut service, LEDGER, &world.master_key).await.unwrap_err();
    assert!(lost.to_string().contains("missing"), "{lost}");
    for statement in export["restore"].as_array().unwrap() {
        owner.execute(statement.as_str().unwrap()).await.unwrap();
    }
    assert_eq!(world.kept().await, before);
    let vault = store::open(&mut service, LEDGER, &world.master_key).await.unwrap();
    let id = store::token_id(&mut service, &vault, &world.ref_of(&token_id(1))).await.unwrap();
    assert_eq!(id.unwrap().expose(), token_id(1));
}

#[tokio::test]
async fn doctor_names_the_data_keys_and_a_master_key_that_is_old() {
    let world = World::new().await;
    let old = place(&world, &world.master_key);
    let new = MasterKey::generate();
    let old = old.with_file("new.key", &format!("{}\n", new.to_text().expose_secret()));
    world.ages_keys().await;
    assert_eq!(old.run(&["vault", "rotate", "--reason", "yearly"]).code, 0);
    let line = vault_line(&old.run(&["doctor", "--json"]));
    let seen = line["words"].as_str().unwrap();
    assert!(seen.contains("data keys: 1, 2, of which 1 seals"), "{line}");
    let rewrap = ["vault", "rotate", "--reason", "he left", "--new-master-key-file", "new.key"];
    let rewrapped = old.run(&rewrap);
    assert_eq!(rewrapped.code, 0, "{}", rewrapped.stderr);
    assert!(!rewrapped.stderr.contains("tlmk_"), "{}", rewrapped.stderr);
    let line = vault_line(&old.run(&["doctor", "--json"]));
    assert!(line["words"].as_str().unwrap().contains("does not open"), "{line}");
    // Once more with the old one: a wrong configuration.
    let again = old.run(&rewrap);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("does not open the vault"), "{}", again.stderr);
    let line = vault_line(&place(&world, &new).run(&["doctor", "--json"]));
    assert_eq!(line["result"], "ok", "{line}");
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_anything_changes() {
    let world = World::new().await;
    let text = world.master_key.to_text();
    let place = place(&world, &world.master_key)
        .with_file("same.key", text.expose_secret())
        .with_file("garbled.key", "tlmk_garbled");
    let before = world.kept().await;
    let long = "w".repeat(129);
    for arguments in [
        &["vault", "rotate"][..],
        &["vault", "export"],
        &["vault", "rotate", "--reason", ""],
        &["vault", "rotate", "--reason", &long],
        &["vault", "export", "--reason", "of paytok_test_1"],
        &["vault", "rotate", "--reason", "r", "--new-master-key-file", "none.key"],
        &["vault", "rotate", "--reason", "r", "--new-master-key-file", "same.key"],
        &["vault", "rotate", "--reason", "r", "--new-master-key-file", "garbled.key"],
    ] {
        let refused = place.run(arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        assert!(!refused.stderr.contains("garbled\""), "{}", refused.stderr);
        assert!(!refused.stderr.contains(text.expose_secret()), "{}", refused.stderr);
    }
    assert_eq!(world.kept().await, before);
}
