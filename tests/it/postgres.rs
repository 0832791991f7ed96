//! The PostgreSQL server that all tests share: kept under `target/`, and stopping itself when idle.
//!
//! Cargo runs test binaries side by side and none of them after all others. So whoever comes first
//! starts the server and lets go of it, the others adopt it, each leaves its process id in a
//! directory, and a detached watcher stops the server when all of these processes are long gone.

use std::fs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use sqlx::Connection;
use sqlx::PgConnection;
use tokenledger::embedded;
use tokenledger::embedded::Address;
use tokenledger::embedded::Options;

use crate::home::Home;
use crate::home::comes_true;

const POLL: Duration = Duration::from_millis(20);

/// How long a watcher that is stopping the server is waited for, and then taken for dead.
const CLOSING_LIMIT: Duration = Duration::from_mins(1);

/// Arguments: directory of users, idle minutes, seconds between looks, pid file of the server.
/// The directory's own time tells when the last user came or was found gone. It can only be
/// removed while empty, and who registers while `.closing` exists waits: so nobody is handed a
/// server that is about to stop. The newest watcher replaces its predecessors.
const WATCHER: &str = r#"
users=$1 idle_minutes=$2 pause_s=$3 pid_file=$4
echo $$ > "$users.watcher"
while sleep "$pause_s" && [ "$(cat "$users.watcher")" = $$ ] && [ -e "$pid_file" ]; do
    for user in "$users"/*; do
        if [ -e "$user" ] && ! kill -0 "${user##*/}"; then rm -f "$user"; fi
    done
    [ -n "$(find "$users" -maxdepth 0 -mmin "+$idle_minutes")" ] || continue
    mkdir "$users.closing" || continue
    if rmdir "$users"; then
        kill -INT "$(head -n 1 "$pid_file")"
        looks=0
        while [ -e "$pid_file" ] && [ "$looks" -lt 500 ]; do sleep 0.1; looks=$((looks + 1)); done
        rmdir "$users.closing"
        exit
    fi
    rmdir "$users.closing"
done
"#;

/// How a watcher goes about it.
pub(crate) struct Watch {
    pub(crate) idle_minutes: &'static str,
    pub(crate) pause_s: &'static str,
}

/// The shared server, started by the first who asks.
pub(crate) async fn cluster() -> &'static Address {
    static CLUSTER: OnceLock<Address> = OnceLock::new();
    tokio::task::spawn_blocking(|| CLUSTER.get_or_init(shared)).await.unwrap()
}

/// Leaves the process id where the watcher of a server looks for its users.
pub(crate) fn register(users: &Path) {
    let closing = users.with_added_extension("closing");
    let started = Instant::now();
    loop {
        fs::create_dir_all(users).unwrap();
        let registered = fs::write(users.join(process::id().to_string()), "").is_ok();
        if registered && !closing.exists() {
            return;
        }
        if started.elapsed() > CLOSING_LIMIT {
            fs::remove_dir(&closing).unwrap();
        }
        thread::sleep(POLL);
    }
}

/// Starts a watcher that outlives this process.
pub(crate) fn watch(users: &Path, cluster: &Path, watch: &Watch) {
    let mut watcher = Command::new("/bin/sh");
    watcher.args(["-c", WATCHER, "watcher"]).arg(users);
    watcher.args([watch.idle_minutes, watch.pause_s]).arg(cluster.join("postmaster.pid"));
    // Away from our terminal's Ctrl-C and from the pipe that whoever runs the tests reads.
    watcher.process_group(0).current_dir("/");
    watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut watcher = watcher.spawn().unwrap();
    // A replaced watcher ends before we do; it is reaped here.
    thread::spawn(move || watcher.wait());
}

fn shared() -> Address {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let data = target.join("test-postgres");
    let users = data.with_added_extension("users");
    // One at a time: a start refuses a second holder instead of waiting for the first.
    let turn = File::create(data.with_added_extension("turn")).unwrap();
    turn.lock().unwrap();
    register(&users);
    let cluster = embedded::start(&options(data)).unwrap();
    watch(&users, cluster.location(), &Watch { idle_minutes: "5", pause_s: "10" });
    cluster.address().clone()
}

/// For a cluster that need not outlive a crash of the machine.
pub(crate) fn options(data: PathBuf) -> Options {
    Options { durable: false, ..Options::new(data) }
}

#[tokio::test]
async fn all_tests_share_one_server() {
    let (one, two) = tokio::join!(cluster(), cluster());
    assert_eq!(one.url("postgres", "postgres"), two.url("postgres", "postgres"));
    let mut connection = PgConnection::connect(&one.url("postgres", "postgres")).await.unwrap();
    connection.ping().await.unwrap();
}

#[test]
fn an_idle_server_is_stopped_and_a_used_one_is_not() {
    let home = Home::new();
    let server = home.start();
    let users = home.dir.path().join("users");
    let pid_file = server.location().join("postmaster.pid");
    register(&users);
    let patience = Watch { idle_minutes: "0", pause_s: "0.05" };
    watch(&users, server.location(), &patience);
    // Once it has found two others gone, one after the other, it has had a whole look at us.
    for _ in 0..2 {
        let gone = users.join("2147483647");
        fs::write(&gone, "").unwrap();
        assert!(comes_true(|| !gone.exists()));
    }
    assert!(pid_file.exists(), "a used server was stopped");
    fs::remove_file(users.join(process::id().to_string())).unwrap();
    assert!(comes_true(|| !pid_file.exists()), "an idle server was not stopped");
}
