//! The files of a cluster: made once by `initdb`, its settings written anew at every start.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::embedded::Options;
use crate::embedded::ROLES;
use crate::embedded::binaries::Binaries;
use crate::embedded::command;
use crate::embedded::error::Error;
use crate::embedded::place::PORT;
use crate::embedded::place::Place;

const INITDB_LIMIT: Duration = Duration::from_mins(2);

const CONNECTIONS_MAX: u32 = 200;

/// Makes the cluster unless there is one. A crash leaves either nothing or all of it.
pub(crate) fn ensure(options: &Options, place: &Place, binaries: &Binaries) -> Result<(), Error> {
    let cluster = &place.cluster;
    if cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    (options.say)(&format!("making a database cluster in {}", cluster.display()));
    let unfinished = cluster.with_added_extension("new");
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Error::io("remove", &unfinished)(error));
        }
        Ok(()) | Err(_) => {}
    }
    fs::create_dir(&unfinished).map_err(Error::io("create", &unfinished))?;
    place.account.own(&unfinished)?;
    let mut initdb = place.account.command(binaries.program("initdb"));
    initdb.arg("--pgdata").arg(&unfinished).args([
        "--username=postgres",
        "--auth=peer",
        "--encoding=UTF8",
        "--locale=C",
        "--data-checksums",
    ]);
    if !options.durable {
        initdb.arg("--no-sync");
    }
    command::run("making a database cluster", &mut initdb, INITDB_LIMIT)?;
    fs::rename(&unfinished, cluster).map_err(Error::io("create", cluster))?;
    if options.durable {
        let parent = cluster.parent().unwrap_or(cluster);
        let synced = fs::File::open(parent).and_then(|parent| parent.sync_all());
        synced.map_err(Error::io("sync", parent))?;
    }
    Ok(())
}

/// The server, its callers and its socket, as they are to be from this start on.
pub(crate) fn configure(options: &Options, place: &Place, sockets: &Path) -> Result<(), Error> {
    let durable = if options.durable { "on" } else { "off" };
    let sockets = quoted(sockets);
    let settings = format!(
        "# Written at every start.\n\
         listen_addresses = ''\n\
         port = {PORT}\n\
         unix_socket_directories = {sockets}\n\
         unix_socket_permissions = 0777\n\
         max_connections = {CONNECTIONS_MAX}\n\
         fsync = {durable}\n\
         synchronous_commit = {durable}\n\
         full_page_writes = {durable}\n\
         dynamic_shared_memory_type = posix\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         log_line_prefix = '%m [%p] '\n"
    );
    let access = "# Written at every start: system users are who the kernel says they are.\n\
                  local all all peer map=tokenledger\n\
                  local replication all peer map=tokenledger\n";
    let mut callers = "# Written at every start.\n".to_owned();
    for caller in place.account.callers()? {
        for role in ROLES {
            writeln!(callers, "tokenledger \"{caller}\" {role}")
                .expect("a string takes all that is written");
        }
    }
    place.account.write(&place.cluster.join("postgresql.conf"), &settings)?;
    place.account.write(&place.cluster.join("pg_hba.conf"), access)?;
    place.account.write(&place.cluster.join("pg_ident.conf"), &callers)
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', "''"))
}
