//! Every ref's sealed id opens, and is the id of that ref; every token of the record is there.

use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::report::counted;
use crate::smartpay::TokenId;
use crate::vault;
use crate::vault::Salt;
use crate::vault::Vault;

struct Kept {
    reference: String,
    salt: Vec<u8>,
    sealed_id: Vec<u8>,
    masked_id: String,
}

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Vault);
    let mut after = String::new();
    let mut count = 0;
    loop {
        let step = step(&mut snapshot.connection, &after, snapshot.step).await?;
        let Some(end) = step.last() else { break };
        after.clone_from(&end.reference);
        for kept in &step {
            count += 1;
            if let Err(found) = opens(snapshot.vault.as_ref(), kept) {
                let place = Place::Token(kept.reference.clone());
                report.find(place, "a sealed id that opens, and is of this ref", found);
            }
        }
    }
    let mut after = String::new();
    loop {
        let missing = missing(&mut snapshot.connection, &after, snapshot.step).await?;
        let Some(end) = missing.last() else { break };
        after.clone_from(end);
        for reference in &missing {
            report.find(Place::Token(reference.clone()), "its id in the vault", "none");
        }
    }
    Ok(report.looked_at(format!("{} ids open and give their refs", counted(count))))
}

fn opens(vault: Option<&Vault>, kept: &Kept) -> Result<(), String> {
    let vault = vault.ok_or("the vault has no keys")?;
    let row = kept.reference.as_str();
    let salt = Salt::try_from(kept.salt.as_slice()).map_err(|error| error.to_string())?;
    let place = vault::Place { table: "vault", row, field: "id" };
    let id =
        vault.unseal(&place, row, &salt, &kept.sealed_id).map_err(|error| error.to_string())?;
    let id = str::from_utf8(&id).ok().and_then(|id| TokenId::parse(id).ok());
    let id = id.ok_or("what it opens to is no token id")?;
    if vault.reference(&id).as_str() != row {
        return Err("the id has another ref".to_owned());
    }
    if id.masked() != kept.masked_id {
        return Err(format!("the masked id is not {}", id.masked()));
    }
    Ok(())
}

async fn step(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<Kept>, sqlx::Error> {
    sqlx::query_as!(
        Kept,
        "SELECT ref AS reference, salt, sealed_id, masked_id
        FROM vault
        WHERE ref > $1
        ORDER BY ref
        LIMIT $2",
        after,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Tokens of the record whose id is nowhere.
async fn missing(
    connection: &mut PgConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT DISTINCT events.aggregate_id
        FROM events
        LEFT JOIN vault ON vault.ref = events.aggregate_id
        WHERE vault.ref IS NULL AND events.aggregate_id > $1
        ORDER BY events.aggregate_id
        LIMIT $2",
        after,
        limit,
    )
    .fetch_all(connection)
    .await
}
