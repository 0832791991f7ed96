//! Every time can be read. PostgreSQL keeps infinite ones, and years that the program cannot hold:
//! who meets one while reading ends there, so this is looked at before all else, by the server.

use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::FINDINGS_MAX;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;

/// A row with such a time.
pub(super) struct Unreadable {
    table: String,
    row: String,
}

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Times);
    for Unreadable { table, row } in unreadable(&mut snapshot.connection).await? {
        let place = Place::Object(format!("{table} {row}"));
        report.find(place, "times before the year 262000", "one that is infinite or later");
    }
    Ok(report.looked_at("all times can be read".to_owned()))
}

/// The first such rows; every other check would end at one.
pub(super) async fn unreadable(connection: &mut PgConnection) -> sqlx::Result<Vec<Unreadable>> {
    let limit = i64::try_from(FINDINGS_MAX).expect("the limit is small");
    sqlx::query_as!(
        Unreadable,
        r#"SELECT "table" AS "table!", row AS "row!"
        FROM (
            SELECT 'head' AS "table", '' AS row, ARRAY[recorded_at] AS times FROM head
            UNION ALL
            SELECT 'events', '#' || position, ARRAY[occurred_at, recorded_at] FROM events
            UNION ALL
            SELECT 'inputs', 'in_' || number, ARRAY[received_at, recorded_at] FROM inputs
            UNION ALL
            SELECT 'verdicts', 'in_' || input || ' ' || number, ARRAY[recorded_at] FROM verdicts
            UNION ALL
            SELECT 'copies', 'in_' || input || ' ' || number, ARRAY[received_at] FROM copies
            UNION ALL
            SELECT 'usage', 'in_' || input, ARRAY[used_at] FROM usage
            UNION ALL
            SELECT 'acts', 'act ' || number, ARRAY[recorded_at] FROM acts
            UNION ALL
            SELECT 'tokens', ref,
                ARRAY[created_at, since, occurred_at, recorded_at, last_notice_at]
            FROM tokens
        ) rows
        WHERE EXISTS (
            SELECT FROM unnest(times) AS time
            WHERE time NOT BETWEEN '4713-01-01 BC' AND '262000-01-01'
        )
        LIMIT $1"#,
        limit,
    )
    .fetch_all(connection)
    .await
}
