//! A real haproxy with the configuration that the guide gives.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

use crate::running::free_port;

const GUIDE: &str = "docs/production.md";
/// Where distributions put it, which the path of a plain user may leave out.
const PROGRAMS: [&str; 3] = ["haproxy", "/usr/sbin/haproxy", "/usr/local/sbin/haproxy"];

pub(crate) struct Haproxy {
    child: Child,
    pub(crate) port: u16,
    _directory: TempDir,
}

impl Haproxy {
    /// Before these two services; none where it is not installed.
    pub(crate) fn start(services: [u16; 2]) -> Option<Self> {
        let program = PROGRAMS.into_iter().find(|program| {
            Command::new(program).arg("-v").stdout(Stdio::null()).status().is_ok()
        })?;
        let port = free_port();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("haproxy.cfg");
        fs::write(&file, configuration(port, services)).unwrap();
        let mut child = Command::new(program);
        child.arg("-db").arg("-f").arg(&file);
        child.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = child.spawn().unwrap();
        Some(Self { child, port, _directory: directory })
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// What the guide says, with nothing but the addresses of this machine instead of its examples.
fn configuration(port: u16, services: [u16; 2]) -> String {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(GUIDE)).unwrap();
    let (_, after) = guide.split_once("```haproxy\n").unwrap();
    let (configuration, _) = after.split_once("```").unwrap();
    let [one, two] = services.map(|service| format!("127.0.0.1:{service}"));
    let here = [
        (":443 ssl crt /etc/haproxy/ledger.example.com.pem", format!("127.0.0.1:{port}")),
        ("10.0.0.11:8787", one),
        ("10.0.0.12:8787", two),
    ];
    here.iter().fold(configuration.to_owned(), |text, (example, address)| {
        assert!(text.contains(example), "{GUIDE} does not say {example}");
        text.replace(example, address)
    })
}
