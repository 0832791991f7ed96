//! Whatever comes in whatever order, the projection is the fold of the events: by our reader, and
//! by the stock repository of postgres-es.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use cqrs_es::persist::PersistedEventRepository;
use postgres_es::PostgresEventRepository;
use proptest::collection::vec;
use proptest::prelude::ProptestConfig;
use proptest::prelude::Strategy;
use proptest::prelude::any;
use proptest::prop_oneof;
use proptest::proptest;
use proptest::sample::select;
use tokenledger::journal::Entry;
use tokenledger::ledger::Asked;
use tokenledger::ledger::Gone;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Submission;
use tokenledger::token::Command;
use tokenledger::token::ProviderTime;
use tokenledger::token::Said;
use tokenledger::token::StoredEvent;
use tokenledger::token::Token;
use tokenledger::token::decode_stored;
use tokenledger::token::upcasters;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::bodies::NOW_MS;
use crate::token_random::any_notice;
use crate::world::LONG_AGO;
use crate::world::Projected;
use crate::world::Told;
use crate::world::World;
use crate::world::claim;
use crate::world::token_id;
use crate::world::used;

const CASES: u32 = 32;
const TOKENS: u64 = 3;

/// The histories count from 1; the ledger takes no times before 2020.
const EPOCH: i64 = NOW_MS - 100_000;

#[derive(Clone, Debug)]
struct Step {
    token: u64,
    second_process: bool,
    second_endpoint: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Notice(Command),
    Claim {
        session: u8,
        consumer: u8,
    },
    Charge {
        at: i64,
    },
    /// An answer of the API, asked for now or long ago.
    Reading {
        said: Said,
        at: i64,
        now: bool,
    },
    Absence {
        own_delete: bool,
    },
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        6 => any_notice().prop_map(|notice| What::Notice(notice.command())),
        2 => (0..2_u8, 0..2_u8).prop_map(|(session, consumer)| What::Claim { session, consumer }),
        1 => (0..3_i64).prop_map(|at| What::Charge { at }),
        3 => (select(&Said::ALL), 0..60_i64, any::<bool>())
            .prop_map(|(said, at, now)| What::Reading { said, at, now }),
        1 => any::<bool>().prop_map(|own_delete| What::Absence { own_delete }),
    ]
}

/// What comes at once, then what comes at once after that, and so on.
fn interleaving() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let step = (0..TOKENS, any::<bool>(), any::<bool>(), what());
    let step = step.prop_map(|(token, second_process, second_endpoint, what)| Step {
        token,
        second_process,
        second_endpoint,
        what,
    });
    vec(vec(step, 1..8), 1..6)
}

impl Step {
    fn submission(&self, world: &World, first_token: u64, now: Asked) -> Submission {
        let token = token_id(first_token + self.token);
        let body = match &self.what {
            What::Claim { session, consumer } => {
                let claim = claim(&format!("s{session}"), &format!("C-{consumer}"));
                return world.claim(&token, claim);
            }
            What::Charge { at } => used(&token, EPOCH + at),
            What::Reading { said, at, now: is_now } => {
                let asked = if *is_now { now } else { LONG_AGO };
                return world.shown(&token, *said, EPOCH + at, asked);
            }
            What::Absence { own_delete } => {
                let gone = if *own_delete { Gone::ByUs } else { Gone::Found { allowed: 1_000 } };
                return world.absent(&token, gone);
            }
            What::Notice(Command::Notice(notice)) => Told {
                token: &token,
                happened: notice.happened,
                said: notice.said,
                updated_at: EPOCH + notice.updated_at.millis(),
                created_at: EPOCH + notice.created_at.millis(),
            }
            .body(),
            What::Notice(other) => panic!("no notice: {other:?}"),
        };
        world.delivery_at(if self.second_endpoint { "two" } else { "one" }, &body)
    }
}

#[test]
fn the_projection_is_the_fold_of_the_events_for_every_interleaving() {
    let runtime = Runtime::new().unwrap();
    let _inside = runtime.enter();
    let world = runtime.block_on(World::new());
    let ledgers = [world.second_ledger(), world.second_ledger()];
    let tokens = AtomicU64::new(0);
    proptest!(ProptestConfig { cases: CASES, ..ProptestConfig::default() }, |(rounds in interleaving())| {
        let first_token = tokens.fetch_add(TOKENS, Ordering::Relaxed);
        runtime.block_on(async {
            for round in &rounds {
                come_at_once(&world, &ledgers, round, first_token).await;
            }
            check(&world).await;
        });
    });
}

async fn come_at_once(world: &World, ledgers: &[Ledger; 2], round: &[Step], first_token: u64) {
    let mut coming = JoinSet::new();
    let now = world.asks_now().await;
    for step in round {
        let [one, two] = ledgers;
        let ledger = if step.second_process { two } else { one }.clone();
        let submission = step.submission(world, first_token, now);
        coming.spawn(async move { ledger.submit(submission).await.unwrap() });
    }
    coming.join_all().await;
}

async fn check(world: &World) {
    let mut streams: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in world.events().await {
        streams.entry(entry.reference.to_string()).or_default().push(entry);
    }
    let folded: Vec<Projected> = streams.values().map(|entries| fold(entries)).collect();
    assert_eq!(world.projection().await, folded);

    let stock = PostgresEventRepository::new(world.pool.clone());
    let mut replayed: BTreeMap<String, Token> = BTreeMap::new();
    let mut replay = stock.stream_all_events::<Token>().await.unwrap();
    while let Some(event) = replay.next::<Token>(&upcasters()).await {
        let event = event.unwrap();
        replayed.entry(event.aggregate_id).or_default().evolve(event.payload);
    }
    let ours: BTreeMap<String, Token> =
        streams.iter().map(|(reference, entries)| (reference.clone(), rebuilt(entries))).collect();
    assert_eq!(replayed, ours);

    let (reference, last) = streams.last_key_value().unwrap();
    let stream = stock.get_events::<Token>(reference).await.unwrap();
    let decoded = stream.iter().map(|event| {
        let stored = StoredEvent {
            event_type: &event.event_type,
            event_version: &event.event_version,
            payload: &event.payload.to_string(),
        };
        decode_stored(stored, &upcasters()).unwrap()
    });
    assert_eq!(Token::rebuild(decoded), rebuilt(last));
}

fn rebuilt(entries: &[Entry]) -> Token {
    Token::rebuild(entries.iter().map(|entry| entry.event.clone()))
}

/// A row of the projection, computed from the events alone.
fn fold(entries: &[Entry]) -> Projected {
    let token = rebuilt(entries);
    let (first, last) = (entries.first().unwrap(), entries.last().unwrap());
    let sequences: Vec<u64> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, (1..=token.sequence()).collect::<Vec<u64>>());
    Projected {
        r#ref: first.reference.to_string(),
        status: token.status().to_string(),
        consumer: token.consumer().map(ToString::to_string),
        session: token.session().map(ToString::to_string),
        reference: token.reference().map(ToString::to_string),
        sequence: i64::try_from(token.sequence()).unwrap(),
        position: last.position,
        first_position: first.position,
        created_at: token.created_at().map(ProviderTime::to_datetime),
        since: token.since().map_or(last.occurred_at, ProviderTime::to_datetime),
        occurred_at: last.occurred_at,
        recorded_at: last.recorded_at,
        last_notice_at: token.last_notice_at().map(ProviderTime::to_datetime),
        anomalies: i32::try_from(token.anomalies()).unwrap(),
    }
}
