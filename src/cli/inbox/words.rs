//! A delivery in words: what the verdict means, and why.

use tokenledger::ledger::Verdict;
use tokenledger::ledger::inbox::DeliveryDetails;
use tokenledger::ledger::inbox::GivenVerdict;
use tokenledger::ledger::retention::IGNORED_BODY_DAYS;
use tokenledger::smartpay::Reason;

use crate::cli::output::Printer;

/// Copies listed by their times; further ones are counted.
const COPIES_SHOWN_MAX: usize = 5;

/// What is known of a delivery, line by line.
pub(crate) fn facts(details: &DeliveryDetails, printer: &Printer) -> Vec<(&'static str, String)> {
    let record = &details.record;
    let unknown = || "not given".to_owned();
    let mut facts = vec![
        ("delivery", record.id()),
        (
            "received",
            format!("{} at endpoint {}", printer.zoned(record.received_at), record.endpoint),
        ),
        ("event", record.event_id.clone().unwrap_or_else(unknown)),
        ("type", record.kind.clone().unwrap_or_else(unknown)),
        ("token", record.reference.clone().unwrap_or_else(|| "none that it names".to_owned())),
        ("verdict", in_words(&record.verdict, record.position)),
    ];
    if let Some(reason) = &record.reason {
        facts.push(("reason", explained(reason)));
    }
    if record.conflict {
        let words = "the same event id came before with another body; each is kept and decided";
        facts.push(("conflict", words.to_owned()));
    }
    if details.verdicts.len() > 1 {
        facts.extend(details.verdicts.iter().map(|given| ("decided", decided(given, printer))));
    }
    facts.push(("copies", copies(details, printer)));
    let proof = &details.proof;
    facts.push((
        "signed",
        format!(
            "valid, dated {}, by secret {} (key {})",
            proof.signature_timestamp, proof.secret_fingerprint, proof.key_variant
        ),
    ));
    facts.push(("digest", hex::encode(&proof.digest)));
    if !proof.body_kept {
        let words = format!(
            "destroyed: bodies of ignored deliveries are kept {IGNORED_BODY_DAYS} days; the digest \
             is left"
        );
        facts.push(("body", words));
    }
    facts
}

fn in_words(verdict: &str, position: Option<i64>) -> String {
    let at = position.map_or(String::new(), |position| format!(" at position {position}"));
    let meaning = match Verdict::parse(verdict) {
        Some(Verdict::Applied) if position.is_none() => "it was recorded; no event follows from it",
        Some(Verdict::Applied) => "it changed the record",
        Some(Verdict::Witness) => "it agrees with what the record holds",
        Some(Verdict::Ignored) => "kept; its type does not concern tokens",
        Some(Verdict::Quarantined) => {
            "kept; it could not be understood or trusted, and has no effect"
        }
        None => "of a kind that this version does not know",
    };
    format!("{verdict}: {meaning}{at}")
}

/// The reason for people behind the one for machines.
fn explained(reason: &str) -> String {
    match Reason::parse(reason) {
        Some(known) => format!("{reason}: {}", known.explain()),
        None => reason.to_owned(),
    }
}

fn decided(given: &GivenVerdict, printer: &Printer) -> String {
    let why = given.reason.as_ref().map_or(String::new(), |reason| format!(", {reason}"));
    let at = given.position.map_or(String::new(), |position| format!(", position {position}"));
    format!("{} {}{why}{at}", printer.zoned(given.recorded_at), given.verdict)
}

fn copies(details: &DeliveryDetails, printer: &Printer) -> String {
    let times = details.copies_received_at.iter().take(COPIES_SHOWN_MAX);
    let times: Vec<String> = times.map(|time| printer.zoned(*time)).collect();
    let listed = times.join(", ");
    match details.record.copies {
        0 => "none".to_owned(),
        count if usize::try_from(count).is_ok_and(|count| count == times.len()) => {
            format!("{count}, at {listed}")
        }
        count => format!("{count}, the first at {listed}"),
    }
}
