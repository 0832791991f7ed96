//! THE table of rights: role, table, verb. Tests try every cell, `docs/roles.md` shows it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use tokenledger::database::OWNER;
use tokenledger::database::READER;
use tokenledger::database::SERVICE;

const DOCUMENT: &str = "docs/roles.md";
pub(crate) const SUPERUSER: &str = "postgres";

/// No right to it.
pub(crate) const DENIED: &str = "42501";
/// A trigger stands in the way of everyone.
pub(crate) const FINAL: &str = "TL001";
pub(crate) const DONE: &str = "00000";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nobody changes it.
    History,
    /// It moves forward and stays.
    Head,
    Changeable,
}

/// A table, a column of it, and the initials of what service and reader may do.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    column: &'static str,
    pub(crate) service: &'static str,
    pub(crate) reader: &'static str,
}

const fn table(
    name: &'static str,
    kind: Kind,
    column: &'static str,
    service: &'static str,
    reader: &'static str,
) -> Table {
    Table { name, kind, column, service, reader }
}

pub(crate) const TABLES: &[Table] = &[
    table("acts", Kind::History, "reason", "SI", "S"),
    table("copies", Kind::History, "received_at", "SI", "S"),
    table("events", Kind::History, "payload", "SI", "S"),
    table("inputs", Kind::History, "verdict", "SI", "S"),
    table("usage", Kind::History, "used_at", "SI", "S"),
    table("verdicts", Kind::History, "verdict", "SI", "S"),
    table("witnesses", Kind::History, "input", "SI", "S"),
    table("head", Kind::Head, "position", "SU", "S"),
    table("access_keys", Kind::Changeable, "last_used_at", "SIU", ""),
    table("idempotency", Kind::Changeable, "status", "SIUD", ""),
    table("intents", Kind::Changeable, "state", "SIU", ""),
    table("readings_due", Kind::Changeable, "cause", "SIUD", "S"),
    table("refusals", Kind::Changeable, "count", "SIUD", "S"),
    table("run_differences", Kind::Changeable, "done", "SIUD", "S"),
    table("run_seen", Kind::Changeable, "ref", "SID", ""),
    table("runs", Kind::Changeable, "state", "SIUD", "S"),
    table("sealed_bodies", Kind::Changeable, "sealed", "SID", ""),
    table("tokens", Kind::Changeable, "status", "SIU", "S"),
    table("vault", Kind::Changeable, "sealed_id", "SI", ""),
    table("vault_keys", Kind::Changeable, "wrapped", "SI", ""),
    table("vault_secrets", Kind::Changeable, "sealed", "SIU", ""),
    table("webhook_endpoints", Kind::Changeable, "valid_until", "SIU", "S"),
    table("words", Kind::Changeable, "said", "SIUD", "S"),
    table("_sqlx_migrations", Kind::Changeable, "checksum", "S", "S"),
];

pub(crate) const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];
pub(crate) const ROLES: [&str; 4] = [SERVICE, READER, OWNER, SUPERUSER];

impl Table {
    fn allows(&self, role: &str, verb: &str) -> bool {
        let initials = match role {
            SERVICE => self.service,
            READER => self.reader,
            _ => "SIUDT",
        };
        initials.contains(&verb[..1])
    }

    /// What trying it must end with.
    pub(crate) fn outcome(&self, role: &str, verb: &str) -> &'static str {
        let changes = match self.kind {
            Kind::History => ["UPDATE", "DELETE", "TRUNCATE"].contains(&verb),
            Kind::Head => ["DELETE", "TRUNCATE"].contains(&verb),
            Kind::Changeable => false,
        };
        if !self.allows(role, verb) {
            DENIED
        } else if changes {
            FINAL
        } else {
            DONE
        }
    }

    /// Needs the privilege in question and no other.
    pub(crate) fn attempt(&self, verb: &str) -> String {
        let Self { name, column, .. } = self;
        match verb {
            "SELECT" => format!("SELECT FROM {name}"),
            "INSERT" => format!("INSERT INTO {name} SELECT (NULL::{name}).* WHERE false"),
            "UPDATE" => format!("UPDATE {name} SET {column} = NULL WHERE false"),
            "DELETE" => format!("DELETE FROM {name}"),
            _ => format!("TRUNCATE {name} CASCADE"),
        }
    }
}

/// `TOKENLEDGER_TEST_WRITE_DOCS=1` brings it up to date.
#[test]
#[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
fn the_document_shows_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    if std::env::var("TOKENLEDGER_TEST_WRITE_DOCS").is_ok() {
        fs::write(&path, document()).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, document(), "run this test once with TOKENLEDGER_TEST_WRITE_DOCS=1");
}

fn document() -> String {
    let mut text = "# Roles\n
Which role may do what to which table. A test tries every cell and writes this page.\n
- `tokenledger_service` runs the service, `tokenledger_reader` is for people and reports.
- `tokenledger_owner` migrates and rebuilds. It may do everything but change history.
- S is SELECT, I INSERT, U UPDATE, D DELETE, T TRUNCATE.
- What is not listed ends with SQLSTATE 42501; for the owner and the superuser with TL001, raised by
  triggers that hold also with `session_replication_role = replica`.\n
| table | kind | service | reader | owner, superuser |
|---|---|---|---|---|\n"
        .to_owned();
    for table in TABLES {
        let kind = match table.kind {
            Kind::History => "history",
            Kind::Head => "head",
            Kind::Changeable => "changeable",
        };
        let of = |role| {
            let able = VERBS.iter().filter(|verb| table.outcome(role, verb) == DONE);
            let able: Vec<&str> = able.map(|verb| &verb[..1]).collect();
            if able.is_empty() { "–".to_owned() } else { able.join(" ") }
        };
        let (service, reader, owner) = (of(SERVICE), of(READER), of(OWNER));
        let name = table.name;
        writeln!(text, "| `{name}` | {kind} | {service} | {reader} | {owner} |").unwrap();
    }
    text.push_str(
        "\nOf `head` the service may update `position`, `input`, `arrival`, `chain`, `act` and\n\
         `recorded_at` only; they never go back. `ledger`, `mode` and `demo_until` are written \
         once. Of\n`access_keys` it may update `revoked_at` and `last_used_at` only, of `webhook_endpoints` \
         what\nbecame of an attempt and when a secret's validity ends.\n",
    );
    text
}
