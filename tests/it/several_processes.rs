//! Two services on one ledger behind haproxy: restarted in turn, and killed, under load.
//!
//! `TOKENLEDGER_TEST_RESTARTS` sets how often both are restarted (default 5),
//! `TOKENLEDGER_TEST_SEED` replays the deliveries of a run.
#![expect(clippy::disallowed_methods, reason = "tests look at tables in their own words")]

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::haproxy::Haproxy;
use crate::kill::nothing_is_half_done;
use crate::kill::nothing_is_lost_or_doubled;
use crate::kill::number;
use crate::seed::seed;
use crate::shops::Shops;
use crate::site::Serving;
use crate::site::Site;
use crate::site::becomes;
use crate::site::sender_to;
use crate::skip::skip;

/// Between the deliveries of one shop: together they send about 200 a second.
const PAUSE: Duration = Duration::from_millis(40);
/// Acknowledged deliveries before and after what happens.
const SOME: usize = 100;

/// The two services, and what stands before them.
struct Scene {
    site: Site,
    services: [Serving; 2],
    _proxy: Haproxy,
    shops: Shops,
    acknowledged: watch::Receiver<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted_in_turn_they_answer_only_200_or_503_and_lose_nothing() {
    let Some(mut scene) = Scene::new().await else { return skip("there is no haproxy") };
    for _ in 0..number("TOKENLEDGER_TEST_RESTARTS").unwrap_or(5) {
        let [one, two] = scene.services;
        let one = restarted(&scene.site, one).await;
        let two = restarted(&scene.site, two).await;
        scene.services = [one, two];
    }
    let answers = scene.ends_with_nothing_lost().await;
    assert!(answers.keys().all(|status| [200, 503].contains(status)), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_one_is_killed_and_nothing_is_lost() {
    let Some(mut scene) = Scene::new().await else { return skip("there is no haproxy") };
    for _ in 0..3 {
        scene.some_more().await;
        let [one, two] = scene.services;
        let port = one.port;
        drop(one);
        let at_kill = *scene.acknowledged.borrow();
        scene.acknowledged.wait_for(|count| *count >= at_kill + SOME).await.unwrap();
        let one = scene.site.serve(Some(port));
        one.becomes_ready().await;
        scene.services = [two, one];
    }
    let answers = scene.ends_with_nothing_lost().await;
    assert!(answers.keys().all(|status| [200, 502, 503].contains(status)), "{answers:?}");
}

#[tokio::test]
async fn of_two_one_is_on_duty_and_the_other_follows() {
    let site = Site::new().await;
    site.migrate();
    let one = site.serve(None);
    one.becomes_on_duty("1").await;
    let two = site.serve(None);
    two.becomes_on_duty("0").await;
    let mut ledger = site.owner().await;
    let holder = holders(&mut ledger).await;
    assert_eq!(holder.len(), 1);
    drop(one);
    two.becomes_on_duty("1").await;
    let successor = holders(&mut ledger).await;
    assert!(successor.len() == 1 && successor != holder);

    // The connection is lost, not the process: the lease is had again.
    site.end_sessions(&successor).await;
    two.becomes_on_duty("0").await;
    two.becomes_on_duty("1").await;
    drop(two);
    site.clear().await;
}

impl Scene {
    /// Under load. None where there is no haproxy.
    async fn new() -> Option<Self> {
        let site = Site::new().await;
        site.migrate();
        // The first makes the ledger's keys.
        let one = site.serve(None);
        one.becomes_ready().await;
        let two = site.serve(None);
        two.becomes_ready().await;
        let Some(proxy) = Haproxy::start([one.port, two.port]) else {
            drop((one, two));
            site.clear().await;
            return None;
        };
        let hook = format!("http://127.0.0.1:{}/webhooks/smartpay/main", proxy.port);
        becomes(&hook, StatusCode::METHOD_NOT_ALLOWED).await;
        let (shops, acknowledged) = Shops::start(&sender_to(proxy.port), seed(), PAUSE);
        let mut scene = Self { site, services: [one, two], _proxy: proxy, shops, acknowledged };
        scene.some_more().await;
        Some(scene)
    }

    async fn some_more(&mut self) {
        let goal = *self.acknowledged.borrow() + SOME;
        self.acknowledged.wait_for(|count| *count >= goal).await.unwrap();
    }

    /// Gives how often each status was the answer.
    async fn ends_with_nothing_lost(mut self) -> BTreeMap<u16, usize> {
        self.some_more().await;
        let book = self.shops.stop().await;
        let mut ledger = self.site.owner().await;
        nothing_is_lost_or_doubled(&mut ledger, &book.taken).await;
        nothing_is_half_done(&mut ledger).await;
        drop(self.services);
        self.site.clear().await;
        book.answers
    }
}

/// SIGTERM, its orderly end, and a new one in its place.
async fn restarted(site: &Site, service: Serving) -> Serving {
    let port = service.port;
    service.tell_to_end();
    assert!(service.ended().await.success());
    let service = site.serve(Some(port));
    service.becomes_ready().await;
    service
}

/// The sessions that hold the lease.
async fn holders(ledger: &mut PgConnection) -> Vec<i32> {
    sqlx::query_scalar(
        "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND granted AND datname = current_database()",
    )
    .fetch_all(ledger)
    .await
    .unwrap()
}
