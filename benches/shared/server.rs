//! A private PostgreSQL with everything durable, and the databases of single runs.

use std::path::Path;

use anyhow::Context;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::database;
use tokenledger::embedded;
use tokenledger::embedded::Cluster;
use tokio::task::spawn_blocking;

pub(crate) const SUPERUSER: &str = "postgres";

pub(crate) struct Server {
    cluster: Cluster,
    admin: PgConnection,
}

impl Server {
    /// The cluster is kept: a second run starts faster.
    pub(crate) async fn start(directory: &Path) -> anyhow::Result<Self> {
        let options = embedded::Options {
            durable: true,
            ..embedded::Options::new(directory.join("postgres"))
        };
        std::fs::create_dir_all(directory).context("making the benchmark's directory")?;
        let cluster = spawn_blocking(move || embedded::start(&options)).await??;
        let mut admin = PgConnection::connect(&cluster.url(SUPERUSER, SUPERUSER)).await?;
        database::create_roles(&mut admin).await?;
        Ok(Self { cluster, admin })
    }

    /// A database of the owner's, new in any case: a copy of another, or empty.
    pub(crate) async fn create(
        &mut self,
        name: &str,
        template: Option<&str>,
    ) -> anyhow::Result<()> {
        self.remove(name).await?;
        let source = template.map(|name| format!("TEMPLATE {name}")).unwrap_or_default();
        let owner = database::OWNER;
        let create = format!("CREATE DATABASE {name} OWNER {owner} {source}");
        self.admin.execute(create.as_str()).await.context("making a database")?;
        Ok(())
    }

    pub(crate) async fn remove(&mut self, name: &str) -> anyhow::Result<()> {
        let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        self.admin.execute(statement.as_str()).await.context("removing a database")?;
        Ok(())
    }

    /// So that no run pays for the writes of the one before.
    pub(crate) async fn settle(&mut self) -> anyhow::Result<()> {
        self.admin.execute("CHECKPOINT").await.context("writing a checkpoint")?;
        Ok(())
    }

    pub(crate) async fn connect(&self, database: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.url(database, SUPERUSER)).await?)
    }

    pub(crate) fn url(&self, database: &str, role: &str) -> String {
        self.cluster.url(database, role)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.cluster.pid()
    }

    pub(crate) fn version(&self) -> String {
        self.cluster.version()
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.admin.close().await?;
        spawn_blocking(|| self.cluster.stop()).await??;
        Ok(())
    }
}
