//! A key's life: made, used, expired, revoked; and texts that are none.

use std::time::Instant;

use chrono::TimeDelta;
use tokenledger::access::AccessKey;
use tokenledger::access::Keyring;
use tokenledger::access::REVOKED_WITHIN;
use tokenledger::access::Scope;
use tokenledger::access::store;
use tokenledger::database::SERVICE;
use tokenledger::smartpay::Mode;

use crate::access::Key;
use crate::world::World;

const PATH: &str = "/v1/tokens";

#[tokio::test]
async fn a_key_works_from_the_moment_it_is_made() {
    let world = World::new().await;
    let served = world.serves().await;
    for _ in 0..3 {
        let key = world.key(&[Scope::TokensRead]).await;
        let answer = served.sends(&key.get(PATH)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_in_time_and_others_are_not() {
    let world = World::new().await;
    let served = world.serves().await;
    let key = world.key(&[Scope::TokensRead]).await;
    let other = world.key(&[Scope::TokensRead]).await;
    assert_eq!(served.sends(&key.get(PATH)).await.status, 200);
    let mut connection = world.sql_as(SERVICE).await;
    let now = world.clock.now();
    assert_eq!(store::revoke(&mut connection, &key.id, now).await.unwrap(), Some(now));
    let revoked = Instant::now();
    while served.sends(&key.get(PATH)).await.status == 200 {
        assert!(revoked.elapsed() < REVOKED_WITHIN, "it is accepted still");
    }
    served.sends(&key.get(PATH)).await.refuses(401, "unauthenticated");
    assert_eq!(served.sends(&other.get(PATH)).await.status, 200);
    let later = now + TimeDelta::days(1);
    let again = store::revoke(&mut connection, &key.id, later).await.unwrap();
    assert_eq!(again, Some(now), "the first time stands");
    assert_eq!(store::revoke(&mut connection, "unknown", later).await.unwrap(), None);
}

#[tokio::test]
async fn a_key_ends_at_its_expiry_to_the_instant() {
    let world = World::new().await;
    let served = world.serves().await;
    let expires_at = world.clock.now() + TimeDelta::days(90);
    let key = world.key_until(&[Scope::TokensRead], Some(expires_at)).await;
    world.clock.set(expires_at - TimeDelta::microseconds(1));
    assert_eq!(served.sends(&key.get(PATH)).await.status, 200);
    world.clock.set(expires_at);
    served.sends(&key.get(PATH)).await.refuses(401, "unauthenticated");
}

#[tokio::test]
async fn what_is_no_key_of_this_ledger_is_refused_and_never_repeated() {
    let world = World::new().await;
    let served = world.serves().await;
    let key = world.key(&[Scope::TokensRead]).await;
    let elsewhere = World::new().await.key(&[Scope::TokensRead]).await;
    let (named, secret) = key.text.rsplit_once('_').unwrap();
    let turned: String = secret.chars().rev().collect();
    for text in [
        elsewhere.text.clone(),
        format!("{named}_{turned}"),
        named.to_owned(),
        format!("{}x", key.text),
        key.text.replace("tl_test_", "tl_live_"),
        key.text.replace("tl_test_", "sk_test_"),
        key.text.to_uppercase(),
        format!("{}_{secret}", "tl_test_' OR 1=1 --"),
        "a".repeat(8_000),
        String::new(),
    ] {
        let key = Key { id: String::new(), text: text.clone() };
        let problem = served.sends(&key.get(PATH)).await.refuses(401, "unauthenticated");
        assert!(text.len() < 9 || !problem.to_string().contains(&text), "{problem}");
    }
    let twice = key.get(PATH).with("Authorization", &format!("Bearer {}", key.text));
    served.sends(&twice).await.refuses(400, "bad_request");
}

#[tokio::test]
async fn a_known_id_with_another_secret_is_refused() {
    let world = World::new().await;
    let served = world.serves().await;
    let key = world.key(&[Scope::TokensRead]).await;
    // The same as a secret with a right checksum that is not this key's.
    world.execute("UPDATE access_keys SET digest = sha256('another')").await;
    served.sends(&key.get(PATH)).await.refuses(401, "unauthenticated");
}

#[tokio::test]
async fn the_table_holds_no_key_and_no_part_of_a_secret() {
    let world = World::new().await;
    let key = world.key(&Scope::ALL).await;
    let secret = key.text.rsplit_once('_').unwrap().1;
    let row: String = world.one("SELECT access_keys::text FROM access_keys").await;
    assert!(row.contains(&key.id));
    assert!(!row.contains(secret.get(..8).unwrap()), "{row}");
}

#[tokio::test]
async fn the_last_use_is_written_aside_and_at_most_once_a_minute() {
    let world = World::new().await;
    let key = world.key(&[Scope::TokensRead]).await;
    let keyring = Keyring::new(world.pool.clone());
    let presented = AccessKey::parse(&key.text, Mode::Test).unwrap();
    let last_used = "SELECT extract(epoch FROM last_used_at - created_at)::bigint FROM access_keys";
    let began = world.clock.now();
    for (seconds, written) in [(0, Some(0)), (1, Some(0)), (59, Some(0)), (60, Some(60))] {
        let now = began + TimeDelta::seconds(seconds);
        let admitted = keyring.admit(&presented, now).await.unwrap();
        assert!(admitted.is_some_and(|scopes| scopes.contain(Scope::TokensRead)));
        keyring.flush().await.unwrap();
        assert_eq!(world.one::<Option<i64>>(last_used).await, written, "after {seconds} s");
    }
}
