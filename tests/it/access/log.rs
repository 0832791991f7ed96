//! The line of the access log: whose request, which route, and nothing of what it was about.

use tokenledger::access::Scope;

use crate::logged::Logged;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

#[tokio::test]
async fn a_request_is_logged_by_key_id_route_and_status_and_by_no_name() {
    let (log, _kept) = Logged::begin();
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    let reference = world.ref_of(&token_id(1)).to_string();
    let key = world.key(&[Scope::TokensRead]).await;
    Logged::insist();
    served.sends(&key.get(&format!("/v1/tokens/{reference}"))).await;
    served.sends(&key.get("/v1/consumers/C-secret/tokens")).await;
    served.sends(&key.get("/v1/deliveries/in_1")).await;
    let text = log.text();
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("\"route\"")).collect();
    let expected = [
        ("/v1/tokens/{ref}", "\"status\":200"),
        ("/v1/consumers/{consumer}/tokens", "\"status\":200"),
        ("/v1/deliveries/{id}", "\"status\":403"),
    ];
    assert_eq!(lines.len(), expected.len(), "{text}");
    for (line, (route, status)) in lines.iter().zip(expected) {
        let by = format!("\"key\":\"{}\"", key.id);
        for part in [&by, route, status, "duration_ms", "request_id"] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    let secret = key.text.rsplit_once('_').unwrap().1;
    for name in [reference.as_str(), "C-secret", "in_1", secret, &token_id(1)] {
        assert!(!text.contains(name), "{name}: {text}");
    }
}
