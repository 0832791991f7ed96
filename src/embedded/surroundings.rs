//! What the machine offers: where servers may be installed and where files may be kept.

use std::env;
use std::path::PathBuf;

/// Captured once by the caller, so that a test can offer less.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The search path for `pg_config` and the server binaries.
    pub path: Vec<PathBuf>,
    /// Directories whose entries are installed versions, each with what leads to its binaries.
    pub installs: Vec<Installs>,
    /// Where downloads may be kept: the first that the server's user can read.
    pub caches: Vec<PathBuf>,
    /// The directory for temporary files.
    pub temp: PathBuf,
}

/// One place where a packager puts its versions: `root`/`prefix`*/`bin`.
#[derive(Debug, Clone)]
pub struct Installs {
    pub root: PathBuf,
    pub prefix: &'static str,
    pub bin: &'static str,
}

/// Debian, Red Hat, Homebrew (ARM and Intel), Postgres.app.
const INSTALLS: [(&str, &str, &str); 5] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// Root's downloads, when root's own cache is closed to the server's user.
const SYSTEM_CACHE: &str = "/var/cache";

impl Surroundings {
    /// Those of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place where they are captured")]
    pub fn from_process() -> Surroundings {
        let path = env::var("PATH").unwrap_or_default();
        let home = env::var("HOME").ok().filter(|home| !home.is_empty());
        let cache = env::var("XDG_CACHE_HOME").ok().filter(|cache| cache.starts_with('/'));
        Surroundings {
            path: env::split_paths(&path).collect(),
            installs: INSTALLS
                .into_iter()
                .map(|(root, prefix, bin)| Installs { root: PathBuf::from(root), prefix, bin })
                .collect(),
            caches: cache
                .map(PathBuf::from)
                .or_else(|| home.map(|home| PathBuf::from(home).join(".cache")))
                .into_iter()
                .chain([PathBuf::from(SYSTEM_CACHE)])
                .collect(),
            temp: env::temp_dir(),
        }
    }

    /// Without any installed server: what is left is an earlier download, or a new one.
    #[must_use]
    pub fn without_servers(self) -> Surroundings {
        Surroundings { path: Vec::new(), installs: Vec::new(), ..self }
    }
}
