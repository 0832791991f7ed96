//! What both benchmarks are made of: a private PostgreSQL, services as processes, load, a report.

pub(crate) mod cpu;
pub(crate) mod ledger;
pub(crate) mod load;
pub(crate) mod machine;
pub(crate) mod report;
pub(crate) mod response;
pub(crate) mod server;
pub(crate) mod service;

use std::path::PathBuf;

/// Where a benchmark keeps its cluster and the logs of its services.
pub(crate) fn directory(bench: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join(format!("bench-{bench}"))
}

/// The access key and the schema of the service under test.
pub(crate) const API_KEY: &str = "tl_test_0123456789abcdefghijklmnopqrstuvwxyz";
pub(crate) const LEDGER: &str = "ledger";
/// The secret that deliveries are signed with.
pub(crate) const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
