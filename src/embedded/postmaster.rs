//! The server process: found by its pid file, started, stopped.

use std::fs;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::embedded::binaries::Binaries;
use crate::embedded::command;
use crate::embedded::command::POLL;
use crate::embedded::command::tail;
use crate::embedded::error::Error;
use crate::embedded::place::Place;
use crate::embedded::probe;

/// A start may have to recover from a crash first.
const START_LIMIT: Duration = Duration::from_mins(2);
const STOP_LIMIT: Duration = Duration::from_mins(1);
const LOOKUP_LIMIT: Duration = Duration::from_secs(10);

/// How long the children of a killed server may take to notice.
const ORPHANS_LIMIT: Duration = Duration::from_secs(20);

/// No process has this number: a pid file that names it belongs to a dead server.
const NOBODY: u32 = 2_147_483_647;

/// A server process as its pid file describes it.
#[derive(Debug, Clone)]
pub(crate) struct Postmaster {
    pub(crate) pid: u32,
    pub(crate) port: u16,
    pub(crate) sockets: PathBuf,
}

/// The living server of a cluster, whether it answers yet or not.
pub(crate) fn find(cluster: &Path) -> Option<Postmaster> {
    let postmaster = parse(&fs::read_to_string(pid_file(cluster)).ok()?)?;
    is_alive(postmaster.pid, cluster).then_some(postmaster)
}

/// Waits until a living server answers (it may be recovering) or is gone (it may be stopping).
pub(crate) fn adopt(place: &Place) -> Result<Option<Postmaster>, Error> {
    let started = Instant::now();
    while let Some(postmaster) = find(&place.cluster) {
        if probe::answers(&postmaster.sockets, postmaster.port) {
            return Ok(Some(postmaster));
        }
        if started.elapsed() > START_LIMIT {
            return Err(Error::Unresponsive { pid: postmaster.pid, log: log(&place.cluster) });
        }
        thread::sleep(POLL);
    }
    Ok(None)
}

/// Starts a server and waits until it answers.
pub(crate) fn start(place: &Place, binaries: &Binaries) -> Result<Postmaster, Error> {
    defuse(place)?;
    let log = log(&place.cluster);
    let started = Instant::now();
    loop {
        let seen = fs::metadata(&log).map_or(0, |log| log.len());
        let mut pg_ctl = place.account.command(binaries.program("pg_ctl"));
        pg_ctl.args(["start", "--silent", "--wait"]);
        pg_ctl.arg(format!("--timeout={}", START_LIMIT.as_secs()));
        pg_ctl.current_dir(&place.cluster).args(["--log=server.log", "--pgdata"]);
        pg_ctl.arg(shell_safe(&place.cluster));
        // What a user has set for other servers must not reach this one.
        for name in ["PGDATA", "PGPORT", "PGHOST", "PGOPTIONS", "PGUSER", "PGDATABASE"] {
            pg_ctl.env_remove(name);
        }
        let outcome = command::run("starting PostgreSQL", &mut pg_ctl, START_LIMIT + LOOKUP_LIMIT);
        match outcome {
            Ok(_) => break,
            Err(Error::Command { doing, output }) => {
                let said = since(&log, seen);
                // Children of a killed server still hold its memory: they end by themselves.
                let orphans = said.contains("is still in use");
                if !orphans || started.elapsed() > ORPHANS_LIMIT {
                    return Err(Error::Command { doing, output: format!("{output}\n{said}") });
                }
                thread::sleep(POLL);
            }
            Err(error) => return Err(error),
        }
    }
    let unexpected = || Error::Command {
        doing: "starting PostgreSQL",
        output: format!("it is gone again: look at {}", log.display()),
    };
    adopt(place)?.ok_or_else(unexpected)
}

/// A fast shutdown: clients are disconnected, everything committed is kept.
pub(crate) fn stop(place: &Place, binaries: &Binaries) -> Result<(), Error> {
    if find(&place.cluster).is_none() {
        return Ok(());
    }
    let mut pg_ctl = place.account.command(binaries.program("pg_ctl"));
    pg_ctl.args(["stop", "--silent", "--wait", "--mode=fast"]);
    pg_ctl.arg(format!("--timeout={}", STOP_LIMIT.as_secs()));
    pg_ctl.arg("--pgdata").arg(&place.cluster);
    match command::run("stopping PostgreSQL", &mut pg_ctl, STOP_LIMIT + LOOKUP_LIMIT) {
        // It may have ended by itself meanwhile.
        Err(_) if find(&place.cluster).is_none() => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

/// Makes the pid file of a dead server harmless. PostgreSQL takes a process for alive that is dead
/// but not reaped by its parent, or that has inherited the number, and would not start. The file
/// itself must stay: with its other lines PostgreSQL sees that children of the dead server still
/// write to the data.
fn defuse(place: &Place) -> Result<(), Error> {
    let path = pid_file(&place.cluster);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    place.account.write(&path, &format!("{NOBODY}\n{rest}"))?;
    if let Some(dead) = parse(&text) {
        let lock = dead.sockets.join(format!(".s.PGSQL.{}.lock", dead.port));
        if lock.exists() {
            place.account.write(&lock, &format!("{NOBODY}\n"))?;
        }
    }
    Ok(())
}

fn pid_file(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

fn log(cluster: &Path) -> PathBuf {
    cluster.join("server.log")
}

/// Lines: process, data directory, start time, port, socket directory, …
fn parse(text: &str) -> Option<Postmaster> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let port = lines.nth(2)?.trim().parse().ok()?;
    let sockets = PathBuf::from(lines.next()?.trim_end());
    Some(Postmaster { pid, port, sockets })
}

/// A process that was killed stays visible until its parent has taken note of it.
fn is_alive(pid: u32, cluster: &Path) -> bool {
    let process = PathBuf::from(format!("/proc/{pid}"));
    if let Ok(stat) = fs::read_to_string(process.join("stat")) {
        let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        // A server works in its data directory: another process may have its number now.
        let here = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == cluster);
        return here && !matches!(state, Some('Z' | 'X') | None);
    }
    if Path::new("/proc/self").exists() {
        return false;
    }
    let mut ps = Command::new("ps");
    ps.args(["-o", "stat=,comm=", "-p"]).arg(pid.to_string());
    let seen = command::run("looking for a process", &mut ps, LOOKUP_LIMIT).unwrap_or_default();
    seen.contains("postgres") && !seen.trim_start().starts_with('Z')
}

/// `pg_ctl` puts its paths between `"` in a shell command. The full path, where that can be done,
/// lets people tell servers apart in a list of processes.
fn shell_safe(cluster: &Path) -> &Path {
    let safe = |name: &str| !name.contains(['"', '$', '`', '\\']);
    if cluster.to_str().is_some_and(safe) { cluster } else { Path::new(".") }
}

/// The end of what a log says after a place.
fn since(log: &Path, seen: u64) -> String {
    let mut bytes = Vec::new();
    let read = fs::File::open(log).and_then(|mut log| {
        log.seek(SeekFrom::Start(seen))?;
        log.read_to_end(&mut bytes)
    });
    // It only adds to a complaint: what cannot be read is left out.
    drop(read);
    tail(String::from_utf8_lossy(&bytes).trim())
}
