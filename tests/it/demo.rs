//! The demo lived through the real doors: its story is in the ledger, and both sides agree.

use std::collections::BTreeMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use secrecy::SecretString;
use serde_json::Value;
use tokenledger::clock::Clock;
use tokenledger::database::OWNER;
use tokenledger::readings::Points;
use tokenledger::readings::Reader;
use tokenledger::returns::Returns;
use tokenledger::returns::look_at_due;
use tokenledger::sandbox::Registration;
use tokenledger::sandbox::Sandbox;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::demo::Demo;
use tokenledger::sandbox::demo::Doors;
use tokenledger::sandbox::demo::Place;
use tokenledger::sandbox::demo::Plan;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokenledger::token::Said;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::bodies::NOW_MS;
use crate::bodies::WINDOW_MS;
use crate::sandbox_demo::ends;
use crate::token_inputs::ms;
use crate::world::API_KEY;
use crate::world::DEV;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;
use crate::world::Served;
use crate::world::Serving;
use crate::world::World;
use crate::world::ask;

const SMARTPAY_KEY: &str = "sk_test_5f0c1d9e7a3b486295ce8d17f4a06b3c";
const DAYS: u32 = 30;

/// Its type, when it occurred and when it was recorded.
type Event = (String, DateTime<Utc>, DateTime<Utc>);

/// A ledger and a sandbox with a demo's past.
struct Lived {
    world: World,
    served: Served,
    plan: Plan,
    truth: Value,
}

async fn live(seed: u64, tokens: u32) -> Lived {
    let world = World::new().await;
    // The world's ledger begins then, and never goes back.
    let until = ms(NOW_MS).to_datetime() + TimeDelta::days(i64::from(DAYS));
    let plan = Plan::make(seed, tokens, DAYS, until);
    world.clock.set(plan.starts_at());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let smartpay = Some(client(&world, &url));
    let served = world.serves_with(Serving { smartpay, ..world.serving() }).await;
    let hook = format!("http://{}{DEV}", served.address);
    let sandbox = Sandbox::open(world.options(OWNER), &url, world.clock.clone()).await.unwrap();
    let registration = Registration { id: SUBSCRIPTION, url: &hook, signing_secret: SECRET };
    sandbox.register(&registration).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = sandbox.clone();
    let serving = tokio::spawn(async move {
        serving.serve(listener, async { drop(stopped.await) }).await;
    });
    let demo = Demo {
        plan: &plan,
        doors: Doors::new(
            place("https://ledger.example", &format!("http://{}", served.address), API_KEY),
            place(&url, &url, SMARTPAY_KEY),
        )
        .unwrap(),
        sandbox: sandbox.clone(),
        clock: world.clock.clone(),
        strangers: Sender::new(&hook, SECRET, SUBSCRIPTION, world.clock.clone()).unwrap(),
    };
    let mut told = Vec::new();
    let returns = returns(&world, &url);
    let expire = async || Ok(look_at_due(&returns).await.map(drop)?);
    demo.run(expire, |done, of| told.push((done, of))).await.unwrap();
    let waves = plan.waves().len();
    assert_eq!(told, (1..=waves).map(|done| (done, waves)).collect::<Vec<_>>());
    assert_eq!(world.clock.now(), plan.until());
    let truth = reqwest::get(format!("{url}/sandbox/tokens")).await.unwrap().json().await.unwrap();
    stop.send(()).unwrap();
    serving.await.unwrap();
    sandbox.close().await;
    Lived { world, served, plan, truth }
}

fn place(shown: &str, reached: &str, key: &str) -> Place {
    Place { shown: shown.to_owned(), reached: reached.to_owned(), key: SecretString::from(key) }
}

fn client(world: &World, sandbox: &str) -> Client {
    let url = ApiUrl::parse(&format!("{sandbox}/v1")).unwrap();
    let key = SecretKey::parse(SMARTPAY_KEY).unwrap();
    Client::new(url, key, world.clock.clone(), Limits::STANDARD).unwrap()
}

/// What the service's schedule works with.
fn returns(world: &World, sandbox: &str) -> Returns {
    let reader = Reader {
        ledger: world.ledger.clone(),
        pool: world.pool.clone(),
        vault: world.vault.clone(),
        clock: world.clock.clone(),
        client: client(world, sandbox),
        mode: Mode::Test,
        window_ms: WINDOW_MS,
        points: Points::default(),
    };
    Returns { reader }
}

impl Lived {
    /// All tokens, by the reference that the shop gave them.
    async fn tokens(&self) -> BTreeMap<String, Value> {
        let list = self.served.reads("/v1/tokens?limit=200").await;
        let rows = rows(&list).iter();
        rows.map(|token| (token["reference"].as_str().unwrap().to_owned(), token.clone())).collect()
    }

    async fn events(&self, token: &Value) -> Vec<Value> {
        let reference = token["ref"].as_str().unwrap();
        let list = self.served.reads(&format!("/v1/tokens/{reference}/events")).await;
        rows(&list).clone()
    }

    /// What happened to each token, when, and when that was recorded.
    async fn histories(&self) -> BTreeMap<String, Vec<Event>> {
        let mut histories = BTreeMap::new();
        for (reference, token) in self.tokens().await {
            let events = self.events(&token).await;
            let events = events.iter().map(|event| {
                let kind = event["type"].as_str().unwrap().to_owned();
                (kind, time(event, "occurred_at"), time(event, "recorded_at"))
            });
            histories.insert(reference, events.collect());
        }
        histories
    }
}

fn rows(list: &Value) -> &Vec<Value> {
    list.get("data").and_then(Value::as_array).unwrap()
}

fn time(event: &Value, field: &str) -> DateTime<Utc> {
    event[field].as_str().unwrap().parse().unwrap()
}

/// How the ledger sees a token, one that waits being as good as one whose shopper left.
fn seen(status: &str) -> &str {
    if status == "canceled" { "awaiting_authorization" } else { status }
}

fn status_of(said: Said) -> &'static str {
    match said {
        Said::RequiresAuthorization => "awaiting_authorization",
        Said::Active => "active",
        Said::Disabled => "disabled",
        Said::Rejected => "rejected",
        Said::Deleted => "deleted",
    }
}

/// What a reconciliation recorded.
async fn reconciled(lived: &Lived) -> Vec<Value> {
    let mut found = Vec::new();
    for token in lived.tokens().await.values() {
        let events = lived.events(token).await;
        let kind = |event: &Value| event.pointer("/cause/kind").cloned();
        found.extend(
            events.into_iter().filter(|event| kind(event) == Some("reconciliation".into())),
        );
    }
    found
}

#[tokio::test]
async fn the_demo_has_its_story_and_both_sides_agree_at_the_end() {
    let lived = live(3, 40).await;
    let tokens = lived.tokens().await;
    let planned: Vec<(String, &str)> = lived
        .plan
        .tokens()
        .iter()
        .zip(ends(&lived.plan))
        .map(|(token, said)| (token.reference.as_str().to_owned(), status_of(said)))
        .collect();
    let ours: Vec<(String, &str)> = tokens
        .iter()
        .map(|(reference, token)| (reference.clone(), seen(token["status"].as_str().unwrap())))
        .collect();
    assert_eq!(ours, planned);
    let truth = lived.truth["tokens"].as_array().unwrap();
    assert_eq!(truth.len(), 40);
    for theirs in truth {
        let token = &tokens[theirs["reference"].as_str().unwrap()];
        let status = theirs["status"].as_str().unwrap();
        let said = Said::ALL.into_iter().find(|said| said.as_str() == status).unwrap();
        assert_eq!(seen(token["status"].as_str().unwrap()), status_of(said));
    }

    let unattributed: Vec<&Value> =
        tokens.values().filter(|token| token["attributed"] == false).collect();
    assert_eq!(unattributed.len(), 1);
    assert_eq!(unattributed[0]["status"], "active");

    let story = "/v1/consumers/C-20418/tokens";
    let story = lived.served.reads(story).await;
    let mut kinds = Vec::new();
    for token in rows(&story) {
        let events = lived.events(token).await;
        let kind = |event: &Value| event["type"].as_str().unwrap().to_owned();
        kinds.push(events.iter().map(kind).collect::<Vec<_>>());
    }
    kinds.sort();
    let (made, active, off) = ("SessionCreated", "Activated", "Disabled");
    assert_eq!(
        kinds,
        [
            vec![made, active, off, "Deleted"],
            // The first disabling is the one whose webhook was late: recorded after what followed it.
            vec![made, active, "Enabled", off, off],
            vec![made, "Canceled", active],
        ]
    );
    let expired = tokens.values().filter(|token| token["status"] == "canceled");
    assert!(expired.count() > 0, "sessions that nobody used come to an end");

    let found = reconciled(&lived).await;
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&found["type"], &found["basis"]), (&"Disabled".into(), &"reading".into()));

    let mut late = 0;
    for (reference, history) in lived.histories().await {
        for (kind, occurred, recorded) in history {
            assert!(occurred <= recorded && recorded <= lived.plan.until(), "{reference} {kind}");
            if occurred == time(found, "occurred_at") {
                assert_eq!(recorded, time(found, "recorded_at"));
            } else if recorded - occurred > TimeDelta::hours(3) {
                assert_eq!((reference.as_str(), kind.as_str()), ("sub-0993", "Disabled"));
                late += 1;
            } else {
                assert!(recorded - occurred < TimeDelta::seconds(10), "{reference} {kind}");
            }
        }
    }
    assert_eq!(late, 1);
    let mut sql = lived.world.sql_as("postgres").await;
    let odd = "SELECT count(*) FROM inputs
        WHERE kind = 'delivery' AND verdict NOT IN ('applied', 'witness')";
    assert_eq!(ask::<i64>(&mut sql, odd).await, 0);
    let twice: i64 = ask(&mut sql, "SELECT count(*) FROM copies").await;
    assert!(twice > 0, "no webhook came twice");
}

#[tokio::test]
async fn a_seed_makes_the_same_histories_again() {
    let (one, other) = tokio::join!(live(11, 24), live(11, 24));
    let (histories, others) = (one.histories().await, other.histories().await);
    // When the end of a session is noticed is up to the service's own schedule too.
    let comparable = |histories: &BTreeMap<String, Vec<Event>>| {
        let mut histories = histories.clone();
        for (kind, occurred, recorded) in histories.values_mut().flatten() {
            if kind == "Canceled" {
                (*occurred, *recorded) = (one.plan.until(), one.plan.until());
            }
        }
        histories
    };
    assert_eq!(comparable(&histories), comparable(&others));
    assert_eq!(histories.len(), 24);
    let times: Vec<DateTime<Utc>> =
        histories.values().flatten().map(|(_, occurred, _)| *occurred).collect();
    let days = times.iter().max().unwrap().signed_duration_since(times.iter().min().unwrap());
    assert!(days > TimeDelta::days(20), "{days}");
}

#[tokio::test]
async fn a_demo_that_cannot_go_on_says_where() {
    let plan = Plan::make(1, 3, 10, ms(NOW_MS).to_datetime());
    let world = World::new().await;
    let clock = Clock::set_at(plan.starts_at());
    let url = "http://127.0.0.1:1";
    let demo = Demo {
        plan: &plan,
        doors: Doors::new(place(url, url, API_KEY), place(url, url, SMARTPAY_KEY)).unwrap(),
        sandbox: Sandbox::open(world.options(OWNER), url, clock.clone()).await.unwrap(),
        clock: clock.clone(),
        strangers: Sender::new(url, SECRET, SUBSCRIPTION, clock).unwrap(),
    };
    let error = demo.run(async || Ok(()), |_, _| ()).await.unwrap_err();
    assert_eq!(error.to_string(), "setting faults");
}
