//! The hosts that the database URL names: which is used, and whether the others could take over.

use serde_json::json;

use tokenledger::database::Found;
use tokenledger::database::Hosts;
use tokenledger::database::Writable;
use tokenledger::database::address;
use tokenledger::database::choose;
use tokenledger::database::describe;
use tokenledger::database::look_around;

use crate::cli::doctor::line::Line;

/// None where only one host is named: the line of the server says all there is to say.
pub(crate) async fn look(hosts: &Hosts) -> Option<Line> {
    if !hosts.are_several() {
        return None;
    }
    let found = look_around(hosts).await;
    let seen: Vec<Option<Writable>> = found.iter().map(Found::writable).collect();
    let all = describe(hosts, &found);
    let answering = found.iter().filter(|found| !matches!(found, Found::Away(_))).count();
    let facts = |used: Option<String>| json!({ "used": used, "hosts": found.len(), "answering": answering });
    let (host, server) = match choose(None, &seen) {
        Ok(chosen) => chosen,
        Err(why) => return Some(Line::bad("hosts", format!("{why} ({all})"), facts(None))),
    };
    let used = hosts.get(host).map(address);
    let words = format!(
        "{} is used, {answering} of {} hosts answer",
        used.as_deref().unwrap_or_default(),
        found.len()
    );
    let facts = facts(used);
    if seen.iter().flatten().any(|other| other.started != server.started) {
        let words = format!("{words}; a second server takes writes: stop it ({all})");
        return Some(Line::bad("hosts", words, facts));
    }
    if answering < found.len() {
        return Some(Line::odd("hosts", format!("{words} ({all})"), facts));
    }
    Some(Line::good("hosts", words, facts))
}
