//! The runs: every variant at every number of connections, in turn.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ValueEnum;
use serde_json::json;
use sqlx::Executor;
use tokenledger::clock::Clock;

use crate::deliveries;
use crate::deliveries::TOKENS;
use crate::floor;
use crate::insert;
use crate::options::Options;
use crate::options::Variant;
use crate::ours;
use crate::shared::directory;
use crate::shared::load::Load;
use crate::shared::load::Requests;
use crate::shared::load::Subject;
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
use crate::stock;

/// Connections are made, plans and caches filled; not measured.
const WARM_UP: Duration = Duration::from_secs(2);
/// No variant has come near it on two cores.
const DELIVERIES_PER_SECOND_MAX: u64 = 40_000;

const OURS: &str = "ours";
const STOCK: &str = "stock";
const FLOOR: &str = "floor";
const SINGLE: &str = "one durable INSERT";
const RUN: &str = "run";

struct Bench<'a> {
    options: &'a Options,
    server: Server,
    master_key: String,
    deliveries: Arc<Vec<Vec<u8>>>,
    rows: Rows,
    views_lost: i64,
}

pub(crate) async fn all(options: &Options) -> anyhow::Result<()> {
    let load_before = machine::load_average();
    let mut server = Server::start(&directory("ingest")).await?;
    for template in [OURS, STOCK, FLOOR] {
        server.create(template, None).await?;
    }
    let master_key = ours::prepare(&server, OURS).await?;
    stock::prepare(&mut server.connect(STOCK).await?).await?;
    floor::prepare(&mut server.connect(FLOOR).await?).await?;
    for template in [OURS, STOCK, FLOOR] {
        server.connect(template).await?.execute("VACUUM ANALYZE").await?;
    }
    let seconds = options.seconds + WARM_UP.as_secs();
    let count = usize::try_from(seconds * DELIVERIES_PER_SECOND_MAX)?;
    let deliveries = deliveries::sign(count, Clock::system().now().timestamp_millis());
    let deliveries = Arc::new(deliveries);
    let rows = Rows::default();
    let mut bench = Bench { options, server, master_key, deliveries, rows, views_lost: 0 };
    for connections in &options.connections {
        for _ in 0..options.rounds {
            for variant in [OURS, STOCK, FLOOR] {
                bench.run(variant, *connections).await?;
            }
            if *connections == 1 {
                bench.single().await?;
            }
        }
    }
    bench.report(&load_before)?;
    bench.server.remove(RUN).await?;
    bench.server.stop().await
}

impl Bench<'_> {
    async fn run(&mut self, variant: &'static str, connections: usize) -> anyhow::Result<()> {
        let only = &self.options.only;
        if !only.is_empty() && !only.iter().any(|only| only == variant) {
            return Ok(());
        }
        self.server.create(RUN, Some(variant)).await?;
        self.server.settle().await?;
        let log = directory("ingest").join(format!("{variant}.log"));
        let service = Service::start(&log, |address| self.command(variant, address)).await?;
        let requests = Requests::new(Arc::clone(&self.deliveries), 1);
        let warm_up = Load { connections, duration: WARM_UP };
        let subject = Subject {
            address: service.address,
            service: service.pid(),
            database: self.server.pid(),
        };
        let warm = warm_up.run(subject, &requests).await?;
        let load = Load { connections, duration: Duration::from_secs(self.options.seconds) };
        let measured = load.run(subject, &requests).await?;
        let memory_kib = service.memory_kib()?;
        drop(service);
        let answered = i64::try_from(warm.answered + measured.answered)?;
        let events = self.count(variant).await?;
        anyhow::ensure!(
            events == answered,
            "{variant}: {answered} deliveries were answered 200, and {events} events are there"
        );
        report::progress(&format!("{variant} at {connections}: {}/s", measured.per_second()));
        self.rows.keep(Row { variant, connections, measured, memory_kib });
        Ok(())
    }

    fn command(&self, variant: &str, address: SocketAddr) -> Command {
        let url =
            self.server.url(RUN, if variant == OURS { "tokenledger_service" } else { SUPERUSER });
        if variant == OURS {
            let ours = Ours {
                binary: &self.options.binary,
                database_url: &url,
                master_key: &self.master_key,
            };
            return service::tokenledger(&ours, address);
        }
        let this = std::env::current_exe().expect("the benchmark runs from a file");
        let mut command = Command::new(this);
        let address = address.to_string();
        command.args(["--serve", variant, "--database-url", &url, "--listen", &address]);
        command
    }

    async fn count(&mut self, variant: &str) -> anyhow::Result<i64> {
        let mut connection = self.server.connect(RUN).await?;
        match Variant::from_str(variant, false) {
            Err(_) => ours::count(&mut connection).await,
            Ok(Variant::Floor) => floor::count(&mut connection).await,
            Ok(Variant::Stock) => {
                let counted = stock::count(&mut connection).await?;
                self.views_lost += counted.views_lost;
                Ok(counted.events)
            }
        }
    }

    async fn single(&mut self) -> anyhow::Result<()> {
        self.server.create(RUN, None).await?;
        self.server.settle().await?;
        let mut connection = self.server.connect(RUN).await?;
        let duration = Duration::from_secs(self.options.seconds);
        let measured = insert::measure(&mut connection, duration).await?;
        report::progress(&format!("{SINGLE}: {}/s", measured.per_second()));
        self.rows.keep(Row { variant: SINGLE, connections: 1, measured, memory_kib: 0 });
        Ok(())
    }

    fn targets(&self) -> Vec<Target> {
        let mut targets = Vec::new();
        let many = |variant| self.rows.find(variant, 256);
        if let (Some(ours), Some(stock), Some(floor)) = (many(OURS), many(STOCK), many(FLOOR)) {
            let per_second = |row: &Row| row.measured.per_second();
            let p99 = |row: &Row| row.measured.percentile_us(99);
            let (a, b, c) = (per_second(ours), per_second(stock), per_second(floor));
            targets.extend([
                Target::ratio("honest: stock / (2,000/s)", b, 2_000, Goal::AtLeast(100)),
                Target::ratio("honest: floor / stock", c, b, Goal::AtLeast(500)),
                Target::ratio("ours / stock", a, b, Goal::AtLeast(400)),
                Target::ratio("ours / floor", a, c, Goal::AtLeast(35)),
                Target::ratio("p99 ours / floor", p99(ours), p99(floor), Goal::AtMost(300)),
            ]);
        }
        if let (Some(ours), Some(single)) = (self.rows.find(OURS, 1), self.rows.find(SINGLE, 1)) {
            let p50 = |row: &Row| row.measured.percentile_us(50);
            let name = "p50 at 1 connection / one durable INSERT";
            targets.push(Target::ratio(name, p50(ours), p50(single), Goal::AtMost(400)));
        }
        let ours = self.options.connections.iter().filter_map(|count| self.rows.find(OURS, *count));
        if let Some(memory_kib) = ours.map(|row| row.memory_kib).max() {
            let name = "memory ours / (150 MB)";
            targets.push(Target::ratio(name, memory_kib * 1024, 150_000_000, Goal::AtMost(100)));
        }
        targets
    }

    fn report(&self, load_before: &str) -> anyhow::Result<()> {
        let targets = self.targets();
        let mut json = report::json(&self.rows, &targets);
        let fields = json.as_object_mut().context("a report is an object")?;
        fields.insert("bench".to_owned(), json!("ingest"));
        fields.insert("machine".to_owned(), machine::describe(&self.server.version()));
        fields.insert(
            "load_average".to_owned(),
            json!({ "before": load_before, "after": machine::load_average() }),
        );
        fields.insert("tokens".to_owned(), json!(TOKENS));
        fields.insert("seconds".to_owned(), json!(self.options.seconds));
        fields.insert("rounds".to_owned(), json!(self.options.rounds));
        fields.insert("stock_views_lost".to_owned(), json!(self.views_lost));
        println!("{}", report::table(&self.rows, &targets));
        println!("view updates that the stock path lost: {}", self.views_lost);
        println!("load average before: {load_before}\n");
        println!("{json}");
        Ok(())
    }
}
