//! The three roles of a ledger's database.

use sqlx::Executor;
use sqlx::postgres::PgConnection;

/// Owns the tables: migrations and rebuilds.
pub const OWNER: &str = "tokenledger_owner";
/// The running service: appends to history, reads it, keeps the projections.
pub const SERVICE: &str = "tokenledger_service";
/// Reads history and projections, nothing sealed.
pub const READER: &str = "tokenledger_reader";

/// Creates the roles that do not exist yet. Needs a role that may create roles; for `dev` and tests
/// (in production an administrator runs the three lines of `docs/production.md`).
pub async fn create_roles(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for role in [OWNER, SERVICE, READER] {
        // Two processes may come at once: the loser finds the role made.
        let statement = format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN; \
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        connection.execute(statement.as_str()).await?;
    }
    Ok(())
}
