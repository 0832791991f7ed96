//! New keys while two services record: nothing is lost, and everything opens.

use std::time::Duration;
use std::time::Instant;

use serde_json::json;
use tokenledger::audit::Check;
use tokenledger::audit::Snapshot;
use tokenledger::database::SERVICE;
use tokenledger::vault::MasterKey;
use tokio::time::interval;

use crate::world::Served;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::write;

const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(50);

impl World {
    /// The data key that sealed the body of this token's delivery.
    async fn sealed_by(&self, token: &str) -> i32 {
        let reference = self.ref_of(token);
        // Behind the byte of the form.
        self.one(&format!(
            "SELECT get_byte(sealed, 4) FROM sealed_bodies WHERE ref = '{reference}'"
        ))
        .await
    }

    async fn verifies_with(&self, master_key: &MasterKey) {
        let mut snapshot = Snapshot::open(&self.options(SERVICE), Some(master_key)).await.unwrap();
        for check in Check::ALL {
            let report = snapshot.check(check).await.unwrap();
            assert!(report.is_good(), "{report:?}");
        }
    }
}

async fn records(world: &World, served: &Served, token: &str) {
    let answer = served.sends(&world.signed(&approved(token))).await;
    assert_eq!(
        (answer.status, answer.json().get("verdict").cloned()),
        (200, Some(json!("applied")))
    );
}

async fn reveals(world: &World, served: &Served, token: &str) {
    let path = format!("/v1/tokens/{}/reveal", world.ref_of(token));
    let answer = served.sends(&write("POST", &path).json(&json!({"reason": "to see"}))).await;
    assert_eq!((answer.status, answer.json().get("token_id").cloned()), (200, Some(json!(token))));
}

#[tokio::test]
async fn a_new_data_key_is_taken_up_by_two_services_that_record_meanwhile() {
    let world = World::new().await;
    world.ages_keys().await;
    let services = [world.serves().await, world.serves().await];
    let mut number = 0;
    let mut next = || {
        number += 1;
        token_id(number)
    };
    let (old, other) = (next(), next());
    records(&world, &services[0], &old).await;
    records(&world, &services[1], &other).await;
    world.rotates().await.unwrap();
    world.ages_keys().await;
    let started = Instant::now();
    let mut polls = interval(POLL);
    let mut newest = Vec::new();
    for service in &services {
        loop {
            let token = next();
            records(&world, service, &token).await;
            if world.sealed_by(&token).await == 2 {
                newest.push(token);
                break;
            }
            assert!(started.elapsed() < DEADLINE, "the new key is not taken up");
            polls.tick().await;
        }
    }
    assert_eq!(world.sealed_by(&old).await, 1);
    for token in [&old, &other, &newest[0], &newest[1]] {
        for service in &services {
            reveals(&world, service, token).await;
        }
    }
    let recorded = i64::try_from(number).unwrap();
    assert_eq!((world.count("inputs").await, world.count("events").await), (recorded, recorded));
    world.verifies_with(&world.master_key).await;
}

/// It cannot load what was made under the new master key, and need not until it is restarted.
#[tokio::test]
async fn a_service_goes_on_when_its_master_key_is_not_the_vaults_any_more() {
    let mut world = World::new().await;
    world.ages_keys().await;
    let running = world.serves().await;
    records(&world, &running, &token_id(1)).await;
    let new = MasterKey::generate();
    world.rewraps(&world.master_key, &new).await.unwrap();
    records(&world, &running, &token_id(2)).await;
    world.rotates_with(&new).await.unwrap();
    world.ages_keys().await;
    // A service started now has the new key, and seals with it; the old one goes on with its own.
    world.master_key = new;
    let restarted = world.serves().await;
    records(&world, &restarted, &token_id(3)).await;
    records(&world, &running, &token_id(4)).await;
    let sealed_by = [
        world.sealed_by(&token_id(2)).await,
        world.sealed_by(&token_id(3)).await,
        world.sealed_by(&token_id(4)).await,
    ];
    assert_eq!(sealed_by, [1, 2, 1]);
    for number in 1..=4 {
        reveals(&world, &restarted, &token_id(number)).await;
    }
    reveals(&world, &running, &token_id(2)).await;
    world.verifies_with(&world.master_key).await;
}
