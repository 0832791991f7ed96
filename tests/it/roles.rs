//! Who may do what to which table: every cell tried, by SQLSTATE, and written down in `docs/`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::database::OWNER;
use tokenledger::database::READER;
use tokenledger::database::SERVICE;

use crate::world::World;

const DOCUMENT: &str = "docs/roles.md";
const SUPERUSER: &str = "postgres";

/// No right to it.
const DENIED: &str = "42501";
/// A trigger stands in the way of everyone.
const FINAL: &str = "TL001";
const DONE: &str = "00000";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nobody changes it.
    History,
    /// It moves forward and stays.
    Head,
    Changeable,
}

/// A table, a column of it, and the initials of what service and reader may do.
struct Table {
    name: &'static str,
    kind: Kind,
    column: &'static str,
    service: &'static str,
    reader: &'static str,
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

/// THE table: the tests try it, the document shows it.
const TABLES: [Table; 17] = [
    table("acts", Kind::History, "reason", "SI", "S"),
    table("copies", Kind::History, "received_at", "SI", "S"),
    table("events", Kind::History, "payload", "SI", "S"),
    table("inputs", Kind::History, "verdict", "SI", "S"),
    table("usage", Kind::History, "used_at", "SI", "S"),
    table("verdicts", Kind::History, "verdict", "SI", "S"),
    table("witnesses", Kind::History, "input", "SI", "S"),
    table("head", Kind::Head, "position", "SU", "S"),
    table("readings_due", Kind::Changeable, "cause", "SIUD", "S"),
    table("refusals", Kind::Changeable, "count", "SIUD", "S"),
    table("sealed_bodies", Kind::Changeable, "sealed", "SID", ""),
    table("tokens", Kind::Changeable, "status", "SIU", "S"),
    table("vault", Kind::Changeable, "sealed_id", "SI", ""),
    table("vault_keys", Kind::Changeable, "wrapped", "SI", ""),
    table("vault_secrets", Kind::Changeable, "sealed", "SIU", ""),
    table("words", Kind::Changeable, "said", "SIUD", "S"),
    table("_sqlx_migrations", Kind::Changeable, "checksum", "S", "S"),
];

const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];
const ROLES: [&str; 4] = [SERVICE, READER, OWNER, SUPERUSER];

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
    fn outcome(&self, role: &str, verb: &str) -> &'static str {
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
    fn attempt(&self, verb: &str) -> String {
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

/// Tries a statement and undoes it.
async fn sqlstate(connection: &mut PgConnection, statement: &str) -> String {
    let mut tx = connection.begin().await.unwrap();
    let outcome = tx.execute(statement).await;
    tx.rollback().await.unwrap();
    match outcome {
        Ok(_) => DONE.to_owned(),
        Err(sqlx::Error::Database(error)) => error.code().unwrap().into_owned(),
        Err(error) => panic!("{statement}: {error}"),
    }
}

#[tokio::test]
async fn every_role_can_do_to_every_table_what_the_table_says_and_nothing_else() {
    let world = World::new().await;
    let mut wrong = String::new();
    for role in ROLES {
        let mut connection = world.sql_as(role).await;
        for table in &TABLES {
            for verb in VERBS {
                let expected = table.outcome(role, verb);
                let found = sqlstate(&mut connection, &table.attempt(verb)).await;
                if found != expected {
                    let name = table.name;
                    writeln!(wrong, "{role} {verb} {name}: {found}, not {expected}").unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn the_table_names_every_table_of_the_schema() {
    let world = World::new().await;
    let found: Vec<String> = world
        .one("SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'ledger'")
        .await;
    let mut named: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    named.sort_unstable();
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, named);
}

#[tokio::test]
async fn not_even_a_replica_session_of_the_superuser_gets_past_the_triggers() {
    let world = World::new().await;
    let mut connection = world.sql_as(SUPERUSER).await;
    connection.execute("SET session_replication_role = replica").await.unwrap();
    for table in TABLES.iter().filter(|table| table.kind != Kind::Changeable) {
        for verb in VERBS {
            let found = sqlstate(&mut connection, &table.attempt(verb)).await;
            assert_eq!(found, table.outcome(SUPERUSER, verb), "{verb} {}", table.name);
        }
    }
}

#[tokio::test]
async fn the_head_keeps_its_name_and_never_goes_back_for_anyone() {
    let world = World::new().await;
    for role in [OWNER, SUPERUSER] {
        let mut connection = world.sql_as(role).await;
        for change in [
            "ledger = 'other'",
            "mode = 'live'",
            "demo_until = recorded_at",
            "position = position - 1",
            "input = input - 1",
            "act = 0",
            "incarnation = 0",
            "recorded_at = recorded_at - interval '1 microsecond'",
        ] {
            let found = sqlstate(&mut connection, &format!("UPDATE head SET {change}")).await;
            assert_eq!(found, FINAL, "{role}: {change}");
        }
    }
    let mut service = world.sql_as(SERVICE).await;
    for column in ["ledger", "mode", "demo_until", "incarnation", "one"] {
        let found = sqlstate(&mut service, &format!("UPDATE head SET {column} = NULL")).await;
        assert_eq!(found, DENIED, "{column}");
    }
}

#[tokio::test]
async fn the_service_cannot_get_rid_of_what_holds_it() {
    let world = World::new().await;
    for role in [SERVICE, READER] {
        let mut connection = world.sql_as(role).await;
        for statement in [
            "ALTER TABLE events DISABLE TRIGGER history_is_final",
            "DROP TRIGGER history_is_final ON events",
            "DROP TABLE events",
            "CREATE TABLE more (a integer)",
            "CREATE OR REPLACE FUNCTION history_is_final() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RETURN NEW; END'",
            "SET session_replication_role = replica",
            "SET ROLE tokenledger_owner",
        ] {
            assert_eq!(sqlstate(&mut connection, statement).await, DENIED, "{role}: {statement}");
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
    for table in &TABLES {
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
        "\nOf `head` the service may update `position`, `input`, `act` and `recorded_at` only, \
         and they never\ngo back. `ledger`, `mode` and `demo_until` are written once.\n",
    );
    text
}
