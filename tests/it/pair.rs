//! Two database servers on this machine, a primary and its synchronous standby: started, killed,
//! promoted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::Row;
use tempfile::TempDir;
use tokenledger::database::create_roles;
use tokio::time::interval;

use crate::home::comes_true;
use crate::home::signal;
use crate::home::we_are_root;
use crate::running::free_port;

const DEADLINE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
const DATABASE: &str = "tokenledger";
/// Where distributions put the programs that are not in the search path.
const INSTALLS: &str = "/usr/lib/postgresql";
/// Of a server that is made for one test.
const SETTINGS: &str = "
    listen_addresses = '127.0.0.1'
    unix_socket_directories = ''
    wal_keep_size = '256MB'
    shared_buffers = '32MB'
";

/// Who runs the servers, and with which programs.
#[derive(Clone)]
pub(crate) struct Installed {
    pub(crate) programs: PathBuf,
    /// Root gives itself up.
    pub(crate) user: Option<(u32, u32)>,
}

/// A directory that the servers' user owns, and the password of every role in it.
pub(crate) struct Ground {
    pub(crate) installed: Installed,
    pub(crate) directory: TempDir,
    pub(crate) password: String,
}

/// One server of the pair. Dropping it kills it.
pub(crate) struct Server {
    installed: Installed,
    pub(crate) data: PathBuf,
    pub(crate) port: u16,
}

pub(crate) struct Pair {
    pub(crate) primary: Server,
    pub(crate) standby: Server,
    // Last: the servers write into it.
    pub(crate) ground: Ground,
}

impl Installed {
    /// None where there are no programs to copy a server with.
    pub(crate) fn find() -> Option<Self> {
        let installs = fs::read_dir(INSTALLS).into_iter().flatten().flatten();
        let mut bins: Vec<PathBuf> = installs.map(|entry| entry.path().join("bin")).collect();
        bins.sort();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = bins.into_iter().rev().chain(std::env::split_paths(&path));
        let all = ["initdb", "pg_ctl", "pg_basebackup"];
        let programs = found.find(|bin| all.iter().all(|program| bin.join(program).is_file()))?;
        let user = we_are_root().then(|| (id("-u"), id("-g")));
        Some(Self { programs, user })
    }

    /// A program, run as the servers' user.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Ground {
    pub(crate) fn new(installed: Installed) -> Self {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        if let Some((user, group)) = installed.user {
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        let password = format!("{:032x}", rand::random::<u128>());
        Self { installed, directory, password }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A URL of both hosts.
    pub(crate) fn url(&self, role: &str, ports: [u16; 2]) -> String {
        let [one, two] = ports;
        let password = &self.password;
        format!("postgres://{role}:{password}@127.0.0.1:{one},127.0.0.1:{two}/{DATABASE}")
    }

    pub(crate) fn superuser_url(&self, port: u16, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{port}/{database}", self.password)
    }

    async fn superuser(&self, port: u16, database: &str) -> PgConnection {
        PgConnection::connect(&self.superuser_url(port, database)).await.unwrap()
    }

    /// A file that the servers' user alone can read.
    pub(crate) fn write(&self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((user, group)) = self.installed.user {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// The roles with the password, and an empty database.
    pub(crate) async fn prepare(&self, port: u16) {
        let mut superuser = self.superuser(port, "postgres").await;
        create_roles(&mut superuser).await.unwrap();
        for role in ["owner", "service", "reader"] {
            let alter = format!("ALTER ROLE tokenledger_{role} PASSWORD '{}'", self.password);
            superuser.execute(alter.as_str()).await.unwrap();
        }
        let create = format!("CREATE DATABASE {DATABASE} OWNER tokenledger_owner");
        superuser.execute(create.as_str()).await.unwrap();
    }
}

impl Pair {
    /// Roles, an empty database, and a standby that every commit waits for. None where servers
    /// cannot be copied.
    pub(crate) async fn new() -> Option<Self> {
        let ground = Ground::new(Installed::find()?);
        let primary = Server::make(&ground);
        primary.start(&[]);
        ground.prepare(primary.port).await;
        let standby = primary.copy(&ground);
        standby.start(&[]);
        let pair = Self { primary, standby, ground };
        let mut superuser = pair.ground.superuser(pair.primary.port, DATABASE).await;
        // After the copy was made: whoever is promoted has no standby, and waits for none.
        superuser.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'").await.unwrap();
        superuser.execute("SELECT pg_reload_conf()").await.unwrap();
        pair.standby_is_waited_for().await;
        Some(pair)
    }

    /// The URL of a role, the standby named first.
    pub(crate) fn url(&self, role: &str) -> String {
        self.ground.url(role, [self.standby.port, self.primary.port])
    }

    pub(crate) async fn standby_is_waited_for(&self) {
        let sync = "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')";
        self.says(&self.primary, sync).await;
    }

    /// Until the server says yes.
    pub(crate) async fn says(&self, server: &Server, question: &str) {
        let mut superuser = self.ground.superuser(server.port, DATABASE).await;
        let started = Instant::now();
        let mut polls = interval(POLL);
        while !yes(&mut superuser, question).await {
            assert!(started.elapsed() < DEADLINE, "not true: {question}");
            polls.tick().await;
        }
    }

    /// A number from the ledger's tables.
    pub(crate) async fn count(&self, server: &Server, table: &str) -> i64 {
        let mut superuser = self.ground.superuser(server.port, DATABASE).await;
        let count = format!("SELECT count(*) FROM tokenledger.{table}");
        superuser.fetch_one(count.as_str()).await.unwrap().get(0)
    }
}

impl Server {
    fn make(ground: &Ground) -> Self {
        let server = Self::at(ground, "primary");
        let password = ground.path("password");
        ground.write(&password, &ground.password);
        let mut initdb = server.installed.command("initdb");
        initdb.arg("--pgdata").arg(&server.data).arg("--pwfile").arg(&password);
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"]);
        succeeds(initdb.args(["--locale=C", "--no-sync"]));
        server.configure(&format!("{SETTINGS}\nport = {}\n", server.port));
        server
    }

    fn copy(&self, ground: &Ground) -> Self {
        let server = Self::at(ground, "standby");
        let mut backup = server.installed.command("pg_basebackup");
        backup.arg("--pgdata").arg(&server.data).env("PGPASSWORD", &ground.password);
        backup.args(["--host=127.0.0.1", "--username=postgres", "--checkpoint=fast"]);
        backup.args(["--write-recovery-conf", "--wal-method=stream", "--no-sync"]);
        succeeds(backup.arg(format!("--port={}", self.port)));
        server.configure(&format!("port = {}\ncluster_name = 'standby'\n", server.port));
        server
    }

    pub(crate) fn at(ground: &Ground, name: &str) -> Self {
        let (installed, data) = (ground.installed.clone(), ground.path(name));
        Self { installed, data, port: free_port() }
    }

    fn configure(&self, settings: &str) {
        let file = self.data.join("postgresql.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n{settings}")).unwrap();
    }

    /// Until it answers. The settings are for this start only.
    pub(crate) fn start(&self, settings: &[&str]) {
        let settings: Vec<String> = settings.iter().map(|one| format!("-c {one}")).collect();
        let mut start = self.control("start");
        start.arg("--log").arg(self.data.join("server.log"));
        succeeds(start.arg("--options").arg(settings.join(" ")));
    }

    /// Puts a setting last, and lets the server read it.
    pub(crate) fn reconfigure(&self, setting: &str) {
        let file = self.data.join("postgresql.auto.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{text}\n{setting}\n")).unwrap();
        succeeds(&mut self.control("reload"));
    }

    pub(crate) fn promote(&self) {
        succeeds(&mut self.control("promote"));
    }

    /// In order, but for the clients, which are disconnected.
    pub(crate) fn stop(&self) {
        succeeds(self.control("stop").arg("--mode=fast"));
    }

    /// `kill -9` of the postmaster and of all its children: as if the machine had failed.
    pub(crate) fn kill(&self) {
        let all = self.signal_all("-KILL");
        let is_gone = |pid: &String| {
            let state = ps(&["-o", "stat=", "-p", pid]);
            state.trim().is_empty() || state.trim().starts_with('Z')
        };
        assert!(comes_true(|| all.iter().all(is_gone)), "a killed server lives");
        // A dead process that nobody has reaped looks alive to the next start.
        if !all.is_empty() {
            fs::remove_file(self.data.join("postmaster.pid")).unwrap();
        }
    }

    /// To the postmaster and all its children. The postmaster is stopped first, so that no child is
    /// born meanwhile. Gives their process ids.
    pub(crate) fn signal_all(&self, name: &str) -> Vec<String> {
        let file = fs::read_to_string(self.data.join("postmaster.pid"));
        let Ok(file) = file else { return Vec::new() };
        let pid = file.lines().next().unwrap();
        signal("-STOP", pid.parse().unwrap());
        let children = ps(&["-o", "pid=", "--ppid", pid]);
        let all: Vec<String> =
            children.split_whitespace().chain([pid]).map(str::to_owned).collect();
        for pid in &all {
            signal(name, pid.parse().unwrap());
        }
        all
    }

    fn control(&self, what: &str) -> Command {
        let mut control = self.installed.command("pg_ctl");
        control.arg(what).args(["--wait", "--silent", "--pgdata"]).arg(&self.data);
        control
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn ps(arguments: &[&str]) -> String {
    String::from_utf8(Command::new("ps").args(arguments).output().unwrap().stdout).unwrap()
}

fn id(kind: &str) -> u32 {
    let id = Command::new("id").args([kind, "postgres"]).output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().parse().unwrap()
}

pub(crate) async fn yes(connection: &mut PgConnection, question: &str) -> bool {
    connection.fetch_one(question).await.unwrap().get(0)
}

/// Its output goes nowhere: a server that it starts would hold a pipe open.
fn succeeds(command: &mut Command) {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{}", command.get_program().display());
}
