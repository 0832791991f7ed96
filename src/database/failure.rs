//! What a database error means for the one who met it.

use std::io::ErrorKind;

/// What to do about an error, told by its SQLSTATE (never by a constraint's name).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The data itself was refused: trying again changes nothing, other data may pass.
    Data,
    /// The database could not do it now: cut, overloaded, full, locked, shutting down.
    Unavailable,
}

impl Failure {
    /// Classes 22 (data), 23 (constraints) and 54 (limits) speak of the data; all else of the
    /// database. An error without SQLSTATE is the connection's.
    pub fn of(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(code) if ["22", "23", "54"].iter().any(|class| code.starts_with(class)) => {
                    Self::Data
                }
                _ => Self::Unavailable,
            },
            sqlx::Error::Encode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Data
            }
            _ => Self::Unavailable,
        }
    }
}

/// A sentence for the one who starts the service and cannot reach the database.
pub fn unreachable_hint(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(io) => match io.kind() {
            ErrorKind::ConnectionRefused => {
                "nothing listens there: is PostgreSQL running, and is the port right?"
            }
            ErrorKind::NotFound => "no server on that socket: is PostgreSQL running there?",
            ErrorKind::PermissionDenied => "this user may not use that socket",
            ErrorKind::TimedOut => "no answer: is a firewall in the way?",
            _ => "the host may be misspelt or not reachable from here",
        },
        sqlx::Error::Tls(_) => "TLS failed: check sslmode and sslrootcert in the URL",
        sqlx::Error::PoolTimedOut => "no connection within the deadline: is the server overloaded?",
        sqlx::Error::Database(database) => match database.code().as_deref() {
            Some("28P01" | "28000") => "the role or its password was refused: check both",
            Some("3D000") => "that database does not exist: create it, owned by tokenledger_owner",
            Some("53300") => "the server has no free connection slot",
            Some("57P03") => "the server is starting up or shutting down: try again shortly",
            _ => "the server answered, but refused",
        },
        _ => "check TOKENLEDGER_DATABASE_URL",
    }
}
