//! What Smartpay's API answers about a token, through the door.

use chrono::TimeDelta;
use serde_json::json;
use tokenledger::ledger::Answered;
use tokenledger::ledger::Asker;
use tokenledger::ledger::Gone;
use tokenledger::ledger::Submission;
use tokenledger::ledger::Verdict;
use tokenledger::token::Happened;
use tokenledger::token::Said;

use crate::bodies::NOW_MS;
use crate::world::LONG_AGO;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::told;

const AT: i64 = NOW_MS - 1_000;
const FOUND: Gone = Gone::Found { allowed: 10 };

#[tokio::test]
async fn a_reading_that_disagrees_is_an_event_and_one_that_agrees_moves_the_word() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    let disagrees = world.reads(&token, Said::Disabled, AT + 10).await;
    assert_eq!((disagrees.verdict, disagrees.position), (Verdict::Applied, Some(2)));
    let agrees = world.reads(&token, Said::Disabled, AT + 20).await;
    assert_eq!((agrees.verdict, agrees.position), (Verdict::Witness, Some(2)));
    assert_eq!(world.timeline(&token).await, ["Activated", "Disabled"]);
    let newest: String = world.one("SELECT said || ' ' || input FROM words").await;
    assert_eq!(newest, format!("disabled {}", agrees.input));
    // The word is newer than this notice, and outlives it.
    world.delivers(&told(&token, Happened::Enabled, AT + 15)).await;
    assert_eq!(world.status(&token).await, "disabled");
    let served = world.serves().await;
    let shown = served.reads(&format!("/v1/tokens/{}", world.ref_of(&token))).await;
    assert_eq!(shown["usable"], json!(false));
    assert!(shown["provider_checked_at"].is_string(), "{shown}");
}

#[tokio::test]
async fn only_what_was_asked_after_everything_recorded_settles_a_tie() {
    let world = World::new().await;
    let token = token_id(1);
    let before = world.asks_now().await;
    world.delivers(&told(&token, Happened::Disabled, AT)).await;
    let late = world.ledger.submit(world.shown(&token, Said::Active, AT, before)).await.unwrap();
    assert_eq!((late.verdict, world.status(&token).await.as_str()), (Verdict::Witness, "disabled"));
    assert_eq!(world.count("readings_due").await, 1, "an old `active` only asks");
    let fresh = world.reads(&token, Said::Active, AT).await;
    assert_eq!((fresh.verdict, world.status(&token).await.as_str()), (Verdict::Applied, "active"));
}

#[tokio::test]
async fn a_word_given_meanwhile_makes_an_answer_old_as_an_event_does() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&told(&token, Happened::Disabled, AT)).await;
    let before = world.asks_now().await;
    // Agrees, so that no position tells of it.
    let agrees = world.reads(&token, Said::Disabled, AT).await;
    assert_eq!(agrees.verdict, Verdict::Witness);
    for ledger in [world.ledger.clone(), world.second_ledger()] {
        let late = ledger.submit(world.shown(&token, Said::Active, AT, before)).await.unwrap();
        assert_eq!(late.verdict, Verdict::Witness);
        assert_eq!(world.status(&token).await, "disabled");
    }
}

#[tokio::test]
async fn an_absence_deletes_until_a_fresh_answer_refutes_it() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    world.ledger.submit(world.absent(&token, FOUND)).await.unwrap();
    assert_eq!(world.status(&token).await, "deleted");
    let late = world.shown(&token, Said::Active, AT + 10, LONG_AGO);
    world.ledger.submit(late).await.unwrap();
    assert_eq!(world.status(&token).await, "deleted", "it was asked before the 404");
    world.reads(&token, Said::Active, AT + 10).await;
    assert_eq!(world.status(&token).await, "active");
    world.ledger.submit(world.absent(&token, Gone::ByUs)).await.unwrap();
    world.reads(&token, Said::Active, AT + 20).await;
    assert_eq!(world.status(&token).await, "deleted", "our own deletion is definite");
}

#[tokio::test]
async fn more_absences_than_are_allowed_conclude_nothing_until_their_day_is_over() {
    let world = World::new().await;
    let tokens = [1, 2, 3, 4].map(token_id);
    for token in &tokens {
        world.delivers(&approved(token)).await;
    }
    let two = Gone::Found { allowed: 2 };
    // One of them is known to be gone already, one was deleted by us: neither is counted.
    let first = world.ledger.submit(world.absent(&tokens[0], two)).await.unwrap();
    assert_eq!(first.verdict, Verdict::Applied);
    let again = world.ledger.submit(world.absent(&tokens[0], two)).await.unwrap();
    assert_eq!(again.verdict, Verdict::Witness);
    world.ledger.submit(world.absent(&tokens[3], Gone::ByUs)).await.unwrap();
    let together = [world.absent(&tokens[1], two), world.absent(&tokens[2], two)];
    let other = world.second_ledger();
    let receipts = other.submit_all(together.to_vec()).await;
    let verdicts: Vec<Verdict> = receipts.into_iter().map(|one| one.unwrap().verdict).collect();
    assert_eq!(verdicts, [Verdict::Applied, Verdict::Quarantined]);
    let late = world.ledger.submit(world.absent(&tokens[2], two)).await.unwrap();
    assert_eq!((late.verdict, late.reason), (Verdict::Quarantined, Some("too_many_absences")));
    assert_eq!(world.status(&tokens[2]).await, "active");
    let asked: String = world.one("SELECT cause FROM readings_due").await;
    assert_eq!((asked.as_str(), world.count("readings_due").await), ("too_many_absences", 1));
    world.clock.set(world.clock.now() + TimeDelta::hours(25));
    let later = world.ledger.submit(world.absent(&tokens[2], two)).await.unwrap();
    assert_eq!(later.verdict, Verdict::Applied);
}

#[tokio::test]
async fn absences_of_pending_tokens_count_before_anything_is_deleted() {
    let world = World::new().await;
    let one = Gone::Found { allowed: 1 };
    for token in [1, 2].map(token_id) {
        world.delivers(&told(&token, Happened::Created, AT)).await;
    }
    let verdict = async |token: u64, gone| {
        world.ledger.submit(world.absent(&token_id(token), gone)).await.unwrap().verdict
    };
    assert_eq!(verdict(1, one).await, Verdict::Witness);
    assert_eq!(verdict(2, one).await, Verdict::Quarantined);
    assert_eq!(world.count("words").await, 1);
    assert_eq!(verdict(2, Gone::Found { allowed: 2 }).await, Verdict::Witness);
    assert_eq!(world.count("words").await, 2);
}

#[tokio::test]
async fn a_404_of_a_pending_token_waits_as_its_word_for_what_comes() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&told(&token, Happened::Created, AT - 10)).await;
    world.ledger.submit(world.absent(&token, FOUND)).await.unwrap();
    assert_eq!(world.status(&token).await, "awaiting_authorization");
    for ledger in [world.second_ledger(), world.ledger.clone()] {
        ledger.submit(world.delivery(&approved(&token))).await.unwrap();
    }
    assert_eq!(world.timeline(&token).await, ["SessionCreated", "Activated", "Deleted"]);
    assert_eq!(world.count("words").await, 0);
}

#[tokio::test]
async fn a_wanted_reading_is_served_unless_it_was_wanted_again_meanwhile() {
    let world = World::new().await;
    let token = token_id(1);
    let ties = [told(&token, Happened::Enabled, AT), told(&token, Happened::Disabled, AT)];
    for body in &ties {
        world.delivers(body).await;
    }
    let first = world.wanted().await;
    // Wanted once more while the first question is under way.
    world.delivers(&told(&token, Happened::Enabled, AT - 5)).await;
    world.ledger.submit(world.shown(&token, Said::Active, AT, LONG_AGO)).await.unwrap();
    let again = world.wanted().await;
    assert_eq!((again.asked_at, again.asks), (first.asked_at, first.asks + 1));
    // By number as it was first wanted; older than what is known; an answer.
    for (wanted, at, left) in [(first, AT, 1), (again, AT - 100, 1), (again, AT, 0)] {
        let object = json!({"id": token, "status": "disabled", "updatedAt": at});
        let answer = world.answer(&token, &object, world.asks_now().await);
        let asker = Asker { due: Some(wanted), ..answer.asker };
        let answer = Submission::Answered(Answered { asker, ..answer });
        world.ledger.submit(answer).await.unwrap();
        assert_eq!(world.count("readings_due").await, left);
    }
}

#[tokio::test]
async fn what_says_nothing_clear_is_kept_quarantined_and_asked_again() {
    let world = World::new().await;
    let token = token_id(1);
    world.delivers(&approved(&token)).await;
    let unclear = json!({"id": token, "status": "disabled"});
    let answer = world.answer(&token, &unclear, world.asks_now().await);
    let receipt = world.ledger.submit(Submission::Answered(answer)).await.unwrap();
    assert_eq!(receipt.verdict, Verdict::Quarantined);
    assert_eq!(receipt.reason, Some("implausible_time"));
    assert_eq!(world.status(&token).await, "active");
    assert_eq!(world.one::<String>("SELECT cause FROM readings_due").await, "unclear_answer");
    assert_eq!(world.count("sealed_bodies").await, 2);
}

#[tokio::test]
async fn the_object_of_another_token_says_nothing_of_either() {
    let world = World::new().await;
    let (asked, shown) = (token_id(1), token_id(2));
    for token in [&asked, &shown] {
        world.delivers(&approved(token)).await;
    }
    let object = json!({"id": shown, "status": "disabled", "updatedAt": AT + 10});
    let answer = world.answer(&asked, &object, world.asks_now().await);
    let receipt = world.ledger.submit(Submission::Answered(answer)).await.unwrap();
    assert_eq!(receipt.reason, Some("token_id_invalid"));
    assert_eq!([world.status(&asked).await, world.status(&shown).await], ["active", "active"]);
}
