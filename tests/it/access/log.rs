//! The line of the access log: whose request, which route, and nothing of what it was about.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use tokenledger::access::Scope;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

/// What was logged, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_logged_by_key_id_route_and_status_and_by_no_name() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
    let _kept = tracing::subscriber::set_default(subscriber);
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    let reference = world.ref_of(&token_id(1)).to_string();
    let key = world.key(&[Scope::TokensRead]).await;
    // Other tests' threads, which have no subscriber, may have switched the line off for all.
    tracing::callsite::rebuild_interest_cache();
    served.sends(&key.get(&format!("/v1/tokens/{reference}"))).await;
    served.sends(&key.get("/v1/consumers/C-secret/tokens")).await;
    served.sends(&key.get("/v1/deliveries/in_1")).await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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
