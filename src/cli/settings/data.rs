//! The settings of a running `dev`, read from its data directory.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

use crate::cli::settings::gather::Gathered;
use crate::cli::settings::gather::Source;

/// What `dev` wrote. Fields unknown here are nobody's mistake.
#[derive(Deserialize)]
struct Dev {
    url: String,
    database_url: String,
    #[serde(default)]
    database_owner_url: Option<String>,
    #[serde(default)]
    sandbox_url: Option<String>,
    api_key: String,
    #[serde(default)]
    smartpay_secret_key: Option<String>,
    webhook_endpoint: String,
    webhook_secret: String,
    #[serde(default)]
    webhook_subscription_id: Option<String>,
    #[serde(default)]
    ledger: Option<String>,
    #[serde(default)]
    mode: Option<String>,
    #[serde(default)]
    master_key_file: Option<PathBuf>,
}

/// Reads `<data>/dev.json`.
pub(crate) fn gather(directory: &Path) -> anyhow::Result<Gathered> {
    let path = directory.join("dev.json");
    let mut gathered = Gathered { of_dev: true, ..Gathered::default() };
    let text = gathered.read(&path, "it holds secrets").with_context(|| {
        let shown = directory.display();
        format!("no dev has run in {shown}: start one with `tokenledger dev --data {shown}`")
    })?;
    let dev: Dev = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what `tokenledger dev` writes", path.display()))?;
    let values = [
        ("public_url", Some(dev.url)),
        ("database_url", Some(dev.database_url)),
        ("database_owner_url", dev.database_owner_url),
        ("smartpay_api_url", dev.sandbox_url.as_ref().map(|url| format!("{url}/v1"))),
        ("api_key", Some(dev.api_key)),
        ("smartpay_secret_key", dev.smartpay_secret_key),
        ("webhook_endpoints", Some(dev.webhook_endpoint)),
        ("webhook_secrets", Some(dev.webhook_secret)),
        ("webhook_subscription_ids", dev.webhook_subscription_id),
        ("ledger", dev.ledger),
        ("mode", Some(dev.mode.unwrap_or_else(|| "test".to_owned()))),
    ];
    gathered.sandbox_url = dev.sandbox_url;
    for (key, value) in values {
        if let Some(value) = value {
            gathered.set(key, value, Source::File(path.clone()));
        }
    }
    if let Some(file) = dev.master_key_file {
        gathered.set_from_file("master_key", &directory.join(file))?;
    }
    gathered.set_defaults();
    Ok(gathered)
}
