//! Looking at the hosts: which answer, which take writes, and on which timeline.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::database::Hosts;
use crate::database::Writable;
use crate::database::address;

/// A host that takes longer to say what it is counts as away.
const LOOK_DEADLINE: Duration = Duration::from_secs(1);

/// What one host was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Writable(Writable),
    /// A standby, or a server that was told to refuse writes.
    ReadOnly,
    /// With what the attempt to reach it met.
    Away(String),
}

impl Found {
    pub fn writable(&self) -> Option<Writable> {
        match self {
            Self::Writable(server) => Some(*server),
            Self::ReadOnly | Self::Away(_) => None,
        }
    }
}

/// All hosts at once, in their order, within the deadline.
pub async fn look_around(hosts: &Hosts) -> Vec<Found> {
    let mut looks = JoinSet::new();
    for (index, options) in hosts.as_slice().iter().enumerate() {
        let options = options.clone();
        looks.spawn(async move { (index, look_at(&options).await) });
    }
    let mut found = looks.join_all().await;
    found.sort_unstable_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, found)| found).collect()
}

/// In words, for the one who has to find out why there is no primary.
pub fn describe(hosts: &Hosts, found: &[Found]) -> String {
    let hosts = hosts.as_slice().iter().map(address);
    let words = hosts.zip(found).map(|(address, found)| match found {
        Found::Writable(server) => format!("{address} takes writes, timeline {}", server.timeline),
        Found::ReadOnly => format!("{address} takes no writes"),
        Found::Away(error) => format!("{address} does not answer ({error})"),
    });
    words.collect::<Vec<_>>().join("; ")
}

async fn look_at(options: &PgConnectOptions) -> Found {
    let looking = async {
        let mut connection = PgConnection::connect_with(options).await?;
        let seen = look(&mut connection).await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>(seen)
    };
    match timeout(LOOK_DEADLINE, looking).await {
        Ok(Ok(seen)) => seen.map_or(Found::ReadOnly, Found::Writable),
        Ok(Err(error)) => Found::Away(error.to_string()),
        Err(_) => Found::Away(format!("not within {LOOK_DEADLINE:?}")),
    }
}

/// The server behind a connection, when it takes writes.
///
/// The timeline is that of the log which is being written, told by the name of its file: what the
/// control file says lags behind a promotion. Every role may ask for it.
pub(crate) async fn look(connection: &mut PgConnection) -> Result<Option<Writable>, sqlx::Error> {
    let seen = sqlx::query!(
        r#"SELECT
            current_setting('transaction_read_only') = 'on' AS "read_only!",
            (SELECT system_identifier FROM pg_control_system()) AS "system!",
            CASE WHEN NOT pg_is_in_recovery()
                THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline,
            pg_postmaster_start_time() AS "started!""#,
    )
    .fetch_one(connection)
    .await?;
    let timeline = seen.timeline.filter(|_| !seen.read_only);
    let timeline = timeline.and_then(|digits: String| u32::from_str_radix(&digits, 16).ok());
    Ok(timeline.map(|timeline| Writable { system: seen.system, timeline, started: seen.started }))
}
