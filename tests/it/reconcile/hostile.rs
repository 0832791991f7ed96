//! Lists that no Smartpay should give, and one that is short of breath.

use serde_json::json;
use tokenledger::reconcile::Ending;
use tokenledger::reconcile::State;
use tokenledger::token::Said;

use crate::bodies::NOW_MS;
use crate::reconcile::AT_ONCE;
use crate::reconcile::fake::Fake;
use crate::reconcile::fake::active;
use crate::reconcile::fake::asked_page;
use crate::reconcile::fake::is_list;
use crate::reconcile::fake::not_found;
use crate::reconcile::fake::object;
use crate::reconcile::fake::page;
use crate::reconcile::watching;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

async fn world(tokens: u64) -> World {
    let world = World::new().await;
    for number in 0..tokens {
        world.delivers(&approved(&token_id(number))).await;
    }
    world
}

#[tokio::test]
async fn a_list_that_goes_round_is_left() {
    let world = world(6).await;
    // a → b → a → …
    let fake = Fake::of(|path, _| match asked_page(path) {
        "b" => page(&[active(&token_id(1))], Some("a")),
        _ => page(&[active(&token_id(0))], Some("b")),
    });
    let fake = fake.await;
    let before = world.position().await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::ListRepeats)));
    assert_eq!((run.counts.listed, world.position().await), (2, before));
    assert!(fake.count() < 15, "{}", fake.count());
    let stuck = Fake::of(|_, _| page(&[active(&token_id(0))], Some("same"))).await;
    let run = world.compares(&stuck.url, AT_ONCE).await;
    assert_eq!(run.ending, Some(Ending::ListUnreadable));
    let empty = Fake::of(|_, number| page(&[], Some(&format!("p{number}")))).await;
    let run = world.compares(&empty.url, AT_ONCE).await;
    assert_eq!(run.ending, Some(Ending::ListRepeats));
}

#[tokio::test]
async fn a_list_that_never_ends_is_left_and_nothing_is_gone_by_it() {
    let world = world(3).await;
    let endless = Fake::of(|_, number| {
        let new = 1_000 + u64::try_from(number).unwrap();
        page(&[active(&token_id(0)), active(&token_id(new))], Some(&format!("p{number}")))
    });
    let endless = endless.await;
    let mut reconciler = world.reconciler(&endless.url);
    reconciler.pace.pages_max = 25;
    let begun = reconciler.begin(AT_ONCE, "a test").await.unwrap();
    let watching = watching(&begun.run);
    let run = reconciler.work(begun, watching).await.unwrap();
    assert_eq!((run.state, run.ending), (State::Failed, Some(Ending::ListEndless)));
    assert_eq!((run.counts.pages, run.counts.absent, endless.count()), (25, 0, 25));
}

#[tokio::test]
async fn an_odd_row_hides_no_other_and_is_asked_for_again() {
    let world = world(4).await;
    let mut undated = active(&token_id(1));
    undated["updatedAt"] = json!("yesterday");
    let mut live = active("paytok_live_0000000000000000000001");
    live["test"] = json!(false);
    let rows = [
        json!(null),
        json!(["a row"]),
        json!({"object": "token"}),
        undated,
        live,
        object(&token_id(2), Said::Disabled, NOW_MS - 10),
        object(&token_id(2), Said::Active, NOW_MS - 5),
        active(&token_id(3)),
    ];
    let fake =
        Fake::of(
            move |path, _| {
                if is_list(path) { page(&rows, None) } else { (200, active(&token_id(0))) }
            },
        );
    let run = world.compares(&fake.await.url, AT_ONCE).await;
    assert_eq!(run.state, State::Done, "{:?}", run.ending);
    assert_eq!((run.counts.unreadable, run.counts.recorded), (5, 1), "{:?}", run.counts);
    assert_eq!(world.status(&token_id(2)).await, "disabled");
    assert_eq!(world.status(&token_id(1)).await, "active");
    let asked: String = world.one("SELECT cause FROM readings_due").await;
    assert_eq!(asked, "unclear_answer");
}

#[tokio::test]
async fn what_is_no_list_ends_the_run() {
    let world = world(2).await;
    let before = world.position().await;
    for body in [json!([]), json!({"object": "token", "data": []}), json!({"data": {}}), json!("")]
    {
        let fake = Fake::of(move |_, _| (200, body.clone())).await;
        let run = world.compares(&fake.url, AT_ONCE).await;
        assert_eq!(run.ending, Some(Ending::ListUnreadable));
    }
    let fake = Fake::of(|_, _| not_found()).await;
    assert_eq!(world.compares(&fake.url, AT_ONCE).await.ending, Some(Ending::ListUnreadable));
    assert_eq!(world.position().await, before);
}

#[tokio::test]
async fn a_smartpay_that_is_asked_too_often_is_asked_more_slowly() {
    let world = world(20).await;
    let rows: Vec<_> = (0..2).map(|number| active(&token_id(number))).collect();
    let busy = || (429, json!({"statusCode": 429, "errorCode": "request.too-many"}));
    let fake = Fake::of(move |path, number| {
        if number % 3 != 0 {
            return busy();
        }
        if is_list(path) {
            page(&rows, None)
        } else {
            (200, active(path.rsplit('/').next().unwrap()))
        }
    });
    let fake = fake.await;
    let run = world.compares(&fake.url, AT_ONCE).await;
    assert_eq!((run.state, run.counts.matched), (State::Done, 20), "{:?}", run.ending);
    assert_eq!(run.counts.calls, i64::try_from(fake.count()).unwrap());
    let never = Fake::of(move |_, _| busy()).await;
    let run = world.compares(&never.url, AT_ONCE).await;
    assert_eq!((run.state, run.ending), (State::Stopped, Some(Ending::Unreachable)));
    assert!(never.count() < 40, "{}", never.count());
}
