//! What can go wrong with a private server, and what to do about it.

use std::io;
use std::path::Path;
use std::path::PathBuf;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "{} is in use by {}: stop that first, or choose another data directory",
        .data.display(),
        holder(*.pid)
    )]
    AlreadyRunning { data: PathBuf, pid: Option<u32> },

    #[error(
        "no PostgreSQL server (version 14 or newer) found{tried}; install one with \
         `apt-get install postgresql` (Debian, Ubuntu) or `brew install postgresql@17` (macOS)"
    )]
    NoBinaries { tried: String },

    #[error("{} holds no working initdb, pg_ctl and postgres", .dir.display())]
    UnusableBinaries { dir: PathBuf },

    #[error(
        "{} was made by PostgreSQL {major}, which is not on this machine{tried}; install it with \
         `apt-get install postgresql-{major}` or `brew install postgresql@{major}`, \
         or choose another data directory",
        .data.display()
    )]
    OtherMajor { data: PathBuf, major: u32, tried: String },

    #[error("{} belongs to user id {uid}: run as that user, or choose another data directory", .data.display())]
    OtherOwner { data: PathBuf, uid: u32 },

    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to \
         run it: create one with `useradd --system postgres`"
    )]
    NoAccount,

    #[error(
        "{} is not a private directory of user id {uid}: remove it, or set TMPDIR to a short path",
        .dir.display()
    )]
    UnsafeSockets { dir: PathBuf, uid: u32 },

    #[error(
        "the server with process id {pid} does not answer on its socket: look at {}, stop it with \
         `kill -INT {pid}`, and try again",
        .log.display()
    )]
    Unresponsive { pid: u32, log: PathBuf },

    #[error("{doing} failed: {output}")]
    Command { doing: &'static str, output: String },

    #[error("{doing} took longer than {limit_s} s")]
    TooSlow { doing: &'static str, limit_s: u64 },

    #[error("cannot {doing} {}", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: says what was being done, and to what.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |source| Error::Io { doing, path, source }
    }
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
