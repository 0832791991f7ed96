//! The servers that a database URL names: one, or several of which one takes writes at a time.

use std::fmt;

use sqlx::postgres::PgConnectOptions;
use thiserror::Error;

use crate::database::LedgerName;
use crate::database::connect_options;

/// A primary and its standbys; more are not standbys that could take over.
pub const HOSTS_MAX: usize = 8;

/// Why a URL names no servers. Never repeats it, for it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HostsError {
    #[error(
        "this is no postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE; special characters of \
         the password must be percent-encoded"
    )]
    Url,
    #[error("host {place} of the list is empty: write HOST:PORT,HOST:PORT")]
    Empty { place: usize },
    #[error("host {place} of the list stands there twice")]
    Twice { place: usize },
    #[error("at most {HOSTS_MAX} hosts can be named")]
    TooMany,
    #[error("hosts are listed before the database and in host=: list them in one place")]
    TwoLists,
    #[error("port= has {ports} items and there are {hosts} hosts: give one for all, or one each")]
    Ports { ports: usize, hosts: usize },
    #[error(
        "target_session_attrs can only be read-write or primary: the ledger works on the server \
         that takes writes"
    )]
    Target,
}

/// How to reach each server, in the order of the URL.
#[derive(Clone)]
pub struct Hosts(Vec<PgConnectOptions>);

impl Hosts {
    /// Reads `postgres://USER@a:5432,b:5433/DATABASE?…`, or a list in `host=` and `port=`, where
    /// sockets can stand too. sqlx itself knows one host per URL.
    pub fn parse(url: &str, ledger: &LedgerName) -> Result<Self, HostsError> {
        let mut hosts: Vec<PgConnectOptions> = Vec::new();
        for (place, url) in (1..).zip(urls(url)?) {
            let options = connect_options(&url, ledger).map_err(|_| HostsError::Url)?;
            if hosts.iter().any(|host| address(host) == address(&options)) {
                return Err(HostsError::Twice { place });
            }
            hosts.push(options);
        }
        Ok(Self(hosts))
    }

    pub fn as_slice(&self) -> &[PgConnectOptions] {
        &self.0
    }

    pub fn get(&self, index: usize) -> Option<&PgConnectOptions> {
        self.0.get(index)
    }

    pub fn first(&self) -> &PgConnectOptions {
        self.0.first().expect("a URL names a host, if only by leaving it out")
    }

    /// With several, which one takes writes has to be found out.
    pub fn are_several(&self) -> bool {
        self.0.len() > 1
    }
}

impl From<PgConnectOptions> for Hosts {
    fn from(options: PgConnectOptions) -> Self {
        Self(vec![options])
    }
}

/// Where connections go and as whom, without the password.
impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.first().get_username();
        let database = self.first().get_database().unwrap_or(user);
        let addresses: Vec<String> = self.0.iter().map(address).collect();
        write!(f, "{user}@{}/{database}", addresses.join(","))
    }
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hosts({self})")
    }
}

/// Host and port, or directory of the socket and port.
pub fn address(options: &PgConnectOptions) -> String {
    let socket = options.get_socket().map(|path| path.display().to_string());
    let host = socket.unwrap_or_else(|| options.get_host().to_owned());
    format!("{host}:{}", options.get_port())
}

/// What the query of a URL says about hosts, and the rest of it.
#[derive(Default)]
struct Query<'a> {
    hosts: Option<String>,
    ports: Option<String>,
    rest: Vec<&'a str>,
}

/// One URL per host. One that names a single host is left as it is.
fn urls(url: &str) -> Result<Vec<String>, HostsError> {
    let (scheme, rest) = url.split_once("://").ok_or(HostsError::Url)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, named) = authority.rsplit_once('@').unwrap_or(("", authority));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let Query { hosts, ports, rest } = read(query)?;
    if named.contains(',') && hosts.is_some() {
        return Err(HostsError::TwoLists);
    }
    let listed = hosts.is_some();
    let hosts = hosts.unwrap_or_else(|| named.to_owned());
    let hosts: Vec<&str> = hosts.split(',').collect();
    let several = hosts.len() > 1;
    if hosts.len() > HOSTS_MAX {
        return Err(HostsError::TooMany);
    }
    let empty = |host: &&str| host.is_empty() || host.starts_with(':');
    if let Some(index) = hosts.iter().position(empty).filter(|_| several) {
        return Err(HostsError::Empty { place: index + 1 });
    }
    let ports = ports_of(ports.as_deref(), hosts.len())?;
    let url_of = |(host, port): (&str, Option<&str>)| {
        let mut query: Vec<String> = rest.iter().map(|&pair| pair.to_owned()).collect();
        query.extend(port.map(|port| format!("port={port}")));
        // What stands in the query wins over what stands before the database.
        query.extend(listed.then(|| format!("host={host}")));
        let host = if listed { named } else { host };
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{scheme}://{user}{host}{path}{mark}{}", query.join("&"))
    };
    Ok(hosts.into_iter().zip(ports).map(url_of).collect())
}

fn read(query: &str) -> Result<Query<'_>, HostsError> {
    let mut read = Query::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let list = || value.replace("%2C", ",").replace("%2c", ",");
        match key {
            "host" => read.hosts = Some(list()),
            "port" => read.ports = Some(list()),
            "target_session_attrs" if ["read-write", "primary"].contains(&value) => {}
            "target_session_attrs" => return Err(HostsError::Target),
            _ => read.rest.push(pair),
        }
    }
    Ok(read)
}

/// The port of each host, where `port=` says one.
fn ports_of(ports: Option<&str>, hosts: usize) -> Result<Vec<Option<&str>>, HostsError> {
    let Some(ports) = ports else { return Ok(vec![None; hosts]) };
    let ports: Vec<Option<&str>> = ports.split(',').map(Some).collect();
    match ports.as_slice() {
        [one] => Ok(vec![*one; hosts]),
        _ if ports.len() == hosts => Ok(ports),
        _ => Err(HostsError::Ports { ports: ports.len(), hosts }),
    }
}
