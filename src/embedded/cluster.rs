//! A running server, and the order of steps that lead to one.

use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

use crate::embedded::Options;
use crate::embedded::binaries;
use crate::embedded::binaries::Binaries;
use crate::embedded::error::Error;
use crate::embedded::files;
use crate::embedded::place;
use crate::embedded::place::Place;
use crate::embedded::postmaster;
use crate::embedded::postmaster::Postmaster;

/// A server that is ours. No other process can hold it while this value lives.
///
/// Dropping it lets go of the server without stopping it, as being killed would; the next start
/// adopts it. [`Cluster::stop`] is what a process that ends in an orderly way calls.
#[derive(Debug)]
pub struct Cluster {
    place: Place,
    binaries: Binaries,
    address: Address,
    pid: u32,
    adopted: bool,
}

/// How to reach a server; outlives the hold on it.
#[derive(Debug, Clone)]
pub struct Address {
    sockets: PathBuf,
    port: u16,
}

/// Starts the server of a cluster, made first if need be, or adopts the one that runs already.
/// Blocks until it answers.
pub fn start(options: &Options) -> Result<Cluster, Error> {
    let place = place::hold(&options.data)?;
    let binaries = binaries::find(options, &place.account, &place.cluster)?;
    if let Some(running) = postmaster::adopt(&place)? {
        return Ok(Cluster::new(place, binaries, running, true));
    }
    files::ensure(options, &place, &binaries)?;
    let sockets = place::sockets(&place, &options.surroundings.temp)?;
    files::configure(options, &place, &sockets)?;
    let started = postmaster::start(&place, &binaries)?;
    Ok(Cluster::new(place, binaries, started, false))
}

impl Cluster {
    fn new(place: Place, binaries: Binaries, server: Postmaster, adopted: bool) -> Cluster {
        let address = Address { sockets: server.sockets, port: server.port };
        Cluster { place, binaries, address, pid: server.pid, adopted }
    }

    /// Disconnects all clients and stops the server; everything committed is kept.
    pub fn stop(self) -> Result<(), Error> {
        postmaster::stop(&self.place, &self.binaries)
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    pub fn url(&self, database: &str, role: &str) -> String {
        self.address.url(database, role)
    }

    pub fn socket_dir(&self) -> &Path {
        &self.address.sockets
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the server ran before we came.
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    /// Such as `15.18`.
    pub fn version(&self) -> String {
        format!("{}.{}", self.binaries.version.major, self.binaries.version.minor)
    }

    /// Where the cluster really lies.
    pub fn location(&self) -> &Path {
        &self.place.cluster
    }
}

impl Address {
    /// A URL for one of [`crate::embedded::ROLES`]; without a secret, since there is none.
    pub fn url(&self, database: &str, role: &str) -> String {
        format!(
            "postgres://{}@localhost/{}?host={}&port={}",
            encoded(role.as_bytes()),
            encoded(database.as_bytes()),
            encoded(self.sockets.as_os_str().as_bytes()),
            self.port
        )
    }
}

fn encoded(text: &[u8]) -> String {
    let mut url = String::new();
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            write!(url, "%{byte:02X}").expect("a string takes all that is written");
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::embedded::Address;

    #[test]
    fn a_url_leads_sqlx_to_any_socket() {
        let sockets = PathBuf::from("/tmp/a b/ü?&#%");
        let url = Address { sockets: sockets.clone(), port: 5432 }.url("x/y", "tokenledger_owner");
        let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        assert_eq!(options.get_socket(), Some(&sockets));
        assert_eq!(options.get_database(), Some("x/y"));
        assert_eq!(options.get_username(), "tokenledger_owner");
        assert_eq!(options.get_port(), 5432);
    }
}
