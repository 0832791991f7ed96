//! How a command ends: exit codes, and the last words on stderr.

use std::io::Write;
use std::process::ExitCode;

use sqlx::error::DatabaseError;

use tokenledger::database::NotFound;
use tokenledger::database::unreachable_hint;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Exit {
    Failure(anyhow::Error),
    /// The command line or the configuration is wrong.
    Usage(anyhow::Error),
    /// A command that looks for problems found some, and has told of them.
    Found,
    NotFound(anyhow::Error),
    NotPermitted(anyhow::Error),
    /// The database, or whatever else it takes, cannot be reached.
    Unreachable(anyhow::Error),
    /// Somebody has to look, and to say that it may be done.
    Unconfirmed(anyhow::Error),
    Interrupted,
    /// The reader of our output went away (`| head`): nobody is left to tell, and nothing failed.
    ReaderGone,
}

impl Exit {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(anyhow::Error::msg(message.into()))
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound(anyhow::Error::msg(message.into()))
    }

    pub(crate) fn not_permitted(message: impl Into<String>) -> Self {
        Self::NotPermitted(anyhow::Error::msg(message.into()))
    }

    pub(crate) fn unconfirmed(message: impl Into<String>) -> Self {
        Self::Unconfirmed(anyhow::Error::msg(message.into()))
    }

    /// Says what happened and gives the code.
    pub(crate) fn report(&self) -> ExitCode {
        let (code, error) = match self {
            Self::Failure(error) => (1, Some(error)),
            Self::Usage(error) => (2, Some(error)),
            Self::Found => (3, None),
            Self::NotFound(error) => (4, Some(error)),
            Self::NotPermitted(error) => (5, Some(error)),
            Self::Unreachable(error) => (6, Some(error)),
            Self::Unconfirmed(error) => (7, Some(error)),
            Self::Interrupted => (130, None),
            Self::ReaderGone => (0, None),
        };
        if let Some(error) = error {
            // Printed here and not returned from `main`, which would add a backtrace.
            let written = writeln!(std::io::stderr(), "error: {error:#}");
            drop(written); // with stderr gone there is nowhere left to say so
        }
        ExitCode::from(code)
    }
}

impl From<anyhow::Error> for Exit {
    fn from(error: anyhow::Error) -> Self {
        if error.is::<NotFound>() {
            return Self::Unreachable(error);
        }
        match error.downcast_ref::<sqlx::Error>().map(Kind::of) {
            Some(Kind::Unreachable(hint)) => Self::Unreachable(error.context(hint)),
            Some(Kind::NotPermitted) => Self::NotPermitted(error),
            Some(Kind::Other) | None => Self::Failure(error),
        }
    }
}

impl From<sqlx::Error> for Exit {
    fn from(error: sqlx::Error) -> Self {
        Self::from(anyhow::Error::from(error).context("asking the database"))
    }
}

enum Kind {
    Unreachable(&'static str),
    NotPermitted,
    Other,
}

impl Kind {
    /// Classes 08 (connection), 28 (authorization), 3D (no such database), 53 (resources) and 57P
    /// (shutting down) say that there is no talking to the database; 42501 that this may not be done.
    fn of(error: &sqlx::Error) -> Self {
        let database = error.as_database_error();
        let code = database.and_then(DatabaseError::code);
        let class = |classes: &[&str]| {
            code.as_deref().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
        };
        let cut = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
        );
        if cut || class(&["08", "28", "3D", "53", "57P"]) {
            Self::Unreachable(unreachable_hint(error))
        } else if class(&["42501"]) {
            Self::NotPermitted
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::exit::Exit;

    #[test]
    fn an_error_of_the_connection_is_told_from_other_failures_through_its_context() {
        let gone = || sqlx::Error::Io(std::io::ErrorKind::ConnectionRefused.into());
        assert!(matches!(Exit::from(gone()), Exit::Unreachable(_)));
        let within = anyhow::Error::from(gone()).context("reading events");
        assert!(matches!(Exit::from(within), Exit::Unreachable(_)));
        assert!(matches!(Exit::from(sqlx::Error::RowNotFound), Exit::Failure(_)));
        assert!(matches!(Exit::from(anyhow::anyhow!("broken")), Exit::Failure(_)));
    }
}
