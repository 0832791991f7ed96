//! Verbs that make the server fail.

use tokenledger::vault::Ref;

use crate::bodies::NOW_MS;
use crate::world::World;

impl World {
    /// Inserting a row of which the condition holds raises this SQLSTATE, until [`World::heals`].
    pub(crate) async fn fails_on(&self, table: &str, condition: &str, sqlstate: &str) {
        let raise = format!(
            "IF {condition} THEN RAISE EXCEPTION 'of a test' USING ERRCODE = '{sqlstate}'; END IF"
        );
        self.before_insert(table, &raise).await;
    }

    /// Inserting a row takes for ever, until [`World::heals`].
    pub(crate) async fn stalls_on(&self, table: &str) {
        self.before_insert(table, "PERFORM pg_sleep(3600)").await;
    }

    pub(crate) async fn heals(&self, table: &str) {
        self.execute(&format!("DROP TRIGGER of_a_test ON {table}")).await;
    }

    async fn before_insert(&self, table: &str, action: &str) {
        self.execute(&format!(
            "CREATE FUNCTION of_a_test() RETURNS trigger LANGUAGE plpgsql AS
                $f$ BEGIN {action}; RETURN NEW; END $f$;
            CREATE TRIGGER of_a_test BEFORE INSERT ON {table}
                FOR EACH ROW EXECUTE FUNCTION of_a_test()"
        ))
        .await;
    }
}

/// Writes an event past the door, as SQL that inserts it at a position that SQL computes.
pub(crate) fn event_sql(reference: &Ref, position: &str) -> String {
    format!(
        r#"INSERT INTO events
        SELECT
            'token', '{reference}', 1, 'Activated', '1',
            '{{"type":"Activated","at":{NOW_MS},"basis":"notice"}}',
            '{{"kind":"webhook","id":"evt_test_x","input":"0"}}',
            {position}, recorded_at, recorded_at, decode(repeat('00', 32), 'hex')
        FROM head"#
    )
}
