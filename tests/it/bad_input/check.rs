//! What a case says must have happened, against what the answers and the tables say.
#![expect(clippy::disallowed_methods, reason = "tests look at tables as no product code does")]

use sha2::Digest;
use sha2::Sha256;
use sqlx::FromRow;

use crate::bad_input::case::Case;
use crate::bad_input::sending::Sent;
use crate::wire::Answer;
use crate::world::World;

const VERDICTS: [&str; 4] = ["applied", "witness", "ignored", "quarantined"];

/// A delivery's row, with what hangs on it.
#[derive(Debug, FromRow)]
struct Row {
    verdict: String,
    conflict: bool,
    copies: i64,
    bodies: i64,
    events: i64,
}

/// Everything that a request can leave behind.
pub(crate) async fn traces(world: &World) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["inputs", "events", "sealed_bodies", "copies", "verdicts", "vault", "tokens"] {
        counts.push(world.count(table).await);
    }
    counts.push(world.one("SELECT position + input + act FROM head").await);
    counts
}

/// What is wrong with the answers themselves.
pub(crate) fn of_answers(case: &Case, answers: &[Answer]) -> Result<(), String> {
    for answer in answers {
        if !case.expect_status.contains(&answer.status) {
            return Err(format!("{}, not {:?}", answer.status, case.expect_status));
        }
        let unsaid = answer.body.is_empty() && answer.header("content-type").is_none();
        if answer.status >= 400 && !answer.body.is_empty() {
            answer.problem();
        }
        // A refusal without a body is the parser's own, or an answer to a HEAD.
        if answer.status >= 500 && unsaid {
            return Err("a failure says nothing".to_owned());
        }
        if answer.status == 405 && answer.header("allow").is_none() {
            return Err("405 without Allow".to_owned());
        }
        let body = String::from_utf8_lossy(&answer.body);
        if body.contains(&case.token()) {
            return Err("the answer repeats the token id".to_owned());
        }
    }
    Ok(())
}

/// What is wrong with the row of a delivery. Words that are not known here are not judged: files
/// from elsewhere may have more of them.
pub(crate) async fn of_row(world: &World, case: &Case, sent: &Sent) -> Result<(), String> {
    let Some(expected) = &case.expect_inbox else { return Ok(()) };
    let digest = Sha256::digest(&sent.body);
    let query = sqlx::query_as::<_, Row>(
        "SELECT coalesce((SELECT v.verdict FROM verdicts v WHERE v.input = i.number
                ORDER BY v.number DESC LIMIT 1), i.verdict) AS verdict,
            i.conflict,
            (SELECT count(*) FROM copies WHERE input = i.number) AS copies,
            (SELECT count(*) FROM sealed_bodies WHERE input = i.number) AS bodies,
            (SELECT count(*) FROM events WHERE metadata->>'input' = i.number::text)
                AS events
        FROM inputs i WHERE i.endpoint = 'dev' AND i.digest = $1",
    );
    let row = query.bind(digest.as_slice()).fetch_optional(&world.pool).await.unwrap();
    let Some(row) = row else {
        return if expected.contains("no row") { Ok(()) } else { Err("no row".to_owned()) };
    };
    let wrong = |what: &str| Err(format!("{what}: {row:?}, expected {expected}"));
    let named: Vec<_> = VERDICTS.into_iter().filter(|word| expected.contains(word)).collect();
    if !named.is_empty() && !named.contains(&row.verdict.as_str()) {
        return wrong("another verdict");
    }
    let last = sent.answers.last().unwrap();
    if last.json().get("verdict").unwrap() != row.verdict.as_str() {
        return wrong("the answer says another verdict");
    }
    let copies = expected.split_once("copies + ").map(|(_, count)| count.parse::<i64>().unwrap());
    if copies.is_some_and(|copies| copies != row.copies) {
        return wrong("another number of copies");
    }
    if expected.contains("conflict") && !row.conflict {
        return wrong("no conflict");
    }
    let understood = ["applied", "witness"].contains(&row.verdict.as_str());
    if row.bodies != 1 || (!understood && row.events != 0) {
        return wrong("body or events");
    }
    Ok(())
}
