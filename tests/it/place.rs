//! The binary in a directory of its own, with an environment of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A directory to run the binary in, and the environment it sees: nothing else.
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) environment: Vec<(String, String)>,
}

pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().unwrap(), environment: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((format!("TOKENLEDGER_{name}"), value.to_owned()));
        self
    }

    pub(crate) fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = Command::new(env!("CARGO_BIN_EXE_tokenledger"))
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        Outcome {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Value and source of one setting.
    pub(crate) fn shown(&self, name: &str) -> (Value, String) {
        let outcome = self.run(&["config", "show", "--json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let document: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let settings = document.get("data").unwrap().as_array().unwrap();
        let setting = settings.iter().find(|setting| setting.get("name").unwrap() == name).unwrap();
        let source = setting.get("source").unwrap().as_str().unwrap();
        (setting.get("value").unwrap().clone(), source.to_owned())
    }

    /// What is said about a configuration that is refused, as a usage error.
    pub(crate) fn refused(&self) -> String {
        let outcome = self.run(&["config", "show"]);
        assert_eq!(outcome.code, 2, "{}{}", outcome.stdout, outcome.stderr);
        outcome.stderr
    }
}
