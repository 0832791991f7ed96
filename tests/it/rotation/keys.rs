//! What lies in the table: new keys, the same keys under another master key, and refusals.

use serde_json::Value;
use serde_json::json;
use tokenledger::database::SERVICE;
use tokenledger::vault::MasterKey;
use tokenledger::vault::VaultError;
use tokenledger::vault::store;

use crate::rotation::authority;
use crate::world::LEDGER;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

/// Versions, and which of them seals, of a vault opened now.
async fn versions(world: &World, master_key: &MasterKey) -> (Vec<i32>, i32) {
    let mut connection = world.sql_as(SERVICE).await;
    let vault = store::open(&mut connection, LEDGER, master_key).await.unwrap();
    vault.data_key_versions()
}

async fn refusal(world: &World, master_key: &MasterKey) -> String {
    let mut connection = world.sql_as(SERVICE).await;
    store::open(&mut connection, LEDGER, master_key).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_key_seals_when_every_process_had_the_time_to_load_it() {
    let world = World::new().await;
    assert_eq!(versions(&world, &world.master_key).await, (vec![1], 1));
    world.ages_keys().await;
    assert_eq!(world.rotates().await.unwrap(), 2);
    assert_eq!(versions(&world, &world.master_key).await, (vec![1, 2], 1));
    world.ages_keys().await;
    assert_eq!(versions(&world, &world.master_key).await, (vec![1, 2], 2));
    assert_eq!(world.rotates().await.unwrap(), 3);
    assert_eq!(versions(&world, &world.master_key).await, (vec![1, 2, 3], 2));
    let acts: Value = world
        .one(
            "SELECT json_agg(json_build_array(kind, actor, reason, details) ORDER BY number)
            FROM acts WHERE number > 1",
        )
        .await;
    let act = |version: i32| json!(["data_key", "aiko", "of a test", {"version": version}]);
    assert_eq!(acts, json!([act(2), act(3)]));
}

#[tokio::test]
async fn another_master_key_wraps_the_same_keys_and_the_old_one_is_refused() {
    let world = World::new().await;
    world.delivers(&approved(&token_id(1))).await;
    world.ages_keys().await;
    world.rotates().await.unwrap();
    let (before, acts) = world.kept().await;
    let new = MasterKey::generate();
    assert_eq!(world.rewraps(&world.master_key, &new).await.unwrap(), 3);
    let (after, acts_after) = world.kept().await;
    assert_eq!(acts_after, acts + 1);
    for (old, new) in before.iter().zip(&after) {
        assert_eq!((&old.0, old.1), (&new.0, new.1));
        assert_ne!(old.2, new.2, "not wrapped anew");
    }
    let refused = refusal(&world, &world.master_key).await;
    assert!(refused.contains("the master key does not open the vault"), "{refused}");
    assert!(refused.contains("wrapped with last"), "{refused}");
    let mut connection = world.sql_as(SERVICE).await;
    let vault = store::open(&mut connection, LEDGER, &new).await.unwrap();
    let reference = world.ref_of(&token_id(1));
    let id = store::token_id(&mut connection, &vault, &reference).await.unwrap().unwrap();
    assert_eq!((id.expose(), vault.reference(&id)), (token_id(1).as_str(), reference));
}

#[tokio::test]
async fn a_wrong_master_key_changes_nothing() {
    let world = World::new().await;
    let before = world.kept().await;
    let (wrong, new) = (MasterKey::generate(), MasterKey::generate());
    let exported = async {
        let authority = authority();
        let mut connection = world.sql_as(SERVICE).await;
        world.rotation(&wrong, &authority).export(&mut connection).await.map(drop)
    };
    for refused in [
        world.rotates_with(&wrong).await.map(drop),
        world.rewraps(&wrong, &new).await.map(drop),
        exported.await,
    ] {
        let refused = refused.unwrap_err();
        let is_wrong_key =
            matches!(refused.downcast_ref(), Some(VaultError::WrongMasterKey { .. }));
        assert!(is_wrong_key, "{refused:?}");
    }
    assert_eq!(world.kept().await, before);
}

/// Who runs the service can make a key, and cannot make the old ones worthless.
#[tokio::test]
async fn the_services_role_cannot_wrap_keys_anew() {
    let world = World::new().await;
    let before = world.kept().await;
    let (authority, new) = (authority(), MasterKey::generate());
    let mut connection = world.sql_as(SERVICE).await;
    let rotation = world.rotation(&world.master_key, &authority);
    let refused = rotation.rewrap(&mut connection, &new).await.unwrap_err();
    assert!(format!("{refused:#}").contains("permission denied"), "{refused:#}");
    assert_eq!(world.kept().await, before);
}
