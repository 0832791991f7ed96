//! Counting what happens, in the form that Prometheus reads.

use anyhow::Context;
use metrics_exporter_prometheus::Matcher;
use metrics_exporter_prometheus::PrometheusBuilder;
use metrics_exporter_prometheus::PrometheusHandle;

/// What a notice was late by when it was recorded.
pub(crate) const LATENESS: &str = "tokenledger_lateness_seconds";

/// Installs the one recorder of this process. Durations and sizes are histograms with buckets, which
/// can be added up over several services.
pub fn install_metrics() -> anyhow::Result<PrometheusHandle> {
    let commit = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    // From a second to the days over which Smartpay tries again.
    let lateness = [0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 259_200.0];
    let group = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
    let buckets = |builder: PrometheusBuilder, name: &str, values: &[_]| {
        builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), values)
    };
    let builder = buckets(PrometheusBuilder::new(), "tokenledger_commit_seconds", &commit)?;
    let builder = buckets(builder, LATENESS, &lateness)?;
    let builder = buckets(builder, "tokenledger_group_submissions", &group)?;
    builder.install_recorder().context("counting what happens")
}
