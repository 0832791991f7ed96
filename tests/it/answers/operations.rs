//! Health, metrics, connections.

use tokenledger::smartpay::SigningSecret;

use crate::request::Request;
use crate::world::API_KEY;
use crate::world::SECRET;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::get;
use crate::world::token_id;

#[tokio::test]
async fn metrics_count_what_happens_and_name_nobody() {
    let world = World::new().await;
    let served = world.serves().await;
    let token = token_id(424_242);
    let body = approved(&token);
    for request in [
        world.signed(&body),
        world.signed(&body),
        world.signed(&body).body("{}"),
        world.signed(&body).without("Smartpay-Event-Id"),
        world.signed(&body).set("Smartpay-Subscription-Id", "webhookendpoint_test_424242"),
        Request::new("POST", "/webhooks/smartpay/nosuch424242"),
    ] {
        served.sends(&request).await;
    }
    world.claims(&token, claim("s424242", "c424242")).await;
    served.reads(&format!("/v1/tokens/{}", world.ref_of(&token))).await;
    served.reads("/v1/consumers/c424242/tokens").await;
    let answer = served.sends(&Request::new("GET", "/metrics")).await;
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let fingerprint = SigningSecret::parse(SECRET).unwrap().fingerprint();
    for counted in [
        "tokenledger_deliveries_total{verdict=\"applied\",copy=\"false\"}",
        "tokenledger_deliveries_total{verdict=\"applied\",copy=\"true\"}",
        "tokenledger_refused_total{cause=\"bad_signature\"}",
        "tokenledger_refused_total{cause=\"missing_header\"}",
        "tokenledger_refused_total{cause=\"subscription_mismatch\"}",
        "tokenledger_refused_total{cause=\"unknown_endpoint\"}",
        &format!(
            "tokenledger_secret_matched_total{{endpoint=\"dev\",secret=\"{fingerprint}\",\
             variant=\"base_x\"}}"
        ),
        "tokenledger_queue_submissions",
        "tokenledger_group_submissions_bucket{le=\"512\"}",
        "tokenledger_commit_seconds_bucket{le=\"0.005\"}",
        "tokenledger_last_webhook_seconds ",
        "tokenledger_lateness_seconds_bucket{le=\"60\"}",
    ] {
        assert!(text.contains(counted), "{counted} is not in {text}");
    }
    for secret in ["424242", "paytok_", "tok_test_", "evt_", API_KEY, SECRET] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn health_is_plain_and_needs_no_key() {
    let world = World::new().await;
    let served = world.serves().await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let answer = served.sends(&Request::new("GET", path)).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"), "{path}");
        let head = served.sends(&Request::new("HEAD", path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
}

#[tokio::test]
async fn requests_behind_one_another_on_one_connection_are_answered_in_their_order() {
    let world = World::new().await;
    let served = world.serves().await;
    world.delivers(&approved(&token_id(1))).await;
    let requests = [
        get("/v1/events?limit=1"),
        world.signed(&approved(&token_id(2))),
        get("/nosuch"),
        world.signed(&approved(&token_id(3))).body("{}"),
        get("/v1/events").without("Authorization"),
        Request::new("HEAD", "/livez"),
        get("/v1/events?after=1"),
    ];
    let mut wire = served.connects().await;
    wire.send(&requests.iter().flat_map(Request::bytes).collect::<Vec<u8>>()).await;
    let mut statuses = Vec::new();
    let mut last = None;
    for request in &requests {
        let answer = wire.answer(request.is_head()).await;
        statuses.push(answer.status);
        last = Some(answer);
    }
    assert_eq!(statuses, [200, 200, 404, 401, 401, 200, 200]);
    assert_eq!(last.unwrap().json().pointer("/data/0/position").unwrap(), 2);
}

/// The deadline of heads is that of silence too: after an answer, and before anything is asked.
#[tokio::test]
async fn a_connection_that_falls_silent_is_closed() {
    let world = World::new().await;
    let served = world.serves().await;
    let (mut silent, mut used) = (served.connects().await, served.connects().await);
    used.send(&Request::new("GET", "/livez").bytes()).await;
    assert_eq!(used.answer(false).await.status, 200);
    let closed = tokio::join!(silent.is_closed(), used.is_closed());
    assert_eq!(closed, (true, true));
}
