//! The ledger itself: server, head, history. What was seen, and whether somebody should look.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use serde_json::json;

use tokenledger::audit::Attempt;
use tokenledger::audit::Stopped;
use tokenledger::database::Server;
use tokenledger::database::Target;
use tokenledger::database::schema_version;
use tokenledger::ledger::Standing;

use crate::cli::doctor::line::Line;
use crate::cli::events::stamp;
use crate::cli::output::Printer;

/// Clocks that differ by more are not kept right by NTP.
const SKEW_MS_MAX: i64 = 1_000;

pub(crate) fn server(server: &Server, now: DateTime<Utc>) -> Line {
    let skew_ms = (server.now - now).num_milliseconds();
    let (version, schema) = (&server.version, schema_version());
    let words = format!("{version}, clock skew {skew_ms} ms, as {}", server.role);
    let facts = json!({
        "version": version,
        "schema": schema,
        "skew_ms": skew_ms,
        "role": server.role,
        "durable": server.durable,
    });
    if !server.durable {
        let words = format!(
            "{words}; a crash can lose what was acknowledged: turn on fsync, full_page_writes and \
             synchronous_commit"
        );
        return Line::bad("postgres", words, facts);
    }
    if skew_ms.abs() > SKEW_MS_MAX {
        let words = format!("{words}: set both clocks by NTP");
        return Line::odd("postgres", words, facts);
    }
    Line::good("postgres", words, facts)
}

pub(crate) fn ledger(
    target: &Target,
    head: &Standing,
    printer: &Printer,
    now: DateTime<Utc>,
) -> Line {
    let (name, mode, schema) = (&target.ledger, target.mode, schema_version());
    let demo = head.demo_until.map_or(String::new(), |until| {
        format!(", a demo whose past ends {}", printer.zoned(until))
    });
    let words = format!(
        "{name}, {} mode, schema {schema}, position {}, last written {} ago{demo}",
        mode.as_str(),
        head.position,
        span(now - head.recorded_at),
    );
    let facts = json!({
        "ledger": name.as_str(),
        "mode": mode.as_str(),
        "schema": schema,
        "position": head.position,
        "incarnation": head.incarnation,
        "recorded_at": stamp(head.recorded_at),
        "demo_until": head.demo_until.map(stamp),
    });
    Line::good("ledger", words, facts)
}

pub(crate) fn history(attempts: &[Attempt], role: &str) -> Line {
    let of = |stopped| -> Vec<String> {
        let stopped = attempts.iter().filter(|attempt| attempt.stopped == stopped);
        stopped.map(|attempt| format!("{} {}", attempt.verb, attempt.table)).collect()
    };
    let (open, by_trigger) = (of(Stopped::Nothing), of(Stopped::ByTrigger));
    let facts = json!({ "allowed": open, "stopped_by_trigger_only": by_trigger });
    if !open.is_empty() {
        let words = format!("{role} may {}: see docs/roles.md", open.join(", "));
        return Line::bad("history", words, facts);
    }
    if !by_trigger.is_empty() {
        let words = format!(
            "only triggers stop {role} from {}: the service is to work as tokenledger_service, \
             with the rights of docs/roles.md",
            by_trigger.join(", ")
        );
        return Line::odd("history", words, facts);
    }
    Line::good("history", "append-only: UPDATE and DELETE are denied, tried on each table", facts)
}

/// A length of time in its largest unit. Clocks that differ make none below zero.
pub(crate) fn span(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
