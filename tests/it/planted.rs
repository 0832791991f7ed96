//! Faults planted in tables whose guards are gone, column by column, and taken back.
#![expect(clippy::disallowed_methods, reason = "the columns are those that the database knows")]

use sqlx::Connection;
use sqlx::Executor;
use sqlx::FromRow;
use sqlx::PgConnection;

use crate::world::ask;

#[derive(Debug, FromRow)]
pub(crate) struct Column {
    pub(crate) name: String,
    kind: String,
}

pub(crate) async fn columns(connection: &mut PgConnection, table: &str) -> Vec<Column> {
    let query = "SELECT column_name::text AS name, data_type::text AS kind
        FROM information_schema.columns
        WHERE table_schema = 'ledger' AND table_name = $1
        ORDER BY ordinal_position";
    sqlx::query_as(query).bind(table).fetch_all(connection).await.unwrap()
}

/// Changes the middle row in one column, after keeping the table as it is. Says what it did.
pub(crate) async fn change(
    connection: &mut PgConnection,
    table: &str,
    Column { name, kind }: &Column,
) -> (String, String) {
    save(connection, table).await;
    let value = match kind.as_str() {
        "bigint" | "integer" => format!("coalesce({name}, 0) + 100000"),
        "boolean" => format!("NOT {name}"),
        "bytea" => format!("set_byte({name}, 5, get_byte({name}, 5) # 1)"),
        "json" => format!("({name}::text || ' ')::json"),
        "timestamp with time zone" => {
            format!("coalesce({name}, now()) + interval '1 microsecond'")
        }
        "text" => format!("overlay(coalesce({name}, '') || 'x' PLACING 'y' FROM 1 FOR 1)"),
        other => panic!("how is a {other} changed?"),
    };
    let change = format!(
        "UPDATE {table} SET {name} = {value}
        WHERE ctid = (SELECT ctid FROM {table} ORDER BY ctid
            OFFSET (SELECT count(*) / 2 FROM {table}) LIMIT 1)
        RETURNING row_to_json({table})::text"
    );
    let row: String = ask(connection, &change).await;
    (row, value)
}

pub(crate) async fn save(connection: &mut PgConnection, table: &str) {
    let save = format!("DROP TABLE IF EXISTS saved; CREATE TEMPORARY TABLE saved AS TABLE {table}");
    connection.execute(save.as_str()).await.unwrap();
}

pub(crate) async fn restore(connection: &mut PgConnection, table: &str) {
    let mut tx = connection.begin().await.unwrap();
    tx.execute(format!("DELETE FROM {table}; INSERT INTO {table} TABLE saved").as_str())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}
