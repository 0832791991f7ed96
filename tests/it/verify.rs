//! `verify` says nothing of a ledger that is all right, and names every change of one that is not.

use std::fmt::Write;

use sqlx::Executor;
use tokenledger::audit::Check;
use tokenledger::audit::Finding;
use tokenledger::audit::Place;
use tokenledger::audit::RIGHTS;
use tokenledger::audit::Report;
use tokenledger::audit::Snapshot;
use tokenledger::database::SERVICE;
use tokenledger::token::Happened;

use crate::bodies::NOW_MS;
use crate::busy_ledger::Busy;
use crate::planted::Fault;
use crate::planted::change;
use crate::planted::columns;
use crate::planted::restore;
use crate::planted::save;
use crate::roles_table::TABLES;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::told;
use crate::world::used;

/// Each column of history is in one of these: a new one must be seen by a check.
const HISTORY: [&str; 7] = ["events", "inputs", "verdicts", "copies", "witnesses", "usage", "acts"];

/// Grants are looked at elsewhere: here the triggers are gone.
const OF_ROWS: [Check; 12] = [
    Check::Times,
    Check::Positions,
    Check::Sequences,
    Check::Leaves,
    Check::Arrivals,
    Check::Inputs,
    Check::Evidence,
    Check::Signatures,
    Check::Vault,
    Check::Projections,
    Check::Stock,
    Check::Acts,
];

#[tokio::test]
async fn a_busy_ledger_is_all_right_and_so_is_one_that_just_began() {
    let busy = Busy::new().await;
    for table in HISTORY {
        assert!(busy.world.count(table).await > 0, "nothing is in {table}");
    }
    assert_good(&busy.verifies().await);
    let quiet = Busy::quiet().await;
    assert_good(&quiet.verifies().await);
}

/// One byte in the middle row of each column of each table, one after the other.
#[tokio::test]
async fn a_byte_changed_in_any_column_of_history_is_found_and_named() {
    let busy = Busy::new().await;
    let mut editor = busy.unguarded().await;
    let mut unseen = String::new();
    let mut tried = 0;
    for table in HISTORY {
        for column in columns(&mut editor, table).await {
            for fault in Fault::ALL {
                let Some(planted) = change(&mut editor, table, &column, fault).await else {
                    continue;
                };
                tried += usize::from(fault == Fault::Byte);
                let reports = busy.verifies_only(&OF_ROWS).await;
                let mut named = reports.iter().flat_map(|report| &report.findings);
                if !named.any(|finding| is_a_row(&finding.place)) {
                    writeln!(unseen, "{planted}").unwrap();
                }
                restore(&mut editor, table).await;
            }
        }
    }
    assert!(unseen.is_empty(), "nobody noticed\n{unseen}");
    assert!(tried > 50, "{tried} columns");
    assert_good(&busy.verifies_only(&OF_ROWS).await);
}

/// A position, a number or a token: not only the name of a table.
fn is_a_row(place: &Place) -> bool {
    match place {
        Place::Position(_) | Place::Input(_) | Place::Act(_) | Place::Token(_) => true,
        Place::Object(name) => name.contains(|c: char| c.is_ascii_digit()),
    }
}

#[tokio::test]
async fn a_row_taken_from_or_put_into_history_is_found() {
    let busy = Busy::new().await;
    let mut editor = busy.unguarded().await;
    for table in HISTORY {
        save(&mut editor, table).await;
        let middle = format!(
            "DELETE FROM {table} WHERE ctid = (SELECT ctid FROM {table} ORDER BY ctid
                OFFSET (SELECT count(*) / 2 FROM {table}) LIMIT 1)"
        );
        assert_eq!(editor.execute(middle.as_str()).await.unwrap().rows_affected(), 1);
        let reports = busy.verifies_only(&OF_ROWS).await;
        assert!(!reports.iter().all(Report::is_good), "a row fewer in {table} is not noticed");
        restore(&mut editor, table).await;
    }
    for (table, row) in [
        ("witnesses", "(SELECT ref, sequence, 1, 2 FROM events WHERE position = 3)"),
        ("usage", "(SELECT ref, 'evt_test_more', input, used_at, 999999 FROM usage LIMIT 1)"),
        ("verdicts", "(SELECT input, 2, verdict, reason, position, recorded_at, 7 FROM verdicts)"),
        ("sealed_bodies", "(SELECT 999999, ref, salt, sealed FROM sealed_bodies LIMIT 1)"),
    ] {
        let row = row.replace("SELECT ref, sequence", "SELECT aggregate_id, sequence");
        save(&mut editor, table).await;
        editor.execute(format!("INSERT INTO {table} {row}").as_str()).await.unwrap();
        let reports = busy.verifies_only(&[Check::Arrivals, Check::Inputs]).await;
        assert!(!reports.iter().all(Report::is_good), "a row more in {table} is not noticed");
        restore(&mut editor, table).await;
    }
}

/// Inputs and copies of one transaction, mixed.
#[tokio::test]
async fn a_group_is_chained_in_the_order_in_which_it_came() {
    let world = World::new().await;
    let first = approved(&token_id(1));
    let second = told(&token_id(1), Happened::Disabled, NOW_MS - 10);
    let charge = used(&token_id(1), NOW_MS - 5);
    let other = approved(&token_id(2));
    let group = [&first, &first, &second, &first, &charge, &second, &other, &charge];
    let receipts = world.delivers_together(&group).await;
    assert_eq!(receipts.iter().filter(|receipt| receipt.copy).count(), 4);
    let mut snapshot = Snapshot::open(&world.options(SERVICE), None).await.unwrap();
    let report = snapshot.check(Check::Arrivals).await.unwrap();
    assert_eq!(report.looked_at, "5 inputs and 4 copies chained");
    assert_good(&[report]);
}

/// Leaves do not name their position, so it is the inputs that tell.
#[tokio::test]
async fn two_events_that_changed_places_are_found() {
    let busy = Busy::new().await;
    let mut editor = busy.unguarded().await;
    let swap = "UPDATE events SET position = -position WHERE position IN (1, 5);
        UPDATE events SET position = 6 + position WHERE position < 0";
    editor.execute(swap).await.unwrap();
    let reports = busy.verifies_only(&[Check::Leaves, Check::Inputs]).await;
    assert!(reports[0].is_good() && !reports[1].is_good());
}

#[tokio::test]
async fn a_finding_names_the_first_bad_place_what_was_expected_and_where_to_look() {
    let busy = Busy::new().await;
    let mut editor = busy.unguarded().await;
    let event = "UPDATE events SET payload = replace(payload::text, '1', '2')::json
        WHERE position >= 4";
    editor.execute(event).await.unwrap();
    let reports = busy.verifies_only(&[Check::Leaves, Check::Positions]).await;
    let leaf = reports[0].findings.first().unwrap();
    assert_eq!(leaf.place, Place::Position(4));
    assert!(leaf.expected.contains("hash to") && leaf.found.starts_with("a leaf of"), "{leaf:?}");
    assert_eq!(leaf.place.look().unwrap(), "tokenledger events list --after 1 --limit 5");
    assert!(reports[1].is_good());
    let later = busy.snapshot().await.from(5).check(Check::Leaves).await.unwrap();
    assert_eq!(later.findings.first().unwrap().place, Place::Position(5));
}

#[tokio::test]
async fn what_lies_sealed_is_opened_and_compared() {
    let busy = Busy::new().await;
    let mut editor = busy.unguarded().await;
    for (table, change, check) in [
        ("sealed_bodies", "sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)", Check::Inputs),
        ("sealed_bodies", "input = input + 100000", Check::Inputs),
        ("vault", "sealed_id = set_byte(sealed_id, 40, get_byte(sealed_id, 40) # 1)", Check::Vault),
        ("vault", "salt = set_byte(salt, 3, get_byte(salt, 3) # 1)", Check::Vault),
        ("vault", "masked_id = masked_id || 'x'", Check::Vault),
        ("vault", "ref = left(ref, -4) || 'AAAA'", Check::Vault),
        (
            "vault_secrets",
            "sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)",
            Check::Signatures,
        ),
        ("vault_secrets", "fingerprint = 'another'", Check::Signatures),
    ] {
        save(&mut editor, table).await;
        let one =
            format!("UPDATE {table} SET {change} WHERE ctid = (SELECT min(ctid) FROM {table})");
        editor.execute(one.as_str()).await.unwrap();
        let reports = busy.verifies_only(&[check]).await;
        assert!(!reports[0].is_good(), "{table}: {change}");
        restore(&mut editor, table).await;
    }
}

#[tokio::test]
async fn rights_that_were_widened_and_triggers_that_do_not_fire_are_named() {
    let busy = Busy::quiet().await;
    for (statement, undo, table) in [
        (
            "GRANT UPDATE ON events TO tokenledger_service",
            "REVOKE UPDATE ON events FROM tokenledger_service",
            "events",
        ),
        (
            "GRANT UPDATE (reason) ON acts TO tokenledger_reader",
            "REVOKE UPDATE (reason) ON acts FROM tokenledger_reader",
            "acts",
        ),
        ("GRANT SELECT ON vault TO PUBLIC", "REVOKE SELECT ON vault FROM PUBLIC", "vault"),
        (
            "GRANT UPDATE (mode) ON head TO tokenledger_service",
            "REVOKE UPDATE (mode) ON head FROM tokenledger_service",
            "head",
        ),
        (
            "REVOKE INSERT ON copies FROM tokenledger_service",
            "GRANT INSERT ON copies TO tokenledger_service",
            "copies",
        ),
        (
            "ALTER TABLE inputs DISABLE TRIGGER history_is_final",
            "ALTER TABLE inputs ENABLE ALWAYS TRIGGER history_is_final",
            "inputs",
        ),
        (
            "ALTER TABLE inputs ENABLE TRIGGER history_is_final",
            "ALTER TABLE inputs ENABLE ALWAYS TRIGGER history_is_final",
            "inputs",
        ),
        (
            "ALTER FUNCTION head_moves_forward() RENAME TO set_aside;
            CREATE FUNCTION head_moves_forward() RETURNS trigger LANGUAGE plpgsql
                AS 'BEGIN RETURN NEW; END';
            CREATE OR REPLACE TRIGGER head_moves_forward BEFORE UPDATE OR DELETE ON head
                FOR EACH ROW EXECUTE FUNCTION head_moves_forward();
            ALTER TABLE head ENABLE ALWAYS TRIGGER head_moves_forward",
            "CREATE OR REPLACE TRIGGER head_moves_forward BEFORE UPDATE OR DELETE ON head
                FOR EACH ROW EXECUTE FUNCTION set_aside();
            ALTER TABLE head ENABLE ALWAYS TRIGGER head_moves_forward;
            DROP FUNCTION head_moves_forward();
            ALTER FUNCTION set_aside() RENAME TO head_moves_forward",
            "head",
        ),
        ("CREATE TABLE ledger.more (a integer)", "DROP TABLE ledger.more", "more"),
    ] {
        busy.world.execute(statement).await;
        let reports = busy.verifies_only(&[Check::Grants]).await;
        let places: Vec<String> =
            reports[0].findings.iter().map(|finding| finding.place.to_string()).collect();
        assert!(places.contains(&table.to_owned()), "{statement}: {places:?}");
        busy.world.execute(undo).await;
    }
    assert_good(&busy.verifies_only(&[Check::Grants]).await);
}

#[test]
fn verify_knows_the_table_of_rights_that_is_tried_cell_by_cell() {
    let known = RIGHTS.iter().map(|right| (right.table, right.service, right.reader));
    assert!(known.eq(TABLES.iter().map(|table| (table.name, table.service, table.reader))));
}

fn assert_good(reports: &[Report]) {
    let found: Vec<String> = reports.iter().flat_map(in_words).collect();
    assert!(found.is_empty(), "{found:#?}");
}

fn in_words(report: &Report) -> Vec<String> {
    let words = |f: &Finding| {
        assert!(!f.expected.is_empty() && !f.found.is_empty());
        format!("{}: {}: expected {}; found {}", report.check, f.place, f.expected, f.found)
    };
    report.findings.iter().map(words).collect()
}
