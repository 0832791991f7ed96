//! The data directory: one `dev` at a time, its keys, and `dev.json` for those who drive it.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde::Serialize;

use tokenledger::vault::MasterKey;

use crate::cli::dev::ENDPOINT;
use crate::cli::dev::LEDGER;
use crate::cli::exit::Exit;

/// An open data directory. The lock goes with the process, also when it is killed.
pub(super) struct Home {
    pub directory: PathBuf,
    pub secrets: Secrets,
    _lock: File,
}

/// What `dev` makes once and keeps.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Secrets {
    pub api_key: String,
    pub smartpay_secret_key: String,
    pub webhook_secret: String,
    pub webhook_subscription_id: String,
}

/// Where the parts of a `dev` are reached.
#[derive(Clone, Copy)]
pub(super) struct Urls<'a> {
    pub service: &'a str,
    pub sandbox: &'a str,
    pub database: &'a str,
    pub database_owner: &'a str,
}

/// `dev.json`: how scripts, tests and other subcommands reach the `dev` running here.
#[derive(Serialize)]
struct DevJson<'a> {
    url: &'a str,
    sandbox_url: &'a str,
    database_url: &'a str,
    database_owner_url: &'a str,
    api_key: &'a str,
    smartpay_secret_key: &'a str,
    webhook_endpoint: &'a str,
    webhook_secret: &'a str,
    webhook_subscription_id: &'a str,
    master_key_file: PathBuf,
    ledger: &'a str,
    mode: &'a str,
}

impl Home {
    /// Makes or opens the directory, and holds it. Root's PostgreSQL runs as another user, who must
    /// pass through it; all that is secret inside can be read by its owner only.
    pub(super) fn open(directory: &Path) -> Result<Self, Exit> {
        let shown = directory.display();
        fs::DirBuilder::new().recursive(true).mode(0o711).create(directory).map_err(|error| {
            Exit::usage(format!("cannot make {shown} ({error}): give another --data"))
        })?;
        let directory = directory.canonicalize().context("finding the data directory")?;
        let lock = hold(&directory)?;
        let kept = read_secrets(&directory.join("dev.json"))?;
        let secrets = kept.unwrap_or_else(Secrets::random);
        Ok(Self { directory, secrets, _lock: lock })
    }

    /// The key that opens the vault, made when there is none yet.
    pub(super) fn master_key(&self) -> anyhow::Result<MasterKey> {
        let path = self.master_key_file();
        match fs::read_to_string(&path) {
            Ok(text) => MasterKey::parse(text.trim_end_matches('\n'))
                .with_context(|| format!("the master key in {}", path.display())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = MasterKey::generate();
                write_private(&path, key.to_text().expose_secret())?;
                Ok(key)
            }
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    pub(super) fn write(&self, urls: &Urls<'_>) -> anyhow::Result<()> {
        let json = DevJson {
            url: urls.service,
            sandbox_url: urls.sandbox,
            database_url: urls.database,
            database_owner_url: urls.database_owner,
            api_key: &self.secrets.api_key,
            smartpay_secret_key: &self.secrets.smartpay_secret_key,
            webhook_endpoint: ENDPOINT,
            webhook_secret: &self.secrets.webhook_secret,
            webhook_subscription_id: &self.secrets.webhook_subscription_id,
            master_key_file: self.master_key_file(),
            ledger: LEDGER,
            mode: "test",
        };
        let text = serde_json::to_string_pretty(&json).context("writing dev.json")?;
        write_private(&self.directory.join("dev.json"), &format!("{text}\n"))
    }

    fn master_key_file(&self) -> PathBuf {
        self.directory.join("master.key")
    }
}

impl Secrets {
    fn random() -> Self {
        Self {
            api_key: format!("tl_test_{}", base62(40)),
            smartpay_secret_key: format!("sk_test_{}", base62(32)),
            // A leading `A` is where Smartpay's own libraries disagree.
            webhook_secret: format!("s{}", base62(39)),
            webhook_subscription_id: format!("webhookendpoint_test_{}", base62(22)),
        }
    }
}

/// Takes the directory's lock, or says who has it.
fn hold(directory: &Path) -> Result<File, Exit> {
    let path = directory.join("dev.lock");
    let mut lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    if lock.try_lock().is_err() {
        let mut holder = String::new();
        lock.read_to_string(&mut holder).context("reading who holds the lock")?;
        return Err(Exit::usage(format!(
            "another `dev` (process {}) runs on {}: stop it, or give another --data",
            holder.trim(),
            directory.display(),
        )));
    }
    lock.set_len(0).context("writing the lock")?;
    writeln!(lock, "{}", std::process::id()).context("writing the lock")?;
    Ok(lock)
}

fn read_secrets(path: &Path) -> Result<Option<Secrets>, Exit> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(anyhow::Error::from(error).context("reading dev.json").into()),
    };
    let secrets = serde_json::from_str(&text).map_err(|_| {
        Exit::usage(format!("{} is damaged: remove it, and new keys are made", path.display()))
    })?;
    Ok(Some(secrets))
}

/// The whole text or the old one, readable by nobody else.
pub(super) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let next = path.with_extension("new");
    let writing = || {
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&next)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, path)
    };
    writing().with_context(|| format!("writing {}", path.display()))
}

fn base62(characters: usize) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut rng = rand::rng();
    let one =
        || char::from(*rand::seq::IndexedRandom::choose(&ALPHABET[..], &mut rng).expect("62"));
    std::iter::repeat_with(one).take(characters).collect()
}
