//! The configuration: every setting typed and checked, secrets as types that do not print.

/// The closed list of names.
pub(crate) mod names;
/// Sources and their order.
pub(crate) mod gather;
/// A running `dev`.
mod data;
/// Endpoints and their secrets.
pub(crate) mod webhooks;
/// From texts to types.
mod parse;

pub(crate) use crate::cli::settings::gather::Gathered;
pub(crate) use crate::cli::settings::webhooks::Endpoint;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use secrecy::SecretString;

use tokenledger::clock::Clock;
use tokenledger::database::Hosts;
use tokenledger::database::LedgerName;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::client::ApiUrl;
use tokenledger::smartpay::client::Client;
use tokenledger::smartpay::client::Limits;
use tokenledger::smartpay::client::SecretKey;
use tokenledger::vault::MasterKey;
use tokenledger::webhooks::Endpoints;

use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::options::SharedOptions;

/// Read when it is there and no other is named.
const DEFAULT_FILE: &str = "tokenledger.toml";
const URL_BYTES_MAX: usize = 2_048;

/// What a command works with. What not every command needs may be missing; the functions of the
/// same name refuse that with what to do.
#[derive(Debug)]
pub(crate) struct Settings {
    pub database_url: Option<SecretString>,
    pub database_owner_url: Option<SecretString>,
    pub ledger: LedgerName,
    pub mode: Option<Mode>,
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    pub return_hosts: Vec<String>,
    pub smartpay_api_url: ApiUrl,
    pub smartpay_secret_key: Option<SecretKey>,
    /// How often everything is compared with Smartpay; none: never by itself.
    pub reconcile_every: Option<Duration>,
    /// The pretend Smartpay of a `dev`.
    pub sandbox_url: Option<String>,
    pub api_key: Option<SecretString>,
    pub master_key: Option<MasterKey>,
    pub webhooks: Vec<Endpoint>,
    pub webhook_window: Duration,
    /// After how long without a webhook that is told.
    pub webhook_silence: Option<Duration>,
    of_dev: bool,
    pub log: Option<String>,
    /// Where traces go.
    pub otlp_endpoint: Option<String>,
    /// One in so many requests is traced.
    pub otlp_sample: NonZeroU32,
}

/// Collects the settings: those of the `dev` in `--data`, else those of environment and file.
pub(crate) fn gather(shared: &SharedOptions) -> Result<Gathered, Exit> {
    gather_from(shared).map_err(Exit::Usage)
}

/// The filter for the logs when nothing else is configured from outside (`dev`).
pub(crate) fn log_of_environment() -> Result<Option<String>, Exit> {
    let environment = environment::variables().map_err(Exit::Usage)?;
    names::refuse_unknown(environment.keys(), names::variable).map_err(Exit::Usage)?;
    Ok(environment.get("log").cloned())
}

fn gather_from(shared: &SharedOptions) -> anyhow::Result<Gathered> {
    let environment = environment::variables()?;
    if let Some(directory) = &shared.data {
        names::refuse_unknown(environment.keys(), names::variable)?;
        anyhow::ensure!(
            shared.config.is_none(),
            "--config and --data (or TOKENLEDGER_DATA) are both given: a command works on a `dev` \
             or from a configuration, give one of them"
        );
        let mut gathered = data::gather(directory)?;
        if let Some(log) = environment.get("log") {
            gathered.set("log", log.as_str(), gather::Source::Environment);
        }
        return Ok(gathered);
    }
    let default = Path::new(DEFAULT_FILE);
    let path = shared.config.as_deref().or_else(|| default.exists().then_some(default));
    let Some(path) = path else { return gather::merge(&environment, None) };
    let mut reader = Gathered::default();
    let text = reader.read(path, "it may hold secrets")?;
    let mut gathered = gather::merge(&environment, Some((path, &text)))?;
    if gathered.holds_secret_of(path) {
        gathered.warnings.append(&mut reader.warnings);
    }
    Ok(gathered)
}

impl Settings {
    pub(crate) fn parse(gathered: &Gathered) -> Result<Self, Exit> {
        parse::parse(gathered).map_err(Exit::Usage)
    }

    pub(crate) fn database_url(&self) -> Result<&SecretString, Exit> {
        required(
            self.database_url.as_ref(),
            "database_url",
            "postgres://tokenledger_service@HOST/DATABASE",
        )
    }

    /// Where this ledger's database may be, as the service role.
    pub(crate) fn database_hosts(&self) -> Result<Hosts, Exit> {
        self.hosts(self.database_url()?, "database_url")
    }

    /// The same, as the owner role.
    pub(crate) fn database_owner_hosts(&self) -> Result<Hosts, Exit> {
        let url = required(
            self.database_owner_url.as_ref(),
            "database_owner_url",
            "postgres://tokenledger_owner@HOST/DATABASE",
        )?;
        self.hosts(url, "database_owner_url")
    }

    fn hosts(&self, url: &SecretString, key: &str) -> Result<Hosts, Exit> {
        let hosts = Hosts::parse(url.expose_secret(), &self.ledger);
        hosts.map_err(|error| Exit::usage(format!("{}: {error}", names::variable(key))))
    }

    pub(crate) fn mode(&self) -> Result<Mode, Exit> {
        required(self.mode, "mode", "test or live, whichever the Smartpay account's keys are for")
    }

    pub(crate) fn api_key(&self) -> Result<&SecretString, Exit> {
        required(
            self.api_key.as_ref(),
            "api_key",
            "tl_test_ or tl_live_ and at least 32 random letters and digits",
        )
    }

    pub(crate) fn master_key(&self) -> Result<&MasterKey, Exit> {
        required(self.master_key.as_ref(), "master_key", "the key that opens this ledger's vault")
    }

    /// Calls Smartpay with the configured key.
    pub(crate) fn smartpay(&self, clock: &Clock) -> Result<Client, Exit> {
        let what = "the secret key of the Smartpay account, sk_test_ or sk_live_";
        let key = required(self.smartpay_secret_key.as_ref(), "smartpay_secret_key", what)?;
        let url = self.smartpay_api_url.clone();
        let client = Client::new(url, key.clone(), clock.clone(), Limits::STANDARD);
        Ok(client.context("preparing the calls to Smartpay")?)
    }

    /// Without a slash at its end.
    pub(crate) fn public_url(&self) -> Result<&str, Exit> {
        let what = "the address at which Smartpay and shoppers reach this service, https://…";
        Ok(required(self.public_url.as_deref(), "public_url", what)?.trim_end_matches('/'))
    }

    /// What Smartpay is to send webhooks to.
    pub(crate) fn check_webhook_url(&self, url: &str) -> Result<(), Exit> {
        let odd = url.len() > URL_BYTES_MAX || url.contains(|c: char| c.is_control() || c == ' ');
        if odd {
            return Err(Exit::usage(format!(
                "--url: write an address of at most {URL_BYTES_MAX} bytes without spaces"
            )));
        }
        let checked = parse::public_address(url, self.of_dev);
        checked.map_err(|error| Exit::Usage(error.context("--url")))
    }

    /// The configured webhook endpoints, which may be none.
    pub(crate) fn endpoints(&self) -> Endpoints {
        let mut endpoints = Endpoints::default();
        for webhook in &self.webhooks {
            for key in &webhook.keys {
                endpoints.add(&webhook.name, key.secret.clone(), key.subscription_id.clone());
            }
        }
        endpoints
    }

    pub(crate) fn webhooks(&self) -> Result<&[Endpoint], Exit> {
        let given = Some(self.webhooks.as_slice()).filter(|webhooks| !webhooks.is_empty());
        required(given, "webhook_secrets", "`signingSecret` of the webhook endpoint at Smartpay")
    }
}

fn required<T>(value: Option<T>, key: &str, what: &str) -> Result<T, Exit> {
    value.ok_or_else(|| {
        let variable = names::variable(key);
        let secret = names::NAMES.iter().any(|name| name.key == key && name.secret);
        let file =
            if secret { format!(" or name its file by {variable}_FILE") } else { String::new() };
        Exit::usage(format!("{variable} is not set: set it to {what}{file}"))
    })
}
