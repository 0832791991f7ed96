//! A rotation whose process is killed in the middle has changed nothing.

use std::process::Stdio;

use secrecy::ExposeSecret;
use tokenledger::database::OWNER;
use tokenledger::database::SERVICE;
use tokenledger::vault::MasterKey;

use crate::place::Place;
use crate::running::run;
use crate::running::said;
use crate::running::spawn_logging;
use crate::world::LEDGER;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

#[tokio::test]
async fn a_killed_rotation_leaves_the_keys_as_they_were() {
    let world = World::new().await;
    world.delivers(&approved(&token_id(1))).await;
    let new = MasterKey::generate();
    let place = Place::new().with_file("new.key", new.to_text().expose_secret());
    let new_file = place.path("new.key");
    let (service, owner) = (world.url(SERVICE), world.url(OWNER));
    let master_key = world.master_key.to_text();
    let environment = [
        ("TOKENLEDGER_DATABASE_URL", service.as_str()),
        ("TOKENLEDGER_DATABASE_OWNER_URL", owner.as_str()),
        ("TOKENLEDGER_LEDGER", LEDGER),
        ("TOKENLEDGER_MODE", "test"),
        ("TOKENLEDGER_MASTER_KEY", master_key.expose_secret()),
    ];
    let rotate = ["vault", "rotate", "--reason", "of a test"];
    let rewrap = ["--new-master-key-file", new_file.to_str().unwrap()];
    let before = world.kept().await;
    for arguments in [rotate.to_vec(), [&rotate[..], &rewrap].concat()] {
        world.stalls_on("acts").await;
        let mut rotating = spawn_logging(&arguments, &environment, Stdio::null());
        world
            .until(
                "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'
            AND datname = current_database())",
            )
            .await;
        rotating.kill().unwrap();
        rotating.wait().unwrap();
        world
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE wait_event = 'PgSleep' AND datname = current_database()",
            )
            .await;
        world
            .until(
                "NOT EXISTS (SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = relation
            WHERE relname = 'vault_keys')",
            )
            .await;
        world.heals("acts").await;
        assert_eq!(world.kept().await, before, "{arguments:?}");
        world.execute("DROP FUNCTION of_a_test()").await;
    }
    world.delivers(&approved(&token_id(2))).await;
    for arguments in [rotate.to_vec(), [&rotate[..], &rewrap].concat()] {
        let rotated = run(&arguments, &environment);
        assert!(rotated.status.success(), "{}", said(&rotated));
    }
    let (keys, acts) = world.kept().await;
    assert_eq!((keys.len(), acts), (3, before.1 + 2));
}
