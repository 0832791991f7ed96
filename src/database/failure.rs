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
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let of_data =
            code.is_some_and(|code| ["22", "23", "54"].iter().any(|class| code.starts_with(class)));
        let of_ours = matches!(
            error,
            sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }
        );
        if of_data || of_ours { Self::Data } else { Self::Unavailable }
    }
}

/// A sentence for the one who starts the service and cannot reach the database.
pub fn unreachable_hint(error: &sqlx::Error) -> &'static str {
    if let sqlx::Error::Io(io) = error {
        return of_socket(io.kind());
    }
    if let Some(database) = error.as_database_error() {
        return of_server(database.code().as_deref().unwrap_or_default());
    }
    if matches!(error, sqlx::Error::Tls(_)) {
        return "TLS failed: check sslmode and sslrootcert in the URL";
    }
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return "no connection within the deadline: is the server there, and not overloaded?";
    }
    "check TOKENLEDGER_DATABASE_URL"
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the system knows many more")]
fn of_socket(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => {
            "nothing listens there: is PostgreSQL running, and is the port right?"
        }
        ErrorKind::NotFound => "no server on that socket: is PostgreSQL running there?",
        ErrorKind::PermissionDenied => "this user may not use that socket",
        ErrorKind::TimedOut => "no answer: is a firewall in the way?",
        _ => "the host may be misspelt, or not reachable from here",
    }
}

fn of_server(sqlstate: &str) -> &'static str {
    match sqlstate {
        "28P01" | "28000" => "the role or its password was refused: check both",
        "3D000" => "that database does not exist: create it, owned by tokenledger_owner",
        "53300" => "the server has no free connection slot",
        "57P03" => "the server is starting up or shutting down: try again shortly",
        _ => "the server answered, but refused",
    }
}
