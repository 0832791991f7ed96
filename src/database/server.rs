//! Which server answers, as whom, and what time it has.

use chrono::DateTime;
use chrono::Utc;
use sqlx::postgres::PgConnection;

/// The server as one connection sees it.
#[derive(Clone, Debug)]
pub struct Server {
    pub version: String,
    pub role: String,
    pub now: DateTime<Utc>,
    /// `false` loses acknowledged webhooks when the machine fails.
    pub durable: bool,
}

pub async fn server(connection: &mut PgConnection) -> Result<Server, sqlx::Error> {
    sqlx::query_as!(
        Server,
        r#"SELECT
            current_setting('server_version') AS "version!",
            current_user::text AS "role!",
            clock_timestamp() AS "now!",
            current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
                AND current_setting('synchronous_commit') <> 'off' AS "durable!""#,
    )
    .fetch_one(connection)
    .await
}
