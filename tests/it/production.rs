//! The way of production: roles, `migrate` as the owner, `serve` as the service, an orderly end.

use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::Client;
use reqwest::StatusCode;
use tokenledger::clock::Clock;
use tokenledger::sandbox::Token;

use crate::site::KEY;
use crate::site::Site;
use crate::site::becomes;
use crate::site::sender_to;

#[tokio::test]
async fn a_migrated_ledger_is_served_and_ends_in_order() {
    let site = Site::new().await;
    for _ in 0..2 {
        site.migrate();
    }
    let serving = site.serve(None);
    serving.becomes_ready().await;
    let url = serving.url();

    let mut rng = StdRng::seed_from_u64(1);
    let (_, message) = Token::create(None, Clock::system().now(), &mut rng);
    assert_eq!(sender_to(serving.port).send(&message).await.unwrap(), 200);
    let client = Client::builder().no_proxy().build().unwrap();
    let events = client.get(format!("{url}/v1/events")).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(events.headers().get("ledger-position").unwrap(), "1");
    assert_eq!(events.headers().get("connection"), None, "connections are kept");

    serving.tell_to_end();
    becomes(&format!("{url}/readyz"), StatusCode::SERVICE_UNAVAILABLE).await;
    let alive = client.get(format!("{url}/livez")).send().await.unwrap();
    assert_eq!(alive.status(), StatusCode::OK, "requests are still taken");
    assert_eq!(alive.headers().get("connection").unwrap(), "close", "no connection is kept");
    assert!(serving.ended().await.success());
    site.clear().await;
}
