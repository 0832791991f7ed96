//! Sealed ids and bodies.
#![expect(clippy::as_conversions, reason = "how a checked query is told a parameter's type")]

use sqlx::postgres::PgConnection;

use crate::ledger::rows::BodyRow;
use crate::ledger::rows::VaultRow;
use crate::vault::Ref;

pub(super) async fn insert_vault(
    connection: &mut PgConnection,
    rows: &[VaultRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO vault (ref, salt, sealed_id, masked_id)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
        RETURNING ref",
        rows.iter().map(|row| row.reference.as_str()).collect::<Vec<_>>() as Vec<&str>,
        rows.iter().map(|row| row.salt.as_bytes().as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
        rows.iter().map(|row| row.sealed_id.as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
        rows.iter().map(|row| row.masked_id.as_str()).collect::<Vec<_>>() as Vec<&str>,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert_bodies(
    connection: &mut PgConnection,
    rows: &[BodyRow],
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO sealed_bodies (input, ref, salt, sealed)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::bytea[])
        RETURNING input",
        &rows.iter().map(|row| row.input).collect::<Vec<_>>(),
        rows.iter().map(|row| row.reference.as_ref().map(Ref::as_str)).collect::<Vec<_>>()
            as Vec<Option<&str>>,
        rows.iter()
            .map(|row| row.own_salt.as_ref().map(|salt| salt.as_bytes().as_slice()))
            .collect::<Vec<_>>() as Vec<Option<&[u8]>>,
        rows.iter().map(|row| row.sealed.as_slice()).collect::<Vec<_>>() as Vec<&[u8]>,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}
