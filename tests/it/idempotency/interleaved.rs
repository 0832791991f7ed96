//! Whatever the order in which requests of one or another kind come under a few keys, at two
//! processes: each key stands for one request, which is done once.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use tokio::task::JoinHandle;

use crate::idempotency::is_replay;
use crate::idempotency::reprocess;
use crate::idempotency::same;
use crate::request::Request;
use crate::seed::seed;
use crate::wire::Answer;
use crate::wire::Wire;
use crate::world::World;

const ROUNDS: u64 = 12;
const BATCHES: u64 = 10;
const AT_ONCE_MAX: usize = 4;
const KEYS: [&str; 3] = ["key-of-a-1", "key-of-a-2", "key-of-a-3"];
const TARGETS: [&str; 3] = ["in_1", "in_2", NOWHERE];
/// None that the ledger has.
const NOWHERE: &str = "in_3";

#[tokio::test]
async fn a_key_stands_for_one_request_which_is_done_once() {
    let mut random = StdRng::seed_from_u64(seed());
    for _ in 0..ROUNDS {
        round(&mut random).await;
    }
}

async fn round(random: &mut StdRng) {
    let world = World::new().await;
    let services = [world.serves().await, world.serves().await];
    world.ignores(2).await;
    let mut owners: BTreeMap<&str, (&str, Answer)> = BTreeMap::new();
    for _ in 0..BATCHES {
        let count = random.random_range(1..=AT_ONCE_MAX);
        let mut asked = Vec::new();
        for _ in 0..count {
            let key = *KEYS.choose(random).unwrap();
            let target = *TARGETS.choose(random).unwrap();
            asked.push((key, target, services.choose(random).unwrap().address));
        }
        let sending: Vec<JoinHandle<Answer>> = asked
            .iter()
            .map(|(key, target, address)| {
                let (request, address) = (reprocess(target, key), *address);
                tokio::spawn(async move { sends(address, &request).await })
            })
            .collect();
        let mut answers = Vec::new();
        for sent in sending {
            answers.push(sent.await.unwrap());
        }
        let first = asked.iter().zip(&answers).filter(|(_, answer)| acted(answer));
        for ((key, target, _), answer) in first {
            let before = owners.insert(key, (target, answer.clone()));
            assert!(before.is_none(), "{key} acted twice: {before:?}, {answer:?}");
        }
        for ((key, target, _), answer) in asked.iter().zip(&answers) {
            let (owner, given) = owners.get(key).unwrap();
            if target != owner {
                answer.refuses(422, "idempotency_key_reused");
            } else if answer.status == 409 {
                answer.refuses(409, "idempotency_key_in_flight");
            } else if answer.status == 404 {
                answer.refuses(404, "not_found");
            } else {
                assert!(same(answer, given), "{answer:?}\n{given:?}");
            }
        }
    }
    let there = owners.values().filter(|(target, _)| *target != NOWHERE).count();
    assert_eq!(usize::try_from(world.done().await).unwrap(), there);
    assert_eq!(usize::try_from(world.count("idempotency").await).unwrap(), owners.len());
}

async fn sends(address: SocketAddr, request: &Request) -> Answer {
    let mut wire = Wire::connect(address).await;
    wire.send(&request.clone().set("Connection", "close").bytes()).await;
    wire.answer(false).await
}

fn acted(answer: &Answer) -> bool {
    [200, 404].contains(&answer.status) && !is_replay(answer)
}
