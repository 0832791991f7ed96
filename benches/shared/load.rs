//! Load: connections that are kept, each of which asks, waits for the answer, and asks again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::shared::cpu;
use crate::shared::response::Connection;

/// Whole requests, handed out in order.
#[derive(Clone)]
pub(crate) struct Requests {
    all: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    /// How often each may be sent.
    times: usize,
}

/// How much at once, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// What a load met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) answered: u64,
    /// Answers other than 200.
    pub(crate) refused: u64,
    pub(crate) elapsed: Duration,
    /// Of the answers with 200, ascending.
    pub(crate) latencies_us: Vec<u64>,
    /// Processor time of the service and of the database.
    pub(crate) service_cpu_us: u64,
    pub(crate) database_cpu_us: u64,
}

/// A service and the server that it uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject {
    pub(crate) address: SocketAddr,
    pub(crate) service: u32,
    pub(crate) database: u32,
}

impl Requests {
    /// A load ends when there are none left.
    pub(crate) fn new(all: Arc<Vec<Vec<u8>>>, times: usize) -> Self {
        Self { all, next: Arc::default(), times }
    }

    fn next(&self) -> Option<&[u8]> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let place = index.checked_rem(self.all.len())?;
        self.all.get(place).filter(|_| index / self.all.len() < self.times).map(Vec::as_slice)
    }
}

impl Load {
    pub(crate) async fn run(
        self,
        subject: Subject,
        requests: &Requests,
    ) -> anyhow::Result<Measured> {
        let cpu = || (cpu::of_process(subject.service), cpu::of_family(subject.database));
        let mut connections = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            connections.push(Connection::new(TcpStream::connect(subject.address).await?)?);
        }
        let before = cpu();
        let started = Instant::now();
        let deadline = started + self.duration;
        let mut tasks = JoinSet::new();
        for connection in connections {
            tasks.spawn(keep_asking(connection, requests.clone(), deadline));
        }
        let mut measured = Measured::default();
        while let Some(one) = tasks.join_next().await {
            measured.add(one??);
        }
        measured.elapsed = started.elapsed();
        let after = cpu();
        measured.service_cpu_us = after.0.saturating_sub(before.0);
        measured.database_cpu_us = after.1.saturating_sub(before.1);
        measured.latencies_us.sort_unstable();
        Ok(measured)
    }
}

impl Measured {
    /// One more round of the same load.
    pub(crate) fn after(mut self, other: Self) -> Self {
        self.add(other);
        self.latencies_us.sort_unstable();
        self
    }

    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.service_cpu_us += other.service_cpu_us;
        self.database_cpu_us += other.database_cpu_us;
        self.elapsed += other.elapsed;
        self.latencies_us.extend(other.latencies_us);
    }

    pub(crate) fn per_second(&self) -> u64 {
        let elapsed_us = u64::try_from(self.elapsed.as_micros()).unwrap_or(u64::MAX);
        (self.answered * 1_000_000).checked_div(elapsed_us).unwrap_or_default()
    }

    /// Processor time of the service and of the database for one answer.
    pub(crate) fn cpu_us_each(&self) -> (u64, u64) {
        let each = |us: u64| us.checked_div(self.answered).unwrap_or_default();
        (each(self.service_cpu_us), each(self.database_cpu_us))
    }

    /// The latency that this many of 100 stay within.
    pub(crate) fn percentile_us(&self, percent: usize) -> u64 {
        let place =
            (self.latencies_us.len() * percent / 100).min(self.latencies_us.len().max(1) - 1);
        self.latencies_us.get(place).copied().unwrap_or_default()
    }
}

async fn keep_asking(
    mut connection: Connection,
    requests: Requests,
    deadline: Instant,
) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    loop {
        let asked = Instant::now();
        if asked >= deadline {
            break;
        }
        let Some(request) = requests.next() else { break };
        match connection.ask(request).await? {
            200 => {
                measured.answered += 1;
                let took = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX);
                measured.latencies_us.push(took);
            }
            _ => measured.refused += 1,
        }
    }
    Ok(measured)
}
