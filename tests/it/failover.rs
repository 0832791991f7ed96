//! A database that fails over: a primary with a synchronous standby, each a server of its own, and
//! the real service before them.
//!
//! `TOKENLEDGER_TEST_FAILOVER_WRITES` sets how many webhooks are sent (default 1500),
//! `TOKENLEDGER_TEST_PATRONI=1` also lets Patroni do it, `TOKENLEDGER_TEST_SEED` replays a run.
//! `scripts/failover-drill` is the same at full size.

use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::Client;
use reqwest::StatusCode;
use tokenledger::sandbox::Message;
use tokenledger::sandbox::Token;
use tokio::sync::watch;
use tokio::time::interval;
use tokio::time::timeout;

use crate::kill::nothing_is_half_done;
use crate::kill::nothing_is_lost_or_doubled;
use crate::kill::number;
use crate::pair::Pair;
use crate::patroni::Patroni;
use crate::seed::seed;
use crate::shops::Shops;
use crate::site::KEY;
use crate::site::Serving;
use crate::site::Site;
use crate::site::becomes;
use crate::site::sender_to;
use crate::skip::skip;

const WRITES: u64 = 1_500;
/// Between the deliveries of one shop: as many as it can.
const PAUSE: Duration = Duration::from_millis(1);
/// Deliveries that are taken between two things that happen.
const SOME: usize = 100;
const DEADLINE: Duration = Duration::from_mins(1);
/// From one event of a load to the next, on a slow machine and at full size.
const LOAD_LIMIT: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(20);
/// When the tokens of single deliveries were made.
const BORN_S: i64 = 1_760_000_000;
/// Nothing that is asked for takes longer than this, or a test hangs.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// A pair, a migrated ledger on it, and a service that is ready.
struct Scene {
    site: Site,
    service: Serving,
    pair: Pair,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_the_primary_is_followed_and_nothing_acknowledged_is_lost() {
    let Some(scene) = Scene::new().await else { return skip("there is no pg_basebackup") };
    let load = Load::start(&scene.service);
    load.reaches_a_random_moment().await;
    scene.pair.primary.kill();
    scene.pair.standby.promote();
    load.ends_with_nothing_lost(&scene.site).await;
    let verified = scene.site.run(&["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// As if its machine hung: connections stay open, nothing is refused, nothing answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_under_load_the_primary_is_followed_and_not_used_when_it_thaws() {
    let Some(scene) = Scene::new().await else { return skip("there is no pg_basebackup") };
    read(&scene.service).await;
    let load = Load::start(&scene.service);
    load.reaches_a_random_moment().await;
    scene.pair.primary.signal_all("-STOP");
    scene.pair.standby.promote();
    load.some_more().await;
    // The connections that reads keep are left behind too.
    read(&scene.service).await;
    scene.pair.primary.signal_all("-CONT");
    load.ends_with_nothing_lost(&scene.site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patroni_promotes_and_nothing_acknowledged_is_lost() {
    if number("TOKENLEDGER_TEST_PATRONI").is_none() {
        return;
    }
    let mut patroni =
        Patroni::new().await.expect("apt-get install patroni etcd-server python3-etcd");
    let site = Site::at(patroni.url("tokenledger_owner"), patroni.url("tokenledger_service"));
    site.migrate();
    let service = site.serve(None);
    service.becomes_ready().await;
    let load = Load::start(&service);
    load.reaches_a_random_moment().await;
    patroni.kill_the_leader();
    load.ends_with_nothing_lost(&site).await;
}

#[tokio::test]
async fn an_old_primary_that_comes_back_is_never_used() {
    let Some(scene) = Scene::new().await else { return skip("there is no pg_basebackup") };
    let Scene { site, service, pair } = &scene;
    delivered(service, 1).await;
    pair.primary.kill();
    pair.standby.promote();
    becomes(&format!("{}/readyz", service.url()), StatusCode::OK).await;
    // As one that nobody told: it takes writes, and waits for no standby.
    pair.primary.start(&["synchronous_standby_names="]);
    logs(pair, "a second server takes writes").await;
    delivered(service, 2).await;
    let newcomer = site.serve(None);
    newcomer.becomes_ready().await;
    delivered(&newcomer, 3).await;
    drop(newcomer);
    let doctor = site.run(&["doctor"]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert_eq!(doctor.status.code(), Some(1), "{said}");
    let used = format!("127.0.0.1:{} is used, 2 of 2 hosts answer", pair.standby.port);
    assert!(said.contains(&used) && said.contains("a second server takes writes"), "{said}");
    assert_eq!(pair.count(&pair.standby, "inputs").await, 3);

    // Not even when it is the only one.
    pair.standby.stop();
    logs(pair, "have fallen behind: timeline 1, and 2 was the primary's").await;
    let refused = sender_to(service.port).send(&message(4)).await.unwrap();
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    becomes(&format!("{}/readyz", service.url()), StatusCode::SERVICE_UNAVAILABLE).await;
    pair.standby.start(&[]);
    service.becomes_ready().await;
    delivered(service, 4).await;
    assert_eq!(pair.count(&pair.primary, "inputs").await, 1, "the old primary was used");
    assert_eq!(pair.count(&pair.standby, "inputs").await, 4);
}

#[tokio::test]
async fn without_its_standby_a_delivery_is_refused_in_time_and_recorded_once_later() {
    let Some(scene) = Scene::new().await else { return skip("there is no pg_basebackup") };
    let Scene { service, pair, .. } = &scene;
    delivered(service, 1).await;
    pair.standby.kill();
    for number in [2, 3] {
        assert_eq!(answer(service, number).await, StatusCode::SERVICE_UNAVAILABLE);
    }
    // What is nobody's answer waits for no standby, and reads go on.
    let stranger = Client::builder().no_proxy().build().unwrap();
    let hook = format!("{}/webhooks/smartpay/main", service.url());
    let refused = stranger.post(hook).header("content-type", "application/json").send().await;
    assert_eq!(refused.unwrap().status(), StatusCode::BAD_REQUEST);
    pair.says(&pair.primary, "SELECT count(*) > 0 FROM tokenledger.refusals").await;
    assert_eq!(read(service).await, "1");

    pair.standby.start(&[]);
    pair.standby_is_waited_for().await;
    for number in 1..=3 {
        until_delivered(service, number).await;
    }
    assert_eq!(pair.count(&pair.primary, "inputs").await, 3);
    assert_eq!(pair.count(&pair.primary, "events").await, 3);
}

/// It has the commit, and the standby has not: a 200 now would be lost with it.
#[tokio::test]
async fn a_primary_that_crashed_while_it_waited_for_its_standby_is_not_believed() {
    let Some(scene) = Scene::new().await else { return skip("there is no pg_basebackup") };
    let Scene { service, pair, .. } = &scene;
    delivered(service, 1).await;
    pair.standby.kill();
    let (sender, sent) = (sender_to(service.port), message(2));
    let answer = tokio::spawn(async move { sender.send(&sent).await.unwrap() });
    let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep')";
    pair.says(&pair.primary, waits).await;
    pair.primary.kill();
    pair.primary.start(&[]);
    assert_eq!(answer.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(pair.count(&pair.primary, "inputs").await, 2, "it is there, and not on the standby");
    pair.standby.start(&[]);
    until_delivered(service, 2).await;
    assert_eq!(pair.count(&pair.primary, "inputs").await, 2);
}

/// A standby that was not waited for lacks what was acknowledged: nothing is written over it.
#[tokio::test]
async fn a_database_that_lost_acknowledged_events_is_refused_until_a_restart() {
    let Some(scene) = Scene::new().await else { return skip("there is no pg_basebackup") };
    let Scene { site, service, pair } = &scene;
    delivered(service, 1).await;
    pair.primary.reconfigure("synchronous_standby_names = ''");
    pair.standby.kill();
    delivered(service, 2).await;
    pair.primary.kill();
    pair.standby.start(&[]);
    pair.standby.promote();
    becomes(&format!("{}/readyz", service.url()), StatusCode::OK).await;
    assert_eq!(answer(service, 3).await, StatusCode::SERVICE_UNAVAILABLE);
    logs(pair, "the database is at position 1, but 2 was acknowledged").await;
    let restarted = site.serve(None);
    restarted.becomes_ready().await;
    delivered(&restarted, 3).await;
}

impl Scene {
    async fn new() -> Option<Self> {
        let pair = Pair::new().await?;
        let site = Site::at(pair.url("tokenledger_owner"), pair.url("tokenledger_service"));
        site.migrate();
        let service = site.serve_logging(None, File::create(log(&pair)).unwrap().into());
        service.becomes_ready().await;
        Some(Self { site, service, pair })
    }
}

/// Webhooks over several connections, and the longest time in which none was acknowledged.
struct Load {
    shops: Shops,
    acknowledged: watch::Receiver<usize>,
    silence: watch::Receiver<Duration>,
    writes: usize,
    seed: u64,
}

impl Load {
    fn start(service: &Serving) -> Self {
        let seed = seed();
        let (shops, acknowledged) = Shops::start(&sender_to(service.port), seed, PAUSE);
        let (longest, silence) = watch::channel(Duration::ZERO);
        let mut counted = acknowledged.clone();
        tokio::spawn(async move {
            let mut last = Instant::now();
            while counted.changed().await.is_ok() {
                longest.send_if_modified(|longest| {
                    let longer = last.elapsed() > *longest;
                    *longest = last.elapsed().max(*longest);
                    longer
                });
                last = Instant::now();
            }
        });
        let writes = number("TOKENLEDGER_TEST_FAILOVER_WRITES").unwrap_or(WRITES);
        Self { shops, acknowledged, silence, writes: writes.try_into().unwrap(), seed }
    }

    async fn reaches_a_random_moment(&self) {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let moment = rng.random_range(self.writes / 4..self.writes * 3 / 4);
        self.reaches(moment).await;
    }

    async fn some_more(&self) {
        let goal = *self.acknowledged.borrow() + SOME;
        self.reaches(goal).await;
    }

    async fn reaches(&self, goal: usize) {
        let mut acknowledged = self.acknowledged.clone();
        let reached = acknowledged.wait_for(|count| *count >= goal);
        timeout(LOAD_LIMIT, reached).await.expect("the load goes on").unwrap();
    }

    /// Goes on until all is sent. Prints what an operator wants to know.
    #[expect(clippy::print_stderr, reason = "for whoever runs the drill")]
    async fn ends_with_nothing_lost(self, site: &Site) {
        self.reaches(self.writes).await;
        let Self { shops, silence, .. } = self;
        let book = shops.stop().await;
        let mut ledger = site.owner().await;
        nothing_is_lost_or_doubled(&mut ledger, &book.taken).await;
        nothing_is_half_done(&mut ledger).await;
        let (taken, gap) = (book.taken.len(), silence.borrow().as_millis());
        let answers = &book.answers;
        eprintln!(
            "failover: acknowledged {taken}, lost 0, write gap {gap} ms, answers {answers:?}"
        );
        assert!(answers.keys().all(|status| [200, 503].contains(status)), "{answers:?}");
    }
}

fn log(pair: &Pair) -> PathBuf {
    pair.ground.path("service.log")
}

/// Until the service has said this.
async fn logs(pair: &Pair, words: &str) {
    let started = Instant::now();
    let mut polls = interval(POLL);
    while !fs::read_to_string(log(pair)).unwrap().contains(words) {
        let log = fs::read_to_string(log(pair)).unwrap();
        assert!(started.elapsed() < DEADLINE, "not said: {words}\n{log}");
        polls.tick().await;
    }
}

/// The same webhook for the same number, in this test.
fn message(number: u64) -> Message {
    let mut rng = StdRng::seed_from_u64(number);
    Token::create(None, DateTime::from_timestamp(BORN_S, 0).unwrap(), &mut rng).1
}

async fn answer(service: &Serving, number: u64) -> StatusCode {
    let sender = sender_to(service.port);
    let sent = message(number);
    timeout(ANSWER_LIMIT, sender.send(&sent)).await.unwrap().unwrap()
}

/// A read that is answered; gives the position that it holds as of.
async fn read(service: &Serving) -> String {
    let client = Client::builder().no_proxy().build().unwrap();
    let read = client.get(format!("{}/v1/tokens", service.url())).bearer_auth(KEY).send();
    let answer = timeout(ANSWER_LIMIT, read).await.expect("an answer in time").unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.headers().get("ledger-position").unwrap().to_str().unwrap().to_owned()
}

async fn delivered(service: &Serving, number: u64) {
    assert_eq!(answer(service, number).await, StatusCode::OK);
}

async fn until_delivered(service: &Serving, number: u64) {
    let started = Instant::now();
    while answer(service, number).await != StatusCode::OK {
        assert!(started.elapsed() < DEADLINE, "{number} is not taken");
    }
}
