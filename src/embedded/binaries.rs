//! Finds the programs of a PostgreSQL server on this machine.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::embedded::Options;
use crate::embedded::account::Account;
use crate::embedded::command;
use crate::embedded::download;
use crate::embedded::error::Error;
use crate::embedded::pins;
use crate::embedded::surroundings::Installs;

const MAJOR_MIN: u32 = 14;

const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

const LOOKUP_LIMIT: Duration = Duration::from_secs(10);

/// A directory whose programs run, and what they are.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) version: Version,
}

/// Such as 15.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Binaries {
    /// None when the server's user cannot run them.
    pub(crate) fn at(dir: &Path, account: &Account) -> Option<Binaries> {
        // A link to one program (in /usr/local/bin, say) leads to the directory of all.
        let dir = dir.join("initdb").canonicalize().ok()?.parent()?.to_path_buf();
        if !PROGRAMS.iter().all(|program| dir.join(program).is_file()) {
            return None;
        }
        let mut ask = account.command(dir.join("postgres"));
        ask.arg("--version");
        let answer = command::run("asking for the version", &mut ask, LOOKUP_LIMIT).ok()?;
        Some(Binaries { version: Version::parse(&answer)?, dir })
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

impl Version {
    /// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; a beta counts as minor 0.
    fn parse(answer: &str) -> Option<Version> {
        let number = answer.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        let major: String = major.chars().take_while(char::is_ascii_digit).collect();
        Some(Version { major: major.parse().ok()?, minor: minor.parse().unwrap_or(0) })
    }
}

/// The binaries for a cluster: of its own major version when it exists, else the newest.
pub(crate) fn find(
    options: &Options,
    account: &Account,
    cluster: &Path,
) -> Result<Binaries, Error> {
    if let Some(dir) = &options.binaries {
        let found = Binaries::at(dir, account);
        return found.ok_or_else(|| Error::UnusableBinaries { dir: dir.clone() });
    }
    let major = major_of(cluster);
    let fits = |binaries: &Binaries| match major {
        Some(major) => binaries.version.major == major,
        None => binaries.version.major >= MAJOR_MIN,
    };
    let installed = candidates(options);
    let installed = installed.iter().filter_map(|dir| Binaries::at(dir, account)).filter(fits);
    if let Some(newest) = installed.max_by_key(|binaries| binaries.version) {
        return Ok(newest);
    }
    let mut tried = String::new();
    if major.is_none_or(|major| major == pins::MAJOR) {
        if let Some(earlier) = download::earlier(options, account).filter(fits) {
            return Ok(earlier);
        }
        if options.download {
            match download::fetch(options, account) {
                Ok(fetched) => return Ok(fetched),
                Err(error) => tried = format!(", nor could one be fetched ({error})"),
            }
        }
    }
    Err(match major {
        Some(major) => Error::OtherMajor { data: cluster.to_path_buf(), major, tried },
        None => Error::NoBinaries { tried },
    })
}

fn major_of(cluster: &Path) -> Option<u32> {
    fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Every directory that may hold a server, most telling first.
fn candidates(options: &Options) -> Vec<PathBuf> {
    let surroundings = &options.surroundings;
    let mut dirs = Vec::new();
    for dir in &surroundings.path {
        let config = dir.join("pg_config");
        if config.is_file() {
            let mut ask = Command::new(config);
            ask.arg("--bindir");
            let answer = command::run("asking pg_config", &mut ask, LOOKUP_LIMIT);
            dirs.extend(answer.map(|dir| PathBuf::from(dir.trim())));
            break;
        }
    }
    dirs.extend(surroundings.installs.iter().flat_map(installed));
    dirs.extend(surroundings.path.iter().cloned());
    let mut seen = Vec::new();
    dirs.retain(|dir| match dir.join("initdb").canonicalize() {
        Ok(program) if !seen.contains(&program) => {
            seen.push(program);
            true
        }
        Ok(_) | Err(_) => false,
    });
    dirs
}

fn installed(installs: &Installs) -> Vec<PathBuf> {
    let entries = fs::read_dir(&installs.root).into_iter().flatten().flatten();
    let versions =
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(installs.prefix));
    versions.map(|entry| entry.path().join(installs.bin)).collect()
}

#[cfg(test)]
mod tests {
    use crate::embedded::binaries::Version;

    #[test]
    fn versions_of_releases_and_betas_are_read() {
        let debian = Version::parse("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n");
        assert_eq!(debian, Some(Version { major: 15, minor: 18 }));
        let beta = Version::parse("postgres (PostgreSQL) 18beta2");
        assert_eq!(beta, Some(Version { major: 18, minor: 0 }));
        assert_eq!(Version::parse("postgres, one hopes"), None);
    }
}
