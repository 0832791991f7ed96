//! Who may do what to which table: every cell tried, by SQLSTATE.

use std::fmt::Write;

use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::database::OWNER;
use tokenledger::database::READER;
use tokenledger::database::SERVICE;

use crate::roles_table::DENIED;
use crate::roles_table::DONE;
use crate::roles_table::FINAL;
use crate::roles_table::Kind;
use crate::roles_table::ROLES;
use crate::roles_table::SUPERUSER;
use crate::roles_table::TABLES;
use crate::roles_table::VERBS;
use crate::world::World;

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
        for table in TABLES {
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
