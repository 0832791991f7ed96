//! A service under test, as a process of its own: only so is its memory its own too.

use std::fs;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::shared::API_KEY;
use crate::shared::LEDGER;
use crate::shared::SECRET;

const START_DEADLINE: Duration = Duration::from_secs(20);
const START_POLL: Duration = Duration::from_millis(20);

pub(crate) struct Service {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Service {
    /// Runs the command with the address filled in, until it listens. What it says goes to a file.
    pub(crate) async fn start(
        log: &Path,
        command: impl FnOnce(SocketAddr) -> Command,
    ) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
        let child = command(address)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).context("making the log of a service")?)
            .spawn()
            .context("starting a service")?;
        let mut service = Self { child, address };
        let deadline = Instant::now() + START_DEADLINE;
        while TcpStream::connect(address).await.is_err() {
            let gone = service.child.try_wait()?.is_some();
            anyhow::ensure!(
                !gone && Instant::now() < deadline,
                "a service did not start: see {}",
                log.display()
            );
            sleep(START_POLL).await;
        }
        Ok(service)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it held so far, in KiB. Linux only.
    pub(crate) fn memory_kib(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .context("reading a service's memory: this needs Linux")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.context("no VmHWM")?.parse().context("VmHWM is no number")
    }
}

/// Nothing is said to it: what it answered 200 must be on disk.
impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What our own service is run from.
pub(crate) struct Ours<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) database_url: &'a str,
    pub(crate) master_key: &'a str,
}

/// The binary, as it would be run.
pub(crate) fn tokenledger(ours: &Ours<'_>, address: SocketAddr) -> Command {
    let mut command = Command::new(ours.binary);
    command.arg("serve").envs([
        ("TOKENLEDGER_DATABASE_URL", ours.database_url),
        ("TOKENLEDGER_LEDGER", LEDGER),
        ("TOKENLEDGER_MODE", "test"),
        ("TOKENLEDGER_LISTEN", &address.to_string()),
        ("TOKENLEDGER_API_KEY", API_KEY),
        ("TOKENLEDGER_MASTER_KEY", ours.master_key),
        ("TOKENLEDGER_WEBHOOK_SECRETS", SECRET),
        // Deliveries are signed before the first run and used in every run.
        ("TOKENLEDGER_WEBHOOK_WINDOW", "86400"),
    ]);
    command
}
