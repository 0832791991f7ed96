//! The runs: every question in turn, to the service and to the bare select.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::json;
use tokenledger::database::SERVICE;

use crate::options::Options;
use crate::questions;
use crate::seed;
use crate::shared::directory;
use crate::shared::ledger;
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

const WARM_UP: Duration = Duration::from_secs(2);
const DATABASE: &str = "query";

const BARE: &str = "bare select";
const TOKEN: &str = "GET tokens/{ref}";
const CONSUMER: &str = "GET consumers/{c}/tokens";
const BARE_CHECK: &str = "bare select of 200";
const CHECK: &str = "POST usability-checks of 200";
const READS: [&str; 3] = [BARE, TOKEN, CONSUMER];
const CHECKS: [&str; 2] = [BARE_CHECK, CHECK];

pub(crate) async fn all(options: &Options) -> anyhow::Result<()> {
    let load_before = machine::load_average();
    let mut server = Server::start(&directory("query")).await?;
    server.create(DATABASE, None).await?;
    let master_key = ledger::make(&server, DATABASE).await?.to_text();
    let master_key = master_key.expose_secret();
    report::progress("filling the ledger");
    seed::fill(&mut server.connect(DATABASE).await?, options.tokens).await?;
    server.settle().await?;
    let mut rows = Rows::default();
    let kinds =
        [(READS.as_slice(), options.connections), (CHECKS.as_slice(), options.check_connections)];
    for (variants, connections) in kinds {
        for _ in 0..options.rounds {
            for variant in variants {
                rows.keep(run(options, &server, master_key, (variant, connections)).await?);
            }
        }
    }
    let targets = targets(&rows, options);
    let mut json = report::json(&rows, &targets);
    let fields = json.as_object_mut().context("a report is an object")?;
    fields.insert("bench".to_owned(), json!("query"));
    fields.insert("machine".to_owned(), machine::describe(&server.version()));
    let load = json!({ "before": load_before, "after": machine::load_average() });
    fields.insert("load_average".to_owned(), load);
    fields.insert("tokens".to_owned(), json!(options.tokens));
    fields.insert("seconds".to_owned(), json!(options.seconds));
    fields.insert("rounds".to_owned(), json!(options.rounds));
    println!("{}", report::table(&rows, &targets));
    println!("load average before: {load_before}\n\n{json}");
    server.remove(DATABASE).await?;
    server.stop().await
}

/// A variant at a number of connections.
async fn run(
    options: &Options,
    server: &Server,
    master_key: &str,
    (variant, connections): (&'static str, usize),
) -> anyhow::Result<Row> {
    let is_bare = [BARE, BARE_CHECK].contains(&variant);
    let log = directory("query").join(if is_bare { "bare.log" } else { "ours.log" });
    let service = Service::start(&log, |address| {
        if !is_bare {
            let ours = Ours {
                binary: &options.binary,
                database_url: &server.url(DATABASE, SERVICE),
                master_key,
            };
            return service::tokenledger(&ours, address);
        }
        let this = std::env::current_exe().expect("the benchmark runs from a file");
        let mut command = Command::new(this);
        let url = server.url(DATABASE, SUPERUSER);
        command.args(["--database-url", &url, "--listen", &address.to_string()]);
        command
    })
    .await?;
    let questions = match variant {
        BARE => questions::of_bare(options.tokens),
        BARE_CHECK => questions::of_checks(options.tokens, "/checks"),
        TOKEN => questions::of_tokens(options.tokens),
        CHECK => questions::of_checks(options.tokens, "/v1/usability-checks"),
        _ => questions::of_consumers(options.tokens),
    };
    let requests = Requests::new(Arc::new(questions), usize::MAX);
    let subject =
        Subject { address: service.address, service: service.pid(), database: server.pid() };
    Load { connections, duration: WARM_UP }.run(subject, &requests).await?;
    let load = Load { connections, duration: Duration::from_secs(options.seconds) };
    let measured = load.run(subject, &requests).await?;
    let memory_kib = service.memory_kib()?;
    report::progress(&format!("{variant} at {connections}: {}/s", measured.per_second()));
    Ok(Row { variant, connections, measured, memory_kib })
}

fn targets(rows: &Rows, options: &Options) -> Vec<Target> {
    let (reads, checks) = (options.connections, options.check_connections);
    let pairs = [
        ("token / bare", rows.find(TOKEN, reads), rows.find(BARE, reads), 10_000),
        ("consumer / bare", rows.find(CONSUMER, reads), rows.find(BARE, reads), 10_000),
        ("checks / bare", rows.find(CHECK, checks), rows.find(BARE_CHECK, checks), 15_000),
    ];
    let mut targets = Vec::new();
    for (name, ours, bare, p99_max_us) in pairs {
        let (Some(ours), Some(bare)) = (ours, bare) else { continue };
        let rates = (ours.measured.per_second(), bare.measured.per_second());
        targets.push(Target::ratio(name, rates.0, rates.1, Goal::AtLeast(60)));
        let p99 = ours.measured.percentile_us(99);
        targets.push(Target::ratio("its p99 / the most", p99, p99_max_us, Goal::AtMost(100)));
    }
    targets
}
