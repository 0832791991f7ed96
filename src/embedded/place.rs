//! Where a cluster lies, who holds it, and where its socket is.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::thread;
use std::time::Duration;

use sha2::Digest;
use sha2::Sha256;

use crate::embedded::account::Account;
use crate::embedded::error::Error;

/// Only names the socket: the server does not listen on the network.
pub(crate) const PORT: u16 = 5432;

/// Linux takes 107 bytes, macOS 103.
const SOCKET_PATH_BYTES_MAX: usize = 103;

/// For clusters of root whose wanted place the server's user cannot enter (root's home).
const SYSTEM_ROOT: &str = "/var/lib/tokenledger";

const SYSTEM_CLUSTERS_MAX: u32 = 1000;

/// For how long a lock that is held is tried again: a second.
const LOCK_TRIES_MAX: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// How much of a lock file is read to learn who holds it.
const HOLDER_BYTES_MAX: u64 = 32;

/// A place to start a server in, held against other processes until dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// The cluster's data directory.
    pub(crate) cluster: PathBuf,
    pub(crate) account: Account,
    _locks: Vec<File>,
}

/// Finds and locks the place of a cluster. The kernel takes the lock back when we are killed.
pub(crate) fn hold(data: &Path) -> Result<Place, Error> {
    let data = absolute(data)?;
    let mut locks = vec![lock(&data)?];
    let pointer = data.with_file_name("location");
    let (cluster, account) = locate(&data, &pointer)?;
    if cluster != data {
        fs::create_dir_all(SYSTEM_ROOT).map_err(Error::io("create", Path::new(SYSTEM_ROOT)))?;
        fs::write(&pointer, format!("{}\n", cluster.display()))
            .map_err(Error::io("write", &pointer))?;
        // A copy of the data directory points to the same cluster.
        locks.push(lock(&cluster)?);
    }
    Ok(Place { cluster, account, _locks: locks })
}

/// The directory of the socket: the cluster itself, or a short one when that is too deep.
pub(crate) fn sockets(place: &Place, temp: &Path) -> Result<PathBuf, Error> {
    if fits(&place.cluster) {
        return Ok(place.cluster.clone());
    }
    let name = format!("tokenledger-{}", short_hash(&place.cluster));
    let near = temp.join(&name);
    let dir = if fits(&near) && place.account.reaches(temp) {
        near
    } else {
        Path::new("/tmp").join(&name)
    };
    if DirBuilder::new().mode(0o700).create(&dir).is_ok() {
        place.account.own(&dir)?;
    }
    // Others may write to /tmp too: what lies there under our name must be ours alone.
    let found = fs::symlink_metadata(&dir).map_err(Error::io("look at", &dir))?;
    if !found.is_dir() || found.uid() != place.account.uid || found.mode() & 0o077 != 0 {
        return Err(Error::UnsafeSockets { dir, uid: place.account.uid });
    }
    Ok(dir)
}

fn absolute(data: &Path) -> Result<PathBuf, Error> {
    let data = std::path::absolute(data).map_err(Error::io("find", data))?;
    let (Some(parent), Some(name)) = (data.parent(), data.file_name()) else {
        return Err(Error::Io {
            doing: "keep a cluster in",
            path: data,
            source: io::ErrorKind::InvalidInput.into(),
        });
    };
    fs::create_dir_all(parent).map_err(Error::io("create", parent))?;
    let parent = parent.canonicalize().map_err(Error::io("find", parent))?;
    Ok(parent.join(name))
}

/// A cluster stays where it once was, however its surroundings change.
fn locate(data: &Path, pointer: &Path) -> Result<(PathBuf, Account), Error> {
    let known = fs::read_to_string(pointer).map(|text| PathBuf::from(text.trim_end()));
    match known {
        Ok(known) if !data.exists() && known.is_absolute() => {
            let account = Account::find(&known)?;
            Ok((known, account))
        }
        Ok(_) | Err(_) => {
            let account = Account::find(data)?;
            let parent = data.parent().expect("an absolute path with a name has a parent");
            if account.reaches(parent) {
                return Ok((data.to_path_buf(), account));
            }
            Ok((unused(data)?, account))
        }
    }
}

/// Whoever removed a data directory wants a new cluster, not the one that it pointed to.
fn unused(data: &Path) -> Result<PathBuf, Error> {
    let hash = short_hash(data);
    let names = (1..=SYSTEM_CLUSTERS_MAX).map(|number| format!("{hash}-{number}"));
    let mut paths = names.map(|name| Path::new(SYSTEM_ROOT).join(name));
    paths.find(|path| !path.exists()).ok_or_else(|| Error::Io {
        doing: "find room for another cluster: remove old ones from",
        path: PathBuf::from(SYSTEM_ROOT),
        source: io::ErrorKind::AlreadyExists.into(),
    })
}

fn lock(cluster: &Path) -> Result<File, Error> {
    let path = cluster.with_added_extension("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(Error::io("open", &path))?;
    match try_lock(&file) {
        Ok(()) => {
            file.set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| write!(file, "{}", process::id()))
                .map_err(Error::io("write", &path))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.take(HOLDER_BYTES_MAX)
                .read_to_string(&mut holder)
                .map_err(Error::io("read", &path))?;
            Err(Error::AlreadyRunning { data: cluster.to_path_buf(), pid: holder.parse().ok() })
        }
        Err(TryLockError::Error(source)) => Err(Error::Io { doing: "lock", path, source }),
    }
}

/// A process that was just forked holds our files until it becomes another program: a lock that
/// was let go may still be held for a moment, so it is tried again for a while.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 1..LOCK_TRIES_MAX {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            tried => return tried,
        }
    }
    file.try_lock()
}

fn fits(dir: &Path) -> bool {
    let socket = dir.join(format!(".s.PGSQL.{PORT}"));
    socket.as_os_str().len() <= SOCKET_PATH_BYTES_MAX
}

fn short_hash(path: &Path) -> String {
    let mut hash = hex::encode(Sha256::digest(path.as_os_str().as_bytes()));
    hash.truncate(16);
    hash
}
