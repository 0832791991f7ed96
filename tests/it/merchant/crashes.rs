//! A process that dies anywhere leaves an intent that another one ends.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use tokenledger::ledger::intents::IntentKind;
use tokenledger::outbox::Order;
use tokenledger::outbox::SessionOrder;
use tokenledger::readings::Point;
use tokenledger::readings::Points;
use tokenledger::token::Consumer;
use tokenledger::vault::Ref;

use crate::merchant::Merchant;
use crate::merchant::text;

const KINDS: [IntentKind; 4] =
    [IntentKind::CreateSession, IntentKind::Disable, IntentKind::Enable, IntentKind::Delete];

/// Carries a command out until it dies at the point. False if it does not come there.
async fn dies(merchant: &Merchant, kind: IntentKind, reference: &str, point: Point) -> bool {
    let died = Arc::new(AtomicBool::new(false));
    let reached_it = Arc::clone(&died);
    let outbox = merchant.outbox(Points::dying(move |reached| {
        let here = reached == point;
        reached_it.fetch_or(here, Ordering::SeqCst);
        here
    }));
    let reference = Ref::parse(reference).unwrap();
    let acting = tokio::spawn(async move {
        let session = SessionOrder {
            consumer: Consumer::parse("C-9").unwrap(),
            reference: None,
            public_url: "https://ledger.example".into(),
            success_url: "https://shop.example/ok".to_owned(),
            cancel_url: "https://shop.example/back".to_owned(),
            locale: None,
            metadata: serde_json::Map::new(),
            customer_info: serde_json::Map::new(),
        };
        let creates = kind == IntentKind::CreateSession;
        let order = Order {
            kind,
            reference: (!creates).then_some(&reference),
            session: creates.then_some(&session),
            actor: "key of a test",
            reason: Some("a test"),
            request_id: None,
        };
        let (intent, _) = outbox.begin(&order).await.unwrap();
        outbox.carry_out(&intent.id).await.unwrap();
    });
    while !died.load(Ordering::SeqCst) && !acting.is_finished() {
        tokio::task::yield_now().await;
    }
    acting.abort();
    died.load(Ordering::SeqCst)
}

#[tokio::test]
async fn wherever_it_dies_the_command_is_done_once_and_its_end_is_known() {
    let passed = Mutex::new(BTreeSet::new());
    for kind in KINDS {
        // One merchant with webhooks, one without.
        for merchant in [Merchant::new().await, Merchant::deaf().await] {
            // What is not found counts only while another token is.
            merchant.spare().await;
            for point in Point::ALL {
                let session = merchant.creates().await;
                let reference = text(&session, "/token/ref").to_owned();
                merchant.shopper(&session, "approve").await;
                merchant.waits(TimeDelta::seconds(10));
                if kind == IntentKind::Enable {
                    assert_eq!(merchant.changes("disable", &reference).await.status, 200);
                    merchant.waits(TimeDelta::seconds(10));
                }
                let (tokens, intents) =
                    (merchant.truth().await.len(), merchant.world.count("intents").await);
                if !dies(&merchant, kind, &reference, point).await {
                    continue;
                }
                passed.lock().unwrap().insert(point);
                let begun = merchant.world.count("intents").await - intents;
                assert_eq!(begun, i64::from(point != Point::BeforeIntent));
                merchant.waits(TimeDelta::seconds(61));
                merchant.open_are(0).await;
                if begun == 0 {
                    continue;
                }
                let last = "SELECT state FROM intents ORDER BY created_at DESC LIMIT 1";
                let state: String = merchant.world.one(last).await;
                assert_eq!(state, "settled", "{kind:?} {point:?}");
                let events = merchant.types(&reference).await;
                let count = |name: &str| events.iter().filter(|told| *told == name).count();
                let added = merchant.truth().await.len() - tokens;
                match kind {
                    IntentKind::CreateSession => assert_eq!(added, 1, "{point:?}"),
                    IntentKind::Disable => assert_eq!(count("Disabled"), 1, "{point:?} {events:?}"),
                    IntentKind::Enable => assert_eq!(count("Enabled"), 1, "{point:?} {events:?}"),
                    IntentKind::Delete => assert_eq!(count("Deleted"), 1, "{point:?} {events:?}"),
                }
                if kind == IntentKind::CreateSession {
                    let of = "SELECT count(*) FROM tokens WHERE consumer = 'C-9'";
                    let known = merchant.world.one::<i64>(of).await;
                    let made = "SELECT count(*) FROM intents WHERE actor = 'key of a test'";
                    assert_eq!(known, merchant.world.one::<i64>(made).await, "{point:?}");
                }
            }
        }
    }
    assert_eq!(passed.into_inner().unwrap(), Point::ALL.into(), "a point is never passed");
}
