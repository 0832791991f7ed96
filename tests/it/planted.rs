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

/// Where a fault is planted in a column: the middle one of these rows, if there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Another value.
    Byte,
    /// A value where there was none.
    Put,
    /// A time that never comes.
    Infinity,
}

impl Fault {
    pub(crate) const ALL: [Self; 3] = [Self::Byte, Self::Put, Self::Infinity];
}

/// Plants a fault after keeping the table as it is. Says what it did; none if there is no such row.
pub(crate) async fn change(
    connection: &mut PgConnection,
    table: &str,
    Column { name, kind }: &Column,
    fault: Fault,
) -> Option<String> {
    let byte = match kind.as_str() {
        "bigint" | "integer" => format!("coalesce({name}, 0) + 100000"),
        "boolean" => format!("NOT {name}"),
        "bytea" => {
            let bytes = format!("coalesce({name}, decode(repeat('00', 32), 'hex'))");
            format!("set_byte({bytes}, 5, get_byte({bytes}, 5) # 1)")
        }
        "json" => format!("({name}::text || ' ')::json"),
        "timestamp with time zone" => format!("coalesce({name}, now()) + interval '1 microsecond'"),
        "text" => format!("overlay(coalesce({name}, '') || 'x' PLACING 'y' FROM 1 FOR 1)"),
        other => panic!("how is a {other} changed?"),
    };
    let (rows, value) = match fault {
        Fault::Byte => ("IS NOT NULL", byte.as_str()),
        Fault::Put => ("IS NULL", byte.as_str()),
        Fault::Infinity if kind.starts_with("timestamp") => ("IS NOT NULL", "'infinity'"),
        Fault::Infinity => return None,
    };
    let such = format!("FROM {table} WHERE {name} {rows}");
    if ask::<i64>(connection, &format!("SELECT count(*) {such}")).await == 0 {
        return None;
    }
    save(connection, table).await;
    let change = format!(
        "UPDATE {table} SET {name} = {value}
        WHERE ctid = (SELECT ctid {such} ORDER BY ctid
            OFFSET (SELECT count(*) / 2 {such}) LIMIT 1)
        RETURNING row_to_json({table})::text"
    );
    let row: String = ask(connection, &change).await;
    Some(format!("{table}.{name} = {value} in {row}"))
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
