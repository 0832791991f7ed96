//! What it was measured on.

use std::fs;
use std::thread::available_parallelism;

use serde_json::Value;
use serde_json::json;

/// The one-minute load average, as text.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

pub(crate) fn describe(postgresql: &str) -> Value {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    json!({
        "cores": available_parallelism().map_or(0, usize::from),
        "cpu": model,
        "os": std::env::consts::OS,
        "postgresql": postgresql,
    })
}
