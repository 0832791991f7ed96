//! `replay --compare-only` tells every difference between the projection and the fold of the events,
//! and the commands that look tell what they found by their exit codes.

use std::fs;

use serde_json::Value;
use sqlx::Executor;
use tokenledger::audit::compare_tokens;

use crate::busy_ledger::Busy;
use crate::home::Home;
use crate::planted::Fault;
use crate::planted::change;
use crate::planted::columns;
use crate::planted::restore;
use crate::running::Running;
use crate::running::run;
use crate::running::said;
use crate::world::ask;

#[tokio::test]
async fn a_comparison_finds_a_difference_in_each_column_of_the_projection() {
    let busy = Busy::new().await;
    let mut snapshot = busy.snapshot().await;
    let equal = compare_tokens(&mut snapshot).await.unwrap();
    snapshot.close().await.unwrap();
    assert!(equal.is_equal() && equal.digest_folded == equal.digest_stored);
    assert_eq!((equal.equal, equal.events), (9, busy.world.count("events").await));
    let mut editor = busy.unguarded().await;
    for column in columns(&mut editor, "tokens").await {
        for fault in [Fault::Byte, Fault::Put] {
            let Some(planted) = change(&mut editor, "tokens", &column, fault).await else {
                continue;
            };
            let different = compare_tokens(&mut busy.snapshot().await).await.unwrap();
            let told = &different.differing;
            assert!(!different.is_equal(), "{planted}");
            assert_ne!(different.digest_folded, different.digest_stored);
            if column.name == "ref" {
                assert_eq!((different.missing, different.extra), (1, 1));
            } else {
                assert_eq!(different.changed, 1, "{planted}");
                assert!(told[0].found.contains(&column.name), "{told:?}");
            }
            restore(&mut editor, "tokens").await;
        }
    }
    editor.execute("DELETE FROM tokens WHERE first_position = 1").await.unwrap();
    let fewer = compare_tokens(&mut busy.snapshot().await).await.unwrap();
    assert_eq!((fewer.missing, fewer.extra, fewer.changed), (1, 0, 0));
}

#[tokio::test]
async fn a_comparison_of_a_part_of_the_record_is_no_result() {
    let busy = Busy::new().await;
    let mut editor = busy.unguarded().await;
    editor
        .execute("DELETE FROM events WHERE position = (SELECT position FROM head)")
        .await
        .unwrap();
    let error = compare_tokens(&mut busy.snapshot().await).await.unwrap_err().to_string();
    assert!(error.contains("but the head is at position"), "{error}");

    let mut snapshot = busy.snapshot().await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction'";
    assert!(ask::<i64>(&mut editor, cut).await > 0);
    compare_tokens(&mut snapshot).await.unwrap_err();
}

#[tokio::test]
async fn the_demo_of_dev_is_all_right_until_somebody_changes_it() {
    let home = Home::new();
    let running = Running::start(&home, 0, &["--tokens", "12", "--days", "20", "--seed", "7"]);
    let data = home.dir.path().to_str().unwrap();
    let looks = |arguments: &[&str]| {
        let output = run(&[&["--data", data], arguments].concat(), &[]);
        let stdout = String::from_utf8(output.stdout.clone()).unwrap();
        (output.status.code(), stdout, said(&output))
    };
    let (code, verified, talk) = looks(&["verify"]);
    assert_eq!(code, Some(0), "{verified}{talk}");
    assert_eq!(verified.lines().filter(|line| line.starts_with('✓')).count(), 13, "{verified}");
    assert!(talk.starts_with("OK  head at #"), "{talk}");
    let (code, compared, talk) = looks(&["replay", "tokens", "--compare-only", "-o", "json"]);
    assert_eq!(code, Some(0), "{compared}{talk}");
    let compared: Value = serde_json::from_str(&compared).unwrap();
    assert_eq!((&compared["result"], &compared["equal"]), (&"equal".into(), &12.into()));
    for refused in [vec!["replay"], vec!["replay", "tokens"], vec!["replay", "counts"]] {
        assert_eq!(looks(&refused).0, Some(2), "{refused:?}");
    }
    assert_eq!(looks(&["verify", "--only", "nothing"]).0, Some(2));

    let change = "UPDATE tokens SET anomalies = anomalies + 1 WHERE first_position = 1";
    running.owner().await.execute(change).await.unwrap();
    let (code, compared, _) = looks(&["replay", "tokens", "--compare-only"]);
    assert_eq!(code, Some(3), "{compared}");
    assert!(compared.contains("11 equal · 1 changed · 0 missing · 0 extra"), "{compared}");
    let (code, verified, _) = looks(&["verify", "--only", "projections,leaves", "-o", "json"]);
    assert_eq!(code, Some(3), "{verified}");
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["data"][0]["result"], "ok");
    let finding = &verified["data"][1]["findings"][0];
    assert!(finding["next"].as_str().unwrap().contains("docs/verify.md"), "{finding}");
    assert!(fs::exists(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.md")).unwrap());
    assert!(running.stop().success());
}
