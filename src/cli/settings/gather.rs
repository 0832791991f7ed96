//! Where settings come from: environment, then file, then default.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use secrecy::SecretString;

use crate::cli::settings::names;
use crate::cli::settings::names::NAMES;
use crate::cli::settings::names::Name;

/// Anything longer is no configuration.
const FILE_BYTES_MAX: u64 = 256 * 1024;
const READABLE_BY_ALL: u32 = 0o004;

/// The settings as texts, each with its source.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub settings: BTreeMap<&'static str, Raw>,
    pub warnings: Vec<String>,
    /// They are those of a `dev`.
    pub of_dev: bool,
    /// The pretend Smartpay of that `dev`.
    pub sandbox_url: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Raw {
    pub text: SecretString,
    pub source: Source,
}

#[derive(Debug)]
pub(crate) enum Source {
    Default,
    Environment,
    File(PathBuf),
    /// The file that holds this secret alone.
    Named(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) | Self::Named(path) => write!(f, "file {}", path.display()),
        }
    }
}

impl Gathered {
    pub(crate) fn set(&mut self, key: &'static str, text: impl Into<SecretString>, source: Source) {
        self.settings.insert(key, Raw { text: text.into(), source });
    }

    pub(crate) fn set_defaults(&mut self) {
        for Name { key, default, .. } in NAMES {
            if let (Some(default), false) = (default, self.settings.contains_key(key)) {
                self.set(key, *default, Source::Default);
            }
        }
    }

    /// A secret from a file of its own, without the newline that editors add.
    pub(crate) fn set_from_file(&mut self, key: &'static str, path: &Path) -> anyhow::Result<()> {
        let mut text = self.read(path, "it holds a secret")?;
        if text.ends_with('\n') {
            text.pop();
        }
        self.set(key, text, Source::Named(path.to_owned()));
        Ok(())
    }

    /// A file's text. Warns when everybody may read it.
    pub(crate) fn read(&mut self, path: &Path, holds: &str) -> anyhow::Result<String> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| {
            let mode = file.metadata()?.permissions().mode();
            file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
            Ok(mode)
        });
        let mode = read.with_context(|| format!("reading {}", path.display()))?;
        if mode & READABLE_BY_ALL != 0 && !holds.is_empty() {
            let path = path.display();
            self.warnings.push(format!(
                "everybody on this machine may read {path}, and {holds}: chmod 600 {path}"
            ));
        }
        Ok(text)
    }
}

/// What environment and file say together. Both arguments are texts under the file's names; the
/// file may come with a directory that its relative paths start from.
pub(crate) fn merge(
    environment: &BTreeMap<String, String>,
    file: Option<(&Path, &str)>,
) -> anyhow::Result<Gathered> {
    names::refuse_unknown(environment.keys(), names::variable)?;
    let mut gathered = Gathered::default();
    if let Some((path, text)) = file {
        let mut values = parse_file(text).with_context(|| format!("reading {}", path.display()))?;
        names::refuse_unknown(values.keys(), str::to_owned)
            .with_context(|| format!("reading {}", path.display()))?;
        // A file that the environment overrules need not exist.
        values.retain(|key, _| {
            let key = key.strip_suffix("_file").unwrap_or(key);
            !environment.contains_key(key) && !environment.contains_key(&format!("{key}_file"))
        });
        let directory = path.parent().unwrap_or(Path::new(""));
        let source = || Source::File(path.to_owned());
        take(&mut gathered, &values, directory, (source, str::to_owned))?;
    }
    take(&mut gathered, environment, Path::new(""), (|| Source::Environment, names::variable))?;
    gathered.set_defaults();
    Ok(gathered)
}

/// Takes what one place says; what is there already gives way.
fn take(
    gathered: &mut Gathered,
    values: &BTreeMap<String, String>,
    directory: &Path,
    (source, shown): (impl Fn() -> Source, impl Fn(&str) -> String),
) -> anyhow::Result<()> {
    for Name { key, secret, .. } in NAMES {
        let named = format!("{key}_file");
        let path = values.get(&named).filter(|_| *secret);
        match (values.get(*key), path) {
            (Some(_), Some(_)) => anyhow::bail!(
                "{} and {} are both set: remove one of them",
                shown(key),
                shown(&named)
            ),
            (Some(text), None) => gathered.set(key, text.as_str(), source()),
            (None, Some(path)) => {
                let path = directory.join(path);
                gathered.set_from_file(key, &path).with_context(|| shown(&named))?;
            }
            (None, None) => {}
        }
    }
    Ok(())
}

/// The file's values as texts. Errors name the line and never repeat it: it may hold a secret.
fn parse_file(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
        anyhow::anyhow!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })?;
    table.into_iter().map(|(key, value)| as_text(&key, value).map(|text| (key, text))).collect()
}

fn as_text(key: &str, value: toml::Value) -> anyhow::Result<String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Array(items) => {
            let items: anyhow::Result<Vec<String>> =
                items.into_iter().map(|item| as_text(key, item)).collect();
            Ok(items?.join(","))
        }
        toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_)
        | toml::Value::Table(_) => {
            anyhow::bail!("{key} must be a text, a number or a list of texts")
        }
    }
}
