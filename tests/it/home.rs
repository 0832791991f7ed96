//! A data directory for tests of the private PostgreSQL, and what they do with it.

use std::env;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::Row;
use tempfile::TempDir;
use tokenledger::embedded;
use tokenledger::embedded::Cluster;
use tokenledger::embedded::Options;

use crate::postgres;

pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Tells a child of this test binary which cluster to start.
pub(crate) const CHILD_DATA: &str = "TOKENLEDGER_TEST_EMBEDDED_DATA";

/// A data directory that is gone with its server at the end of the test.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
}

impl Home {
    /// One that every user may enter.
    pub(crate) fn new() -> Home {
        Home::with_mode(0o755)
    }

    pub(crate) fn with_mode(mode: u32) -> Home {
        let mode = fs::Permissions::from_mode(mode);
        let dir = tempfile::Builder::new().permissions(mode).tempdir_in("/tmp").unwrap();
        Home { dir }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("postgres")
    }

    pub(crate) fn options(&self) -> Options {
        postgres::options(self.data())
    }

    pub(crate) fn start(&self) -> Cluster {
        embedded::start(&self.options()).unwrap()
    }

    pub(crate) fn location(&self) -> PathBuf {
        let pointer = fs::read_to_string(self.dir.path().join("location"));
        pointer.map_or_else(|_| self.data(), |text| PathBuf::from(text.trim_end()))
    }

    /// The same test binary as a process of its own that holds the cluster until it is killed.
    pub(crate) fn start_in_child(&self, uid: Option<u32>) -> Child {
        let program = self.dir.path().join("child");
        fs::copy(env::current_exe().unwrap(), &program).unwrap();
        let mut child = Command::new(&program);
        child.args(["--exact", "embedded::a_child_holds_a_cluster", "--nocapture"]);
        child.env(CHILD_DATA, self.data()).current_dir("/");
        if let Some(uid) = uid {
            child.uid(uid).gid(uid).env("HOME", self.dir.path());
        }
        child.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = spawned(&mut child);
        let said = BufReader::new(child.stdout.take().unwrap());
        let ready = said.lines().map_while(Result::ok).any(|line| line.contains("child is ready"));
        assert!(ready, "the child did not start a cluster");
        child
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let location = self.location();
        let pid_file = location.join("postmaster.pid");
        if let Ok(text) = fs::read_to_string(&pid_file) {
            signal("-QUIT", text.lines().next().unwrap().parse().unwrap());
            let stopped = comes_true(|| !pid_file.exists());
            assert!(stopped || thread::panicking(), "a server was left behind");
        }
        if location != self.data() {
            fs::remove_dir_all(&location).unwrap();
            fs::remove_file(location.with_added_extension("lock")).unwrap();
        }
    }
}

/// A process that was forked meanwhile may still hold the program that was just written.
fn spawned(command: &mut Command) -> Child {
    let mut spawned = None;
    comes_true(|| match command.spawn() {
        Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => false,
        done => {
            spawned = Some(done.unwrap());
            true
        }
    });
    spawned.unwrap()
}

pub(crate) fn comes_true(mut condition: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() > DEADLINE {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

pub(crate) fn signal(name: &str, pid: u32) {
    Command::new("kill").args([name, &pid.to_string()]).status().unwrap();
}

pub(crate) fn we_are_root() -> bool {
    let home = Home::new();
    fs::metadata(home.dir.path()).unwrap().uid() == 0
}

pub(crate) async fn connect(cluster: &Cluster) -> PgConnection {
    PgConnection::connect(&cluster.url("postgres", "postgres")).await.unwrap()
}

pub(crate) async fn remember(cluster: &Cluster, word: &str) {
    let sql = format!("CREATE TABLE memory AS SELECT '{word}'::text AS word");
    connect(cluster).await.execute(sql.as_str()).await.unwrap();
}

pub(crate) async fn remembered(cluster: &Cluster) -> String {
    one(cluster, "SELECT word FROM memory").await
}

pub(crate) async fn one(cluster: &Cluster, sql: &'static str) -> String {
    connect(cluster).await.fetch_one(sql).await.unwrap().get(0)
}
