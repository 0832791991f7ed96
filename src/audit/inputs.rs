//! Inputs: their numbers are dense, their bodies open and hash to their digests, their verdicts
//! are those of the events they brought about.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use sha2::Digest;
use sha2::Sha256;
use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::FINDINGS_MAX;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::bodies;
use crate::audit::bodies::Sealed;
use crate::audit::events::input_of;
use crate::audit::report::counted;
use crate::audit::report::short;
use crate::ledger::Verdict;
use crate::ledger::retention::IGNORED_BODY_DAYS;
use crate::smartpay::Reason;
use crate::vault::Vault;

/// An input with its sealed body, and the event at the position that it names.
struct Stored {
    number: i64,
    digest: Vec<u8>,
    reference: Option<String>,
    verdict: String,
    reason: Option<String>,
    position: Option<i64>,
    sealed: Option<Vec<u8>>,
    sealed_for: Option<String>,
    own_salt: Option<Vec<u8>>,
    token_salt: Option<Vec<u8>>,
    event_ref: Option<String>,
    event_metadata: Option<String>,
    may_be_destroyed: bool,
}

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Inputs);
    let (mut after, mut last) = (i64::MIN, 0);
    let (mut count, mut destroyed) = (0, 0);
    let destroyed_before = destroyed_before(snapshot).await?;
    loop {
        let step = step(snapshot, after, destroyed_before).await?;
        for input in &step {
            if input.number != last + 1 {
                let found = format!("none: the next is in_{}", input.number);
                report.find(Place::Input(last + 1), "an input", found);
            }
            last = input.number;
            count += 1;
            destroyed += i64::from(input.sealed.is_none());
            opens(input, snapshot.vault.as_ref(), &mut report);
            let given = Given {
                verdict: &input.verdict,
                reason: input.reason.as_deref(),
                position: input.position,
            };
            let event = input.event_ref.as_deref().zip(input.event_metadata.as_deref());
            if let Err(wrong) = fits(&given, input.number, input.reference.as_deref(), event) {
                report.find(Place::Input(input.number), wrong.expected, wrong.found);
            }
        }
        let Some(end) = step.last() else { break };
        after = end.number;
    }
    let head = snapshot.head.input;
    if last != head {
        report.find(
            Place::Input(last.min(head) + 1),
            format!("the last input in_{head}, as the head says"),
            format!("the last input in_{last}"),
        );
    }
    for number in strays(&mut snapshot.connection).await? {
        report.find(Place::Input(number), "the input of a sealed body", "none");
    }
    let opened = count - destroyed;
    Ok(report.looked_at(format!("{} inputs, {} bodies match", counted(count), counted(opened))))
}

/// A verdict as a row of `inputs` or of `verdicts` gives it.
pub(super) struct Given<'a> {
    pub verdict: &'a str,
    pub reason: Option<&'a str>,
    pub position: Option<i64>,
}

pub(super) struct Wrong {
    pub expected: String,
    pub found: String,
}

/// Whether a verdict goes with the event (ref and metadata) at its position.
pub(super) fn fits(
    given: &Given<'_>,
    input: i64,
    reference: Option<&str>,
    event: Option<(&str, &str)>,
) -> Result<(), Wrong> {
    let wrong = |expected: &str, found: &str| Wrong {
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    let verdict = Verdict::parse(given.verdict)
        .ok_or_else(|| wrong("a verdict from the closed list", "another word"))?;
    let reason_known = given.reason.map(|reason| Reason::parse(reason).is_some());
    match (verdict, reason_known) {
        (Verdict::Quarantined, Some(true))
        | (Verdict::Applied | Verdict::Witness | Verdict::Ignored, None) => {}
        (Verdict::Quarantined, _) => {
            return Err(wrong("quarantined for a reason from the closed list", "another reason"));
        }
        (Verdict::Applied | Verdict::Witness | Verdict::Ignored, Some(_)) => {
            return Err(wrong("no reason: only quarantined inputs have one", "a reason"));
        }
    }
    let Some(position) = given.position else { return Ok(()) };
    let (event_ref, metadata) = event.ok_or_else(|| {
        wrong(&format!("an event at position {position}, which it names"), "none is there")
    })?;
    if reference != Some(event_ref) {
        return Err(wrong(&format!("the token of the event at position {position}"), "another"));
    }
    match verdict {
        Verdict::Applied if input_of(metadata) != Some(input) => Err(wrong(
            &format!("position {position} to be of an event that names this input as its cause"),
            "the event there names another",
        )),
        Verdict::Ignored | Verdict::Quarantined => {
            Err(wrong("no position: it brought nothing about", &format!("position {position}")))
        }
        Verdict::Applied | Verdict::Witness => Ok(()),
    }
}

/// Bodies of deliveries that are ignored now may have been destroyed in their time; all others are
/// there and match.
fn opens(input: &Stored, vault: Option<&Vault>, report: &mut Report) {
    let place = Place::Input(input.number);
    let Some(sealed) = &input.sealed else {
        if !input.may_be_destroyed {
            let expected = format!(
                "a sealed body: only of deliveries ignored for {IGNORED_BODY_DAYS} days is it \
                 destroyed"
            );
            report.find(place, expected, "none");
        }
        return;
    };
    let sealed = Sealed {
        input: input.number,
        reference: input.sealed_for.as_deref(),
        own_salt: input.own_salt.as_deref(),
        token_salt: input.token_salt.as_deref(),
        bytes: sealed,
    };
    match bodies::open(vault, &sealed) {
        Err(words) => report.find(place, "a body that opens", words),
        Ok(body) => {
            let digest = Sha256::digest(&body);
            if digest.as_slice() != input.digest {
                report.find(
                    place,
                    format!("a digest of {}, which its body hashes to", short(&digest)),
                    format!("a digest of {}", short(&input.digest)),
                );
            }
        }
    }
}

/// Sealed bodies of no input.
async fn strays(connection: &mut PgConnection) -> sqlx::Result<Vec<i64>> {
    let limit = i64::try_from(FINDINGS_MAX).expect("the limit is small");
    sqlx::query_scalar!(
        "SELECT sealed_bodies.input
        FROM sealed_bodies
        LEFT JOIN inputs ON inputs.number = sealed_bodies.input
        WHERE inputs.number IS NULL
        ORDER BY sealed_bodies.input
        LIMIT $1",
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Until when a body may have been recorded that is destroyed by now. The ledger's clock may be
/// ahead of the database's.
async fn destroyed_before(snapshot: &mut Snapshot) -> Result<DateTime<Utc>, sqlx::Error> {
    let now = sqlx::query_scalar!(r#"SELECT now() AS "now!""#);
    let now = now.fetch_one(&mut snapshot.connection).await?.max(snapshot.head.recorded_at);
    Ok(now - TimeDelta::days(IGNORED_BODY_DAYS))
}

async fn step(
    snapshot: &mut Snapshot,
    after: i64,
    destroyed_before: DateTime<Utc>,
) -> Result<Vec<Stored>, sqlx::Error> {
    sqlx::query_as!(
        Stored,
        r#"SELECT
            inputs.number,
            inputs.digest,
            inputs.ref AS reference,
            inputs.verdict,
            inputs.reason,
            inputs.position,
            sealed_bodies.sealed AS "sealed?",
            sealed_bodies.ref AS sealed_for,
            sealed_bodies.salt AS own_salt,
            vault.salt AS "token_salt?",
            events.aggregate_id AS "event_ref?",
            events.metadata::text AS event_metadata,
            inputs.kind = 'delivery'
                AND inputs.recorded_at < $3
                AND coalesce((
                    SELECT verdicts.verdict FROM verdicts
                    WHERE verdicts.input = inputs.number
                    ORDER BY verdicts.number DESC LIMIT 1
                ), inputs.verdict) = 'ignored' AS "may_be_destroyed!"
        FROM inputs
        LEFT JOIN sealed_bodies ON sealed_bodies.input = inputs.number
        LEFT JOIN vault ON vault.ref = sealed_bodies.ref
        LEFT JOIN events ON events.position = inputs.position
        WHERE inputs.number > $1
        ORDER BY inputs.number
        LIMIT $2"#,
        after,
        snapshot.step,
        destroyed_before,
    )
    .fetch_all(&mut snapshot.connection)
    .await
}
