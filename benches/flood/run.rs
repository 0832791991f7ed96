//! The phases: quiet and flood in turn, on one service.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use serde_json::json;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokio::time::sleep;

use crate::deliveries;
use crate::observed;
use crate::observed::Observed;
use crate::options::Options;
use crate::ours;
use crate::paced::Pace;
use crate::shared::cpu;
use crate::shared::directory;
use crate::shared::load::Measured;
use crate::shared::machine;
use crate::shared::report;
use crate::shared::report::Goal;
use crate::shared::report::Row;
use crate::shared::report::Rows;
use crate::shared::report::Target;
use crate::shared::server::SUPERUSER;
use crate::shared::server::Server;
use crate::shared::service;
use crate::shared::service::Ours;
use crate::shared::service::Service;

const DATABASE: &str = "flood";
const QUIET: &str = "quiet";
const FLOOD: &str = "flood";
/// Connections are made, plans and caches filled; not measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// Between phases: PostgreSQL's backends report what they did once a second.
const PAUSE: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 16;
/// How many bad deliveries there are; each is sent again and again.
const BAD_KINDS: usize = 64;

struct Bench<'a> {
    options: &'a Options,
    service: Service,
    database: u32,
    log: PathBuf,
    aside: PgConnection,
    valid: std::vec::IntoIter<Vec<u8>>,
    bad: Vec<Vec<u8>>,
    rows: Rows,
    quiet: Observed,
    flood: Observed,
}

pub(crate) async fn all(options: &Options) -> anyhow::Result<()> {
    let load_before = machine::load_average();
    let mut server = Server::start(&directory(DATABASE)).await?;
    server.create(DATABASE, None).await?;
    let master_key = ours::prepare(&server, DATABASE).await?;
    let log = directory(DATABASE).join("ours.log");
    let url = server.url(DATABASE, "tokenledger_service");
    let ours = Ours { binary: &options.binary, database_url: &url, master_key: &master_key };
    let service = Service::start(&log, |address| service::tokenledger(&ours, address)).await?;
    let seconds = 2 * options.rounds * options.seconds + WARM_UP.as_secs();
    let count = usize::try_from(seconds * options.valid)?;
    let mut valid = deliveries::sign(count + BAD_KINDS, Clock::system().now().timestamp_millis());
    let bad = valid.drain(..BAD_KINDS).map(spoil).collect::<Option<_>>();
    let mut bench = Bench {
        options,
        service,
        database: server.pid(),
        aside: server.connect(SUPERUSER).await?,
        log,
        valid: valid.into_iter(),
        bad: bad.context("a delivery has a signature")?,
        rows: Rows::default(),
        quiet: Observed::default(),
        flood: Observed::default(),
    };
    bench.measure(WARM_UP, 0).await?;
    server.settle().await?;
    let phase = Duration::from_secs(options.seconds);
    for _ in 0..options.rounds {
        let quiet = bench.observe(phase, QUIET).await?;
        bench.quiet = quiet;
        let flood = bench.observe(phase, FLOOD).await?;
        bench.flood = flood;
    }
    let recorded = ours::count(&mut server.connect(DATABASE).await?).await?;
    bench.report(&server.version(), &load_before, recorded)?;
    drop(bench);
    server.remove(DATABASE).await?;
    server.stop().await
}

impl Bench<'_> {
    /// One phase, added to those of its kind.
    async fn observe(
        &mut self,
        duration: Duration,
        variant: &'static str,
    ) -> anyhow::Result<Observed> {
        let is_flood = variant == FLOOD;
        let mut observed = if is_flood { self.flood } else { self.quiet };
        sleep(PAUSE).await;
        let log: &Path = &self.log;
        let before = observed::counters(&mut self.aside, DATABASE, log).await?;
        let bad = if is_flood { self.options.bad } else { 0 };
        let (measured, refused) = self.measure(duration, bad).await?;
        let connections = observed::connections(&mut self.aside, DATABASE).await?;
        sleep(PAUSE).await;
        let after = observed::counters(&mut self.aside, DATABASE, &self.log).await?;
        observed.add(before, after)?;
        observed.answered += measured.answered;
        observed.refused += refused;
        observed.connections = observed.connections.max(connections);
        let p99 = measured.percentile_us(99);
        report::progress(&format!("{variant}: p99 {p99} µs, {refused} refused beside"));
        let memory_kib = self.service.memory_kib()?;
        self.rows.keep(Row { variant, connections: CONNECTIONS, measured, memory_kib });
        Ok(observed)
    }

    /// The valid deliveries, and how many bad ones were refused meanwhile.
    async fn measure(&mut self, duration: Duration, bad: u64) -> anyhow::Result<(Measured, u64)> {
        let address = self.service.address;
        let pace = |per_second| Pace { per_second, duration, connections: CONNECTIONS };
        let cpu = || (cpu::of_process(self.service.pid()), cpu::of_family(self.database));
        let before = cpu();
        let valid = pace(self.options.valid).run(address, self.valid.by_ref());
        let (mut valid, refused) = if bad == 0 {
            (valid.await?, 0)
        } else {
            let flood = pace(bad).run(address, self.bad.iter().cycle().cloned());
            let (valid, flood) = tokio::try_join!(valid, flood)?;
            anyhow::ensure!(flood.answered == 0, "a bad signature was taken");
            (valid, flood.refused)
        };
        let after = (cpu::of_process(self.service.pid()), cpu::of_family(self.database));
        valid.service_cpu_us = after.0.saturating_sub(before.0);
        valid.database_cpu_us = after.1.saturating_sub(before.1);
        anyhow::ensure!(valid.refused == 0, "{} valid deliveries were refused", valid.refused);
        Ok((valid, refused))
    }

    fn targets(&self) -> Vec<Target> {
        let p99 = |variant| {
            let row = self.rows.find(variant, CONNECTIONS);
            row.map_or(0, |row| row.measured.percentile_us(99))
        };
        let Self { quiet, flood, .. } = self;
        // How many deliveries share a commit differs by chance; a refused one must cost none.
        let commits = flood.commits.saturating_sub(quiet.commits);
        let log_bytes = flood.log_bytes.saturating_sub(quiet.log_bytes);
        vec![
            Target::ratio("p99 flood / quiet", p99(FLOOD), p99(QUIET), Goal::AtMost(200)),
            Target::ratio("commits more a refused one", commits, flood.refused, Goal::AtMost(5)),
            Target::ratio(
                "connections flood / quiet",
                flood.connections,
                quiet.connections,
                Goal::AtMost(100),
            ),
            Target::ratio("log bytes a refused one", log_bytes, flood.refused, Goal::AtMost(500)),
        ]
    }

    fn report(&self, version: &str, load_before: &str, recorded: i64) -> anyhow::Result<()> {
        let targets = self.targets();
        let mut json = report::json(&self.rows, &targets);
        let fields = json.as_object_mut().context("a report is an object")?;
        fields.insert("bench".to_owned(), json!("flood"));
        fields.insert("machine".to_owned(), machine::describe(version));
        fields.insert(
            "load_average".to_owned(),
            json!({ "before": load_before, "after": machine::load_average() }),
        );
        println!("{}", report::table(&self.rows, &targets));
        for (name, observed) in [(QUIET, &self.quiet), (FLOOD, &self.flood)] {
            let described = describe(observed);
            println!("{name}: {described}");
            fields.insert(name.to_owned(), described);
        }
        println!("events recorded: {recorded}; load average before: {load_before}\n");
        println!("{json}");
        Ok(())
    }
}

fn describe(observed: &Observed) -> Value {
    json!({
        "answered": observed.answered,
        "refused": observed.refused,
        "commits": observed.commits,
        "commits_per_hundred_deliveries": observed.commits_per_hundred(),
        "connections": observed.connections,
        "log_bytes": observed.log_bytes,
    })
}

/// Another last digit of the signature: all work of a right one is done before it is refused.
fn spoil(mut request: Vec<u8>) -> Option<Vec<u8>> {
    let name: &[u8] = b"Smartpay-Signature: ";
    let start = request.windows(name.len()).position(|bytes| bytes == name)? + name.len();
    let digit = request.get_mut(start + 63)?;
    *digit = if *digit == b'0' { b'1' } else { b'0' };
    Some(request)
}
