//! Load at a steady rate: requests are due at fixed times whether or not earlier ones are answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep_until;

use crate::shared::load::Measured;
use crate::shared::response::Connection;

/// What is due waits here for a connection; a service so far behind has failed the benchmark.
const WAITING_MAX: usize = 100_000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) per_second: u64,
    pub(crate) duration: Duration,
    pub(crate) connections: usize,
}

type Due = (Instant, Vec<u8>);

impl Pace {
    pub(crate) fn count(self) -> u64 {
        self.per_second * self.duration.as_secs()
    }

    /// Latencies are of answers with 200, counted from when the request was due.
    pub(crate) async fn run(
        self,
        address: SocketAddr,
        requests: impl Iterator<Item = Vec<u8>>,
    ) -> anyhow::Result<Measured> {
        let (send, receive) = mpsc::channel(WAITING_MAX);
        let receive = Arc::new(Mutex::new(receive));
        let mut workers = JoinSet::new();
        for _ in 0..self.connections {
            let connection = Connection::new(TcpStream::connect(address).await?)?;
            workers.spawn(work(connection, Arc::clone(&receive)));
        }
        let started = Instant::now();
        for (number, request) in (0..self.count()).zip(requests) {
            let nanos = 1_000_000_000 * number / self.per_second;
            let due = started + Duration::from_nanos(nanos);
            sleep_until(due).await;
            send.try_send((due, request)).context("the service is far behind")?;
        }
        drop(send);
        let mut measured = Measured::default();
        while let Some(one) = workers.join_next().await {
            measured = measured.after(one??);
        }
        measured.elapsed = started.elapsed();
        Ok(measured)
    }
}

async fn work(
    mut connection: Connection,
    receive: Arc<Mutex<mpsc::Receiver<Due>>>,
) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    loop {
        let next = receive.lock().await.recv().await;
        let Some((due, request)) = next else { return Ok(measured) };
        match connection.ask(&request).await? {
            200 => {
                measured.answered += 1;
                let took = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
                measured.latencies_us.push(took);
            }
            _ => measured.refused += 1,
        }
    }
}
