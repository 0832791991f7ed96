//! From texts to types: what a setting may be, and what must agree.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use secrecy::SecretString;

use tokenledger::database::Hosts;
use tokenledger::database::LedgerName;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::SecretKey;
use tokenledger::vault::MasterKey;

use crate::cli::logs;
use crate::cli::settings::Settings;
use crate::cli::settings::gather::Gathered;
use crate::cli::settings::gather::Source;
use crate::cli::settings::names::NAMES;
use crate::cli::settings::names::variable;
use crate::cli::settings::webhooks;

/// A month without a webhook is not told as silence, it is another business.
const SILENCE_SECONDS_MAX: u64 = 30 * 86_400;
/// Smartpay signs anew for each attempt, so that more than a day is never needed.
const WINDOW_SECONDS_MAX: u64 = 86_400;
/// Comparing everything takes its time, and who never does it sets 0.
const EVERY_SECONDS: RangeInclusive<u64> = 60..=2_592_000;
const API_KEY_CHARS_MIN: usize = 32;

pub(crate) fn parse(gathered: &Gathered) -> anyhow::Result<Settings> {
    let mode: Option<Mode> = gathered.parsed("mode", str::parse)?;
    let ledger = gathered
        .parsed("ledger", |text| text.parse::<LedgerName>().map_err(anyhow::Error::msg))?
        .context("the ledger has a default")?;
    for key in ["database_url", "database_owner_url"] {
        gathered.parsed(key, |text| Hosts::parse(text, &ledger).map(drop))?;
    }
    gathered.parsed("api_key", |text| api_key(text, mode))?;
    gathered.parsed("public_url", |text| public_address(text, gathered.of_dev))?;
    gathered.parsed("log", |text| logs::parse(text).map(drop))?;
    gathered.parsed("otlp_endpoint", |text| web_address(text, &["http://"]))?;
    Ok(Settings {
        database_url: gathered.secret("database_url"),
        database_owner_url: gathered.secret("database_owner_url"),
        ledger,
        mode,
        listen: gathered.parsed("listen", listen)?.context("the address has a default")?,
        public_url: gathered.text("public_url").map(str::to_owned),
        return_hosts: gathered.parsed("return_hosts", hosts)?.unwrap_or_default(),
        smartpay_api_url: gathered
            .parsed("smartpay_api_url", ApiUrl::parse)?
            .context("the address has a default")?,
        smartpay_secret_key: gathered
            .parsed("smartpay_secret_key", |text| smartpay_key(text, mode))?,
        reconcile_every: gathered
            .parsed("reconcile_every", every)?
            .filter(|every| !every.is_zero()),
        sandbox_url: gathered.sandbox_url.clone(),
        api_key: gathered.secret("api_key"),
        master_key: gathered.parsed("master_key", MasterKey::parse)?,
        webhooks: gathered.webhooks()?,
        webhook_window: gathered.parsed("webhook_window", window)?.context("it has a default")?,
        webhook_silence: gathered
            .parsed("webhook_silence", silence)?
            .context("it has a default")?,
        of_dev: gathered.of_dev,
        log: gathered.text("log").map(str::to_owned),
        otlp_endpoint: gathered.text("otlp_endpoint").map(str::to_owned),
        otlp_sample: gathered.parsed("otlp_sample", sample)?.context("it has a default")?,
    })
}

impl Gathered {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(|raw| raw.text.expose_secret())
    }

    /// Whether a secret stands in this very file.
    pub(crate) fn holds_secret_of(&self, path: &Path) -> bool {
        NAMES
            .iter()
            .filter(|name| name.secret)
            .filter_map(|name| self.settings.get(name.key))
            .any(|raw| matches!(&raw.source, Source::File(file) if file == path))
    }

    pub(crate) fn webhooks(&self) -> anyhow::Result<Vec<webhooks::Endpoint>> {
        let Some(secrets) = self.text("webhook_secrets") else { return Ok(Vec::new()) };
        let given = self.settings.get("webhook_endpoints");
        let given = given.filter(|raw| !matches!(raw.source, Source::Default));
        let names = given.map(|raw| raw.text.expose_secret());
        webhooks::pair(names, secrets, self.text("webhook_subscription_ids"))
    }

    fn secret(&self, key: &str) -> Option<SecretString> {
        self.settings.get(key).map(|raw| raw.text.clone())
    }

    fn parsed<T, E: Into<anyhow::Error>>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> anyhow::Result<Option<T>> {
        let Some(raw) = self.settings.get(key) else { return Ok(None) };
        let parsed = parse(raw.text.expose_secret()).map_err(Into::into);
        parsed.map(Some).with_context(|| format!("{} ({})", variable(key), raw.source))
    }
}

fn listen(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().ok().context("write an address and a port, such as 127.0.0.1:8787 or 0.0.0.0:8787")
}

fn sample(text: &str) -> anyhow::Result<NonZeroU32> {
    text.parse().ok().context("write a number from 1: one in so many requests is traced")
}

/// Names of hosts, with commas between.
fn hosts(text: &str) -> anyhow::Result<Vec<String>> {
    let hosts: Vec<String> = text.split(',').map(|host| host.trim().to_owned()).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    let fit = hosts.iter().all(|host| !host.is_empty() && host.chars().all(plain));
    anyhow::ensure!(fit, "write names of hosts with commas between, such as shop.example");
    Ok(hosts)
}

/// Zero is never.
fn every(text: &str) -> anyhow::Result<Duration> {
    let fits = |seconds: &u64| *seconds == 0 || EVERY_SECONDS.contains(seconds);
    let seconds = text.parse().ok().filter(fits);
    let (least, most) = (EVERY_SECONDS.start(), EVERY_SECONDS.end());
    seconds.map(Duration::from_secs).with_context(|| {
        format!("write a number of seconds from {least} to {most}, or 0 for never")
    })
}

fn window(text: &str) -> anyhow::Result<Duration> {
    let seconds = text.parse().ok().filter(|seconds| (1..=WINDOW_SECONDS_MAX).contains(seconds));
    seconds
        .map(Duration::from_secs)
        .with_context(|| format!("write a number of seconds from 1 to {WINDOW_SECONDS_MAX}"))
}

/// None: it is never told.
fn silence(text: &str) -> anyhow::Result<Option<Duration>> {
    let seconds: Option<u64> = text.parse().ok().filter(|s| *s <= SILENCE_SECONDS_MAX);
    let seconds = seconds.with_context(|| {
        format!("write a number of seconds up to {SILENCE_SECONDS_MAX}, or 0 for no alarm")
    })?;
    Ok(Some(Duration::from_secs(seconds)).filter(|silence| !silence.is_zero()))
}

/// `tl_test_…` or `tl_live_…`, of the ledger's own mode and too long to be guessed.
fn api_key(text: &str, mode: Option<Mode>) -> anyhow::Result<()> {
    let (of, body) =
        keyed(text, "tl_").context("an access key begins with tl_test_ or tl_live_")?;
    anyhow::ensure!(
        body.len() >= API_KEY_CHARS_MIN && body.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "after its prefix an access key has at least {API_KEY_CHARS_MIN} letters and digits, and \
         nothing else: make it at random"
    );
    agree(of, mode)
}

fn smartpay_key(text: &str, mode: Option<Mode>) -> anyhow::Result<SecretKey> {
    let key = SecretKey::parse(text)?;
    agree(key.mode(), mode)?;
    Ok(key)
}

fn keyed<'a>(text: &'a str, prefix: &str) -> Option<(Mode, &'a str)> {
    let (word, body) = text.strip_prefix(prefix)?.split_once('_')?;
    Some((word.parse().ok()?, body))
}

fn agree(of: Mode, mode: Option<Mode>) -> anyhow::Result<()> {
    match mode {
        Some(mode) if mode != of => anyhow::bail!(
            "this is a key of {of} mode, and TOKENLEDGER_MODE is {mode}: test and live never share \
             a ledger; use the {mode} key"
        ),
        Some(_) | None => Ok(()),
    }
}

/// How the outside reaches a service. A `dev` has no TLS.
pub(crate) fn public_address(text: &str, of_dev: bool) -> anyhow::Result<()> {
    web_address(text, if of_dev { &["https://", "http://"] } else { &["https://"] })
}

fn web_address(text: &str, schemes: &[&str]) -> anyhow::Result<()> {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    let fits = host.is_some_and(|host| !host.is_empty() && !host.contains(['@', ' ']));
    anyhow::ensure!(fits, "write an address that begins with {}", schemes.join(" or "));
    Ok(())
}
