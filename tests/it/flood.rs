//! Refused webhooks by the thousand: the log stays small, and says how many there were.

use serde_json::Value;
use tokenledger::ledger::refusals::LINES_MAX;
use tokenledger::ledger::refusals::Refusals;

use crate::logged::Logged;
use crate::wire::Wire;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;

const FLOOD: usize = 500;

#[tokio::test]
async fn ten_of_a_cause_have_a_line_of_their_own_and_one_line_has_the_sum() {
    let world = World::new().await;
    let (log, _kept) = Logged::begin();
    let refusals = Refusals::default();
    let now = world.clock.now();
    let own_lines = |cause| (0..1_000).filter(|_| refusals.count("dev", cause, now)).count();
    let ten = usize::try_from(LINES_MAX).unwrap();
    assert_eq!((own_lines("bad_signature"), own_lines("missing_header")), (ten, ten));
    assert!(refusals.count("dev", "method", now));
    Logged::insist();
    refusals.flush(&world.pool).await.unwrap();
    let text = log.text();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut sums: Vec<Value> =
        lines.filter(|line| line["fields"]["message"] == "webhooks were refused").collect();
    sums.sort_by_key(|line| line["fields"]["cause"].to_string());
    assert_eq!(sums.len(), 2, "{text}");
    for (line, cause) in sums.iter().zip(["bad_signature", "missing_header"]) {
        let fields = &line["fields"];
        assert_eq!((&fields["endpoint"], &fields["cause"]), (&"dev".into(), &cause.into()));
        assert_eq!(fields["count"], 1_000);
    }
    assert!(refusals.count("dev", "bad_signature", now), "after a flush they count anew");
}

/// The service's counters are flushed every few seconds, which lets ten more lines through.
#[tokio::test]
async fn a_flood_of_bad_signatures_is_answered_in_full_and_logged_in_part() {
    let world = World::new().await;
    let served = world.serves().await;
    let (log, _kept) = Logged::begin();
    let right = world.signed(&approved(&token_id(1)));
    let wrong = right.clone().set("Smartpay-Signature", &"0".repeat(64)).bytes();
    let mut wire = Wire::connect(served.address).await;
    Logged::insist();
    for _ in 0..FLOOD {
        wire.send(&wrong).await;
        wire.answer(false).await.refuses(401, "webhook_refused");
    }
    assert_eq!(served.sends(&right).await.status, 200);
    let text = log.text();
    let of = |status: u16| {
        let status = format!("\"status\":{status},");
        text.lines().filter(|line| line.contains("\"route\"") && line.contains(&status)).count()
    };
    assert!(of(401) > 0 && of(401) < FLOOD / 2, "{} lines", of(401));
    assert_eq!(of(200), 1, "what was taken has its line");
}
