//! Service and reader may do what the table of rights says and nothing else; the triggers that
//! keep history stand, always enabled.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::RIGHTS;
use crate::audit::Report;
use crate::audit::Right;
use crate::audit::Snapshot;
use crate::audit::Trigger;
use crate::database::READER;
use crate::database::SERVICE;
use crate::database::function_body;

/// What a role may do to a table, in initials, and the columns it may update where not all.
#[derive(Debug, Default, PartialEq, Eq)]
struct May {
    verbs: String,
    columns: Option<String>,
}

/// A trigger as it stands.
struct Standing {
    body: String,
    kind: i16,
}

impl Standing {
    fn is(&self, trigger: &Trigger) -> bool {
        self.kind == trigger.kind && function_body(trigger.function) == Some(self.body.as_str())
    }
}

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Grants);
    let found = grants(&mut snapshot.connection).await?;
    let tables: BTreeSet<&str> = found.keys().map(|(table, _)| table.as_str()).collect();
    for table in &tables {
        if !RIGHTS.iter().any(|right| right.table == *table) {
            report.find(Place::Object((*table).to_owned()), "no such table", "a table");
        }
    }
    for right in RIGHTS {
        for (role, verbs) in [(SERVICE, right.service), (READER, right.reader)] {
            let expected = expected(right, verbs);
            let place = Place::Object(right.table.to_owned());
            match found.get(&(right.table.to_owned(), role.to_owned())) {
                None => report.find(place, "a table", "none"),
                Some(may) if *may == expected => {}
                Some(may) => report.find(
                    place,
                    format!("{role} may {}", in_words(&expected)),
                    format!("{role} may {}", in_words(may)),
                ),
            }
        }
    }
    let triggers = triggers(&mut snapshot.connection).await?;
    let mut standing = 0;
    for right in RIGHTS {
        for trigger in right.triggers {
            let key = (right.table.to_owned(), trigger.name.to_owned());
            let found = triggers.get(&key);
            if found.is_some_and(|found| found.is(trigger)) {
                standing += 1;
                continue;
            }
            report.find(
                Place::Object(right.table.to_owned()),
                format!("trigger {}, enabled always", trigger.name),
                if found.is_some() {
                    "one that fires otherwise, or does something else"
                } else {
                    "none, or not always enabled"
                },
            );
        }
    }
    let words = format!("{} tables × 2 roles, {standing} triggers enabled always", RIGHTS.len());
    Ok(report.looked_at(words))
}

fn expected(right: &Right, verbs: &str) -> May {
    let columns = right.columns.filter(|_| verbs.contains('U')).map(str::to_owned);
    May { verbs: verbs.to_owned(), columns }
}

fn in_words(may: &May) -> String {
    match (may.verbs.as_str(), &may.columns) {
        ("", _) => "do nothing".to_owned(),
        (verbs, None) => verbs.to_owned(),
        (verbs, Some(columns)) => format!("{verbs} (U of {columns})"),
    }
}

/// Privileges however they came about: granted to the role, to another that it is in, to all.
async fn grants(
    connection: &mut PgConnection,
) -> Result<BTreeMap<(String, String), May>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT
            pg_class.relname::text AS "relation!",
            role AS "role!",
            (
                SELECT coalesce(string_agg(left(verb, 1), '' ORDER BY place), '')
                FROM unnest(ARRAY[
                    'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'
                ]) WITH ORDINALITY AS verbs (verb, place)
                WHERE has_table_privilege(role, pg_class.oid, verb)
                    OR (
                        verb IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                        AND has_any_column_privilege(role, pg_class.oid, verb)
                    )
            ) AS "verbs!",
            (
                SELECT string_agg(attname::text, ', ' ORDER BY attname::text COLLATE "C")
                FROM pg_attribute
                WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
                    AND NOT has_table_privilege(role, pg_class.oid, 'UPDATE')
                    AND has_column_privilege(role, pg_class.oid, attnum, 'UPDATE')
            ) AS columns
        FROM pg_class
        CROSS JOIN unnest($1::text[]) AS roles (role)
        WHERE pg_class.relnamespace = current_schema()::regnamespace
            AND pg_class.relkind IN ('r', 'p', 'v', 'm', 'f')"#,
        &[SERVICE.to_owned(), READER.to_owned()],
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| ((row.relation, row.role), May { verbs: row.verbs, columns: row.columns }))
        .collect())
}

/// Those that fire always, also in replica mode, by table and name.
async fn triggers(
    connection: &mut PgConnection,
) -> Result<BTreeMap<(String, String), Standing>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT
            pg_class.relname::text AS "relation!",
            pg_trigger.tgname::text AS "name!",
            pg_proc.prosrc AS body,
            pg_trigger.tgtype AS kind
        FROM pg_trigger
        JOIN pg_class ON pg_class.oid = pg_trigger.tgrelid
        JOIN pg_proc ON pg_proc.oid = pg_trigger.tgfoid
        WHERE pg_class.relnamespace = current_schema()::regnamespace
            AND NOT pg_trigger.tgisinternal AND pg_trigger.tgenabled = 'A'"#
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| ((row.relation, row.name), Standing { body: row.body, kind: row.kind }))
        .collect())
}
